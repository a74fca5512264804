import '../styles/base.css';
import '../styles/room.css';

import { mount } from 'svelte';

import { speakAsAsked } from '../lib/language';
import { t } from '../lib/messages';
import Console from './Console.svelte';

speakAsAsked();
document.title = `Saqta · ${t('who.console')}`;
mount(Console, { target: document.body });

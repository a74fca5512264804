import '../styles/base.css';
import '../styles/room.css';

import { mount } from 'svelte';

import { speakAsAsked } from '../lib/language';
import { t } from '../lib/messages';
import Fraud from './Fraud.svelte';

speakAsAsked();
document.title = `Saqta · ${t('who.fraud')}`;
mount(Fraud, { target: document.body });

import '../styles/base.css';
import '../styles/room.css';

import { mount } from 'svelte';

import Console from './Console.svelte';

mount(Console, { target: document.body });

import '../styles/base.css';
import '../styles/room.css';

import { mount } from 'svelte';

import Fraud from './Fraud.svelte';

mount(Fraud, { target: document.body });

import '../styles/base.css';

import { mount } from 'svelte';

import { keptTheme, wear } from '../lib/theme';
import SignIn from './SignIn.svelte';

wear(keptTheme());
mount(SignIn, { target: document.body, props: { link: new URLSearchParams(location.search).get('link') } });

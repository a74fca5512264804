import '../styles/base.css';

import { mount } from 'svelte';

import { speakAsAsked } from '../lib/language';
import { keptTheme, wear } from '../lib/theme';
import SignIn from './SignIn.svelte';

speakAsAsked();
wear(keptTheme());
mount(SignIn, { target: document.body, props: { link: new URLSearchParams(location.search).get('link') } });

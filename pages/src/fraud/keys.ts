/** What each key does at the analysts' desk. */

import type { Binding } from '../lib/keys';

export type Action =
  | 'next'
  | 'previous'
  | 'open'
  | 'back'
  | 'waiting'
  | 'counted'
  | 'lists'
  | 'rules'
  | 'confirm'
  | 'release'
  | 'call_back'
  | 'propose'
  | 'appeal'
  | 'reject'
  | 'uphold'
  | 'write'
  | 'try'
  | 'snooze'
  | 'send'
  | 'undo'
  | 'money'
  | 'theme'
  | 'help';

export const BINDINGS: readonly Binding<Action>[] = [
  { action: 'next', keys: ['j', 'ArrowDown'], label: 'keys.fraud_next', group: 'move' },
  { action: 'previous', keys: ['k', 'ArrowUp'], label: 'keys.fraud_previous', group: 'move' },
  { action: 'open', keys: ['Enter'], label: 'keys.open', group: 'move' },
  { action: 'back', keys: ['Escape'], label: 'keys.back', group: 'move' },
  { action: 'waiting', keys: ['1'], label: 'fraud.waiting', group: 'move' },
  { action: 'counted', keys: ['2'], label: 'fraud.counted', group: 'move' },
  { action: 'lists', keys: ['3'], label: 'fraud.lists', group: 'move' },
  { action: 'rules', keys: ['4'], label: 'fraud.rules', group: 'move' },
  { action: 'confirm', keys: ['c'], label: 'keys.confirm', group: 'act' },
  { action: 'release', keys: ['r'], label: 'keys.release', group: 'act' },
  { action: 'call_back', keys: ['b'], label: 'keys.call_back', group: 'act' },
  { action: 'propose', keys: ['p'], label: 'keys.propose', group: 'act' },
  { action: 'appeal', keys: ['e'], label: 'keys.appeal', group: 'act' },
  { action: 'reject', keys: ['x'], label: 'keys.reject', group: 'act' },
  { action: 'uphold', keys: ['u'], label: 'keys.uphold', group: 'act' },
  { action: 'write', keys: ['n'], label: 'keys.write', group: 'act' },
  { action: 'try', keys: ['t'], label: 'keys.try', group: 'act' },
  { action: 'snooze', keys: ['s'], label: 'keys.snooze', group: 'act' },
  { action: 'send', keys: ['Ctrl+Enter'], label: 'keys.send', group: 'act' },
  { action: 'undo', keys: ['z'], label: 'keys.undo', group: 'act' },
  { action: 'money', keys: ['m'], label: 'keys.money', group: 'look' },
  { action: 'theme', keys: ['l'], label: 'keys.theme', group: 'look' },
  { action: 'help', keys: ['?'], label: 'keys.help', group: 'look' },
];

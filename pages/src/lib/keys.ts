/**
 * What each key does; the page and its list of keys read the same table.
 *
 * Letters are meant by their place on the keyboard where the layout is not Latin, so that a room that writes Kazakh
 * or Russian has the same keys.
 */

import type { Key } from './messages';

export type Action =
  | 'next'
  | 'previous'
  | 'open'
  | 'assign'
  | 'others'
  | 'acknowledge'
  | 'note'
  | 'priority'
  | 'close'
  | 'reopen'
  | 'fixture'
  | 'accept_view'
  | 'undo'
  | 'clip'
  | 'city'
  | 'closed_tab'
  | 'theme'
  | 'find'
  | 'help'
  | 'back';

export interface Binding<Name extends string = string> {
  action: Name;
  keys: readonly string[];
  label: Key;
  group: 'move' | 'act' | 'look';
}

export const BINDINGS: readonly Binding<Action>[] = [
  { action: 'next', keys: ['j', 'ArrowDown'], label: 'keys.next', group: 'move' },
  { action: 'previous', keys: ['k', 'ArrowUp'], label: 'keys.previous', group: 'move' },
  { action: 'open', keys: ['Enter'], label: 'keys.open', group: 'move' },
  { action: 'back', keys: ['Escape'], label: 'keys.back', group: 'move' },
  { action: 'find', keys: ['Ctrl+k', '/'], label: 'keys.find', group: 'move' },
  { action: 'acknowledge', keys: ['c'], label: 'keys.acknowledge', group: 'act' },
  { action: 'assign', keys: ['a'], label: 'keys.assign', group: 'act' },
  { action: 'others', keys: ['o'], label: 'keys.others', group: 'act' },
  { action: 'note', keys: ['n'], label: 'keys.note', group: 'act' },
  { action: 'priority', keys: ['p'], label: 'keys.priority', group: 'act' },
  { action: 'close', keys: ['x'], label: 'keys.close', group: 'act' },
  { action: 'reopen', keys: ['r'], label: 'keys.reopen', group: 'act' },
  { action: 'fixture', keys: ['f'], label: 'keys.fixture', group: 'act' },
  { action: 'accept_view', keys: ['w'], label: 'keys.accept_view', group: 'act' },
  { action: 'undo', keys: ['z'], label: 'keys.undo', group: 'act' },
  { action: 'clip', keys: ['v'], label: 'keys.clip', group: 'look' },
  { action: 'city', keys: ['m'], label: 'keys.city', group: 'look' },
  { action: 'closed_tab', keys: ['h'], label: 'keys.closed_tab', group: 'look' },
  { action: 'theme', keys: ['l'], label: 'keys.theme', group: 'look' },
  { action: 'help', keys: ['?'], label: 'keys.help', group: 'look' },
];

export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** The name of a pressed key as the table writes it. */
export function keyName({ key, code, ctrlKey, metaKey }: KeyPress): string {
  const foreign = key.length === 1 && key.charCodeAt(0) > 127 && /^Key[A-Z]$/.test(code);
  const name = foreign ? code.slice(3).toLowerCase() : key.length === 1 ? key.toLowerCase() : key;
  return ctrlKey || metaKey ? `Ctrl+${name}` : name;
}

export function actionOf<Name extends string>(press: KeyPress, bindings: readonly Binding<Name>[]): Name | null {
  if (press.altKey) return null;
  const name = keyName(press);
  return bindings.find(({ keys }) => keys.includes(name))?.action ?? null;
}

import { expect, test } from 'vitest';

import { actionOf as actionAmong, BINDINGS, type KeyPress } from './keys';

const actionOf = (pressed: KeyPress) => actionAmong(pressed, BINDINGS);
const press = (over: Partial<KeyPress>): KeyPress => ({
  key: '',
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...over,
});

test('no key means two things', () => {
  const keys = BINDINGS.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a letter means the same in capitals and on a Kazakh or Russian layout', () => {
  expect(actionOf(press({ key: 'a', code: 'KeyA' }))).toBe('assign');
  expect(actionOf(press({ key: 'A', code: 'KeyA' }))).toBe('assign');
  expect(actionOf(press({ key: 'ф', code: 'KeyA' }))).toBe('assign');
});

test('a Latin layout of another order keeps its letters', () => {
  expect(actionOf(press({ key: 'a', code: 'KeyQ' }))).toBe('assign');
});

test('Control and Command find, and are not the bare letter', () => {
  expect(actionOf(press({ key: 'k', code: 'KeyK', ctrlKey: true }))).toBe('find');
  expect(actionOf(press({ key: 'k', code: 'KeyK', metaKey: true }))).toBe('find');
  expect(actionOf(press({ key: 'k', code: 'KeyK' }))).toBe('previous');
  expect(actionOf(press({ key: 'a', code: 'KeyA', ctrlKey: true }))).toBeNull();
  expect(actionOf(press({ key: 'a', code: 'KeyA', altKey: true }))).toBeNull();
});

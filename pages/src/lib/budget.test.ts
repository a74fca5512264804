import { expect, test } from 'vitest';

import { load, WINDOW_MS } from './budget';
import { AT, incident, iso } from './samples';

const opened = (count: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`i${index}`, incident({ id: `i${index}`, opened: iso(0) })]));

test.each([
  [0, 'calm'],
  [1, 'calm'],
  [2, 'manageable'],
  [3, 'busy'],
  [10, 'busy'],
  [11, 'flood'],
])('%i in ten minutes is %s', (count, level) => expect(load(opened(count), AT)).toEqual({ opened: count, level }));

test('what is older than ten minutes no longer counts', () => {
  expect(load(opened(3), AT + WINDOW_MS - 1).opened).toBe(3);
  expect(load(opened(3), AT + WINDOW_MS).opened).toBe(0);
});

test('closed incidents asked for attention all the same', () => {
  expect(load(new Map([['i1', incident({ state: 'closed' })]]), AT).opened).toBe(1);
});

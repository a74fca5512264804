import { expect, test } from 'vitest';

import { age, clock, moment, Offset } from './time';

test.each([
  [-5, '00:00'],
  [42_999, '00:42'],
  [190_000, '03:10'],
  [3_599_999, '59:59'],
  [3_729_000, '1:02:09'],
  [86_399_000, '23:59:59'],
  [273_600_000, '3 d 04 h'],
])('%i ms is written %s', (ms, text) => expect(age(ms)).toBe(text));

test('a clock in UTC', () => expect(clock(Date.parse('2026-03-01T08:04:09Z'), 'utc')).toBe('08:04:09'));

test('no text is no moment', () => {
  expect(moment(null)).toBeNull();
  expect(moment('1970-01-01T00:00:01Z')).toBe(1000);
});

test('the way here does not count as a difference of clocks', () => {
  const offset = new Offset();
  for (const lateMs of [80, 20, 300]) offset.heard('1970-01-01T00:01:00.000Z', 55_000 + lateMs);
  expect(offset.ms).toBe(4980);
});

test('a clock that is set is followed after a few messages', () => {
  const offset = new Offset();
  offset.heard('1970-01-01T00:01:00Z', 0);
  for (let count = 0; count < Offset.SAMPLES; count += 1) offset.heard('1970-01-01T00:00:10Z', 0);
  expect(offset.ms).toBe(10_000);
});

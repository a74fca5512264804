import { expect, test } from 'vitest';

import { find, FOUND_MAX, type Entry } from './finder';

const entry = (id: string, label: string, hint = ''): Entry => ({ id, group: 'unit', label, hint });
const entries = [
  entry('i1', 'P1 Intrusion at the station', 'new'),
  entry('U1', 'Unit 1', 'on scene'),
  entry('C1', 'Вокзал, қақпа', 'live'),
  entry('C2', 'Station gate', 'lost'),
];
const found = (query: string) =>
  find(entries, query)
    .map(({ id }) => id)
    .join(' ');

test('holds every word, what begins with the first one first', () => {
  expect(found('station')).toBe('C2 i1');
  expect(found('station new')).toBe('i1');
  expect(found('UNIT 1')).toBe('U1');
});

test('finds by id, by hint, and in Cyrillic', () => {
  expect(found('c2')).toBe('C2');
  expect(found('scene')).toBe('U1');
  expect(found('ҚАҚПА')).toBe('C1');
});

test('finds everything without words, and nothing where nothing fits', () => {
  expect(found(' ')).toBe('i1 U1 C1 C2');
  expect(found('nowhere')).toBe('');
});

test('shows at most a handful', () => {
  const many = Array.from({ length: FOUND_MAX + 5 }, (_, index) => entry(`U${index}`, `Unit ${index}`));
  expect(find(many, 'unit')).toHaveLength(FOUND_MAX);
});

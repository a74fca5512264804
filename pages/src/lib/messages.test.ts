import { describe, expect, test } from 'vitest';

import en from '../messages/en.json';
import kk from '../messages/kk.json';
import ru from '../messages/ru.json';
import { distanceWords, durationWords, speak, t, term } from './messages';

const sources = import.meta.glob('../**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });
const code = Object.entries(sources)
  .filter(([path]) => !path.endsWith('.test.ts'))
  .map(([, text]) => text as string)
  .join('\n');

/** Keys written out, and families of keys whose last part is worked out: ``t(`state.${…}`)``, ``term('kind', …)``. */
const KEY = /['"]([a-z_]+\.[a-z_0-9]+)['"]/g;
const FAMILY = /`([a-z_]+\.[a-z_]*)\$\{/g;
const TERM = /term\('([a-z]+)'/g;

const written = new Set([...code.matchAll(KEY)].map(([, key]) => key!));
const families = [
  ...[...code.matchAll(FAMILY)].map(([, head]) => head!),
  ...[...code.matchAll(TERM)].map(([, head]) => `${head}.`),
];

test('every message is used', () => {
  const plain = new Set([...code.matchAll(/\bt\('([a-z_]+)'/g)].map(([, key]) => key!));
  const unused = Object.keys(en).filter(
    (key) => !written.has(key) && !plain.has(key) && !families.some((head) => key.startsWith(head)),
  );
  expect(unused).toEqual([]);
});

test('every key in the code has its message', () => {
  const used = [...code.matchAll(/\bt\('([a-z_.0-9]+)'/g)].map(([, key]) => key!);
  expect(used.length).toBeGreaterThan(50);
  expect(used.filter((key) => !(key in en))).toEqual([]);
});

test('every family that the code works out has messages', () => {
  expect(families.filter((head) => !Object.keys(en).some((key) => key.startsWith(head)))).toEqual([]);
});

const placesOf = (entry: string | Record<string, string>) =>
  [...new Set(JSON.stringify(entry).match(/\{\w+\}/g))].sort().join(' ');
const formsOf = (entry: string | Record<string, string>) => (typeof entry === 'string' ? [] : Object.keys(entry));

describe.each([
  ['kk', kk],
  ['ru', ru],
])('the catalogue in %s', (_, catalogue: Record<string, string | Record<string, string>>) => {
  const keys = Object.keys(en) as (keyof typeof en)[];

  test('has every key of the English one, in its order, and no other', () =>
    expect(Object.keys(catalogue)).toEqual(keys));

  test('fills in the same values', () =>
    expect(keys.filter((key) => placesOf(catalogue[key]!) !== placesOf(en[key]))).toEqual([]));

  test('has plural forms where the English one has them', () =>
    expect(keys.filter((key) => formsOf(en[key]).includes('other') !== formsOf(catalogue[key]!).includes('other'))).toEqual(
      [],
    ));
});

test('a count chooses among the forms of the language that is spoken', () => {
  speak('ru');
  const said = [1, 3, 12].map((count) => t('unseen.units', { count }));
  speak('en');
  expect(said).toEqual(['1 экипаж молчит', '3 экипажа молчат', '12 экипажей молчат']);
});

test('values are filled in and the count chooses the form', () => {
  expect(t('unseen.cameras', { count: 1 })).toBe('1 camera lost');
  expect(t('unseen.cameras', { count: 12 })).toBe('12 cameras lost');
  expect(t('late', { age: '00:12' })).toBe('late 00:12');
});

test('a value that looks like a place to fill stays as it is', () => {
  expect(t('done.acknowledged', { title: '{unit} $& left' })).toBe('Acknowledged: {unit} $& left.');
});

test('a term that this page does not know is shown by its own name', () => {
  expect(term('kind', 'abandoned_object')).toBe('Object left behind');
  expect(term('kind', 'gas_leak')).toBe('gas leak');
});

test.each([
  [49.6, '50 s'],
  [60, '1 min'],
  [220, '3 min 40 s'],
  [3900, '1 h 5 min'],
  [43_200, '12 h'],
])('%d s in words', (s, words) => expect(durationWords(s)).toBe(words));

test.each([
  [849, '850 m'],
  [2440, '2.4 km'],
])('%d m in words', (m, words) => expect(distanceWords(m)).toBe(words));

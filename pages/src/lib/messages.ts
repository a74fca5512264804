/** The page's words, from one catalogue a language; every catalogue has the keys of the English one. */

import en from '../messages/en.json';

type Catalogue = typeof en;
export type Key = keyof Catalogue;
export type Values = Record<string, string | number>;

export const LANGUAGE = 'en';
const plural = new Intl.PluralRules(LANGUAGE);

/** The text under ``key``; ``{name}`` is filled from ``values``, and ``count`` chooses among plural forms. */
export function t(key: Key, values: Values = {}): string {
  const entry: string | Record<string, string> = en[key];
  const text = typeof entry === 'string' ? entry : (entry[plural.select(Number(values.count))] ?? entry.other!);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The word for a term that may be newer than this page; its own name, readable, where there is none. */
export function term(family: 'kind' | 'role', name: string): string {
  const key = `${family}.${name}`;
  return key in en ? t(key as Key) : name.replaceAll('_', ' ');
}

/** ``3 min 40 s``, ``50 s``, ``1 h 5 min``: a duration in words. */
export function durationWords(durationS: number): string {
  const s = Math.round(durationS);
  if (s < 60) return t('duration.s', { s });
  if (s < 3600)
    return s % 60 ? t('duration.min_s', { min: Math.floor(s / 60), s: s % 60 }) : t('duration.min', { min: s / 60 });
  return t('duration.h_min', { h: Math.floor(s / 3600), min: Math.floor((s % 3600) / 60) });
}

/** ``850 m``, ``2.4 km``. */
export function distanceWords(distanceM: number): string {
  if (distanceM < 1000) return t('distance.m', { m: Math.round(distanceM / 10) * 10 });
  return t('distance.km', { km: (distanceM / 1000).toFixed(1) });
}

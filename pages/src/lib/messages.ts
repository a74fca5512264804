/** The page's words, from one catalogue a language; every catalogue has the keys of the English one. */

import en from '../messages/en.json';
import kk from '../messages/kk.json';
import ru from '../messages/ru.json';

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;
export const LANGUAGES = ['kk', 'ru', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const CATALOGUES: Record<Language, Record<Key, string | Record<string, string>>> = { kk, ru, en };

let spoken: Language = 'en';
let plural = new Intl.PluralRules(spoken);

/** Every text from now on is in this language. */
export function speak(language: Language): void {
  spoken = language;
  plural = new Intl.PluralRules(language);
}

/** The text under ``key``; ``{name}`` is filled from ``values``, and ``count`` chooses among plural forms. */
export function t(key: Key, values: Values = {}): string {
  const entry = CATALOGUES[spoken][key];
  const text = typeof entry === 'string' ? entry : (entry[plural.select(Number(values.count))] ?? entry.other!);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text under ``key`` as it stands in another language. */
export function textIn(language: Language, key: Key): string {
  return String(CATALOGUES[language][key]);
}

/** The word for a term that may be newer than this page; its own name, readable, where there is none. */
export function term(family: 'kind' | 'role', name: string): string {
  const key = `${family}.${name}`;
  return key in en ? t(key as Key) : name.replaceAll('_', ' ');
}

/** ``25 Nov``: a day of this year. */
export function dayWords(moment: Date): string {
  return moment.toLocaleDateString(spoken === 'en' ? 'en-GB' : spoken, { day: 'numeric', month: 'short' });
}

/** ``3 min 40 s``, ``50 s``, ``1 h 5 min``: a duration in words. */
export function durationWords(durationS: number): string {
  const s = Math.round(durationS);
  if (s < 60) return t('duration.s', { s });
  if (s < 3600)
    return s % 60 ? t('duration.min_s', { min: Math.floor(s / 60), s: s % 60 }) : t('duration.min', { min: s / 60 });
  const [h, min] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  return t(min ? 'duration.h_min' : 'duration.h', { h, min });
}

/** ``850 m``, ``2.4 km``. */
export function distanceWords(distanceM: number): string {
  if (distanceM < 1000) return t('distance.m', { m: Math.round(distanceM / 10) * 10 });
  return t('distance.km', { km: (distanceM / 1000).toFixed(1) });
}

/** The language of the pages: the one chosen in this browser, or the first of those that the browser asks for. */

import { LANGUAGES, speak, type Language } from './messages';

const KEPT = 'saqta-language';

/** English where none of the languages that are wished for has a catalogue. */
export function languageOf(kept: string | null, wished: readonly string[]): Language {
  const known = [kept ?? '', ...wished].map((tag) => tag.toLowerCase().split('-')[0]);
  return known.flatMap((tag) => LANGUAGES.filter((language) => language === tag))[0] ?? 'en';
}

export function language(): Language {
  return languageOf(localStorage.getItem(KEPT), navigator.languages);
}

/** Before anything is drawn. */
export function speakAsAsked(): void {
  speak(language());
  document.documentElement.lang = language();
}

/** Keeps the choice and draws the page again. */
export function choose(chosen: Language): void {
  localStorage.setItem(KEPT, chosen);
  location.reload();
}

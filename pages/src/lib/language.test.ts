import { expect, test } from 'vitest';

import { languageOf } from './language';

test.each([
  [null, ['kk-KZ', 'ru'], 'kk'],
  [null, ['de-DE', 'ru-KZ', 'en'], 'ru'],
  [null, ['de-DE'], 'en'],
  [null, [], 'en'],
  ['ru', ['kk-KZ'], 'ru'],
  ['xx', ['kk'], 'kk'],
])('kept %s, wished for %s: %s', (kept, wished, language) => expect(languageOf(kept, wished)).toBe(language));

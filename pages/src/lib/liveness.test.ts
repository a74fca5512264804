import { expect, test } from 'vitest';

import { STALE_MS } from './live';
import { liveness } from './liveness';

test('is live up to the last moment, and stale from then on', () => {
  expect(liveness(1000, null, 1000 + STALE_MS - 1)).toEqual({ state: 'live', silence_ms: STALE_MS - 1 });
  expect(liveness(1000, null, 1000 + STALE_MS)).toEqual({ state: 'stale', silence_ms: STALE_MS, retry_ms: null });
});

test('tells when the next try is due', () => {
  expect(liveness(0, 9000, 8000)).toEqual({ state: 'stale', silence_ms: 8000, retry_ms: 1000 });
  expect(liveness(0, 9000, 9500)).toEqual({ state: 'stale', silence_ms: 9500, retry_ms: 0 });
});

test('is not stale before anything was heard', () => {
  expect(liveness(null, null, 60_000)).toEqual({ state: 'connecting' });
  expect(liveness(null, 61_000, 60_000)).toEqual({ state: 'unreachable', retry_ms: 1000 });
});

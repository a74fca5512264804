import { expect, test, vi } from 'vitest';

import { settling } from './settling';

test('many wishes while it loads are one more load, and the last is never missed', async () => {
  vi.useFakeTimers();
  const load = vi.fn(() => Promise.resolve());
  const ask = settling(load, 500);
  void ask();
  for (let wish = 0; wish < 9; wish += 1) void ask();
  expect(load).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(600);
  expect(load).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(600);
  void ask();
  expect(load).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});

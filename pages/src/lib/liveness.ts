/** Whether what is on the screen may be called live. */

import { STALE_MS } from './live';

export type Liveness =
  | { state: 'connecting' }
  | { state: 'unreachable'; retry_ms: number }
  | { state: 'live'; silence_ms: number }
  | { state: 'stale'; silence_ms: number; retry_ms: number | null };

/** By the clock of this machine: when a message last came, and when the next try is due, where one is waiting. */
export function liveness(heardMs: number | null, retryAtMs: number | null, nowMs: number): Liveness {
  const retry_ms = retryAtMs === null ? null : Math.max(0, retryAtMs - nowMs);
  if (heardMs === null) return retry_ms === null ? { state: 'connecting' } : { state: 'unreachable', retry_ms };
  const silence_ms = Math.max(0, nowMs - heardMs);
  return silence_ms < STALE_MS ? { state: 'live', silence_ms } : { state: 'stale', silence_ms, retry_ms };
}

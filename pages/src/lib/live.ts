/**
 * Follows ``/live``: reads the stream, resumes with Last-Event-ID, comes back with back-off.
 *
 * A stream that is silent for SILENT_MS counts as broken, though its connection may still stand.
 */

import { eventParser } from './sse';
import type { Changes, Snapshot } from './tables';

export const STALE_MS = 5_000;
export const SILENT_MS = 10_000;
export const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

export type LiveMessage =
  ({ kind: 'snapshot' } & Snapshot) | ({ kind: 'changes' } & Changes) | { kind: 'heartbeat'; seq: number; at: string };

export interface Listener {
  message(message: LiveMessage): void;
  /** The stream broke; the next try comes by itself in ``retryMs``. */
  broken(retryMs: number): void;
  signedOut(): void;
}

export interface Follower {
  stop(): void;
  /** Tries again at once, where a try is waiting. */
  retry(): void;
}

export function follow(url: string, listener: Listener, fetcher: typeof fetch = fetch): Follower {
  let lastId: string | null = null;
  let failures = 0;
  let stopped = false;
  let wake = () => {};
  let connection = new AbortController();

  async function read(): Promise<void> {
    connection = new AbortController();
    const abort = () => connection.abort();
    let watchdog = setTimeout(abort, SILENT_MS);
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (lastId !== null) headers['Last-Event-ID'] = lastId;
      const response = await fetcher(url, { headers, cache: 'no-store', signal: connection.signal });
      if (response.status === 401) {
        stopped = true;
        listener.signedOut();
        return;
      }
      if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
      const feed = eventParser(({ id, event, data }) => {
        const known = event === 'snapshot' || event === 'changes' || event === 'heartbeat';
        if (known) listener.message({ ...JSON.parse(data), kind: event });
        if (id !== null) lastId = id;
        failures = 0;
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(watchdog);
        watchdog = setTimeout(abort, SILENT_MS);
        feed(piece.value);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await read().catch(() => connection.abort());
      if (stopped) return;
      const retryMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
      listener.broken(retryMs);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, retryMs);
      });
    }
  }

  void run();
  return {
    stop() {
      stopped = true;
      connection.abort();
    },
    retry: () => wake(),
  };
}

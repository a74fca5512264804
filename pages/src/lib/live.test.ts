import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { follow, RETRY_MS, SILENT_MS, type LiveMessage } from './live';

const encoder = new TextEncoder();
const SNAPSHOT = 'id: 7\nevent: snapshot\ndata: {"seq":7,"at":"2026-03-01T08:00:00Z","tables":{}}\n\n';

/** A server whose answers are given one after the other; streams end when their text is through, unless held open. */
function server(answers: (string | number | 'down')[], holdLast = true) {
  const asked: (string | null)[] = [];
  const fetcher = vi.fn(async (_url: unknown, init?: RequestInit) => {
    asked.push(new Headers(init?.headers).get('Last-Event-ID'));
    const answer = answers.shift();
    if (answer === undefined || answer === 'down') throw new TypeError('no line');
    if (typeof answer === 'number') return new Response(null, { status: answer });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encoder.encode(answer));
        init?.signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
        if (!holdLast || answers.length) controller.close();
      },
    });
    return new Response(body);
  });
  return { asked, fetcher: fetcher as unknown as typeof fetch };
}

function listener() {
  const messages: LiveMessage[] = [];
  const waits: number[] = [];
  const signedOut = vi.fn();
  return {
    messages,
    waits,
    signedOut,
    message: (message: LiveMessage) => void messages.push(message),
    broken: (retryMs: number) => void waits.push(retryMs),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('resumes after the newest id when the stream breaks', async () => {
  const { asked, fetcher } = server([SNAPSHOT, 'event: heartbeat\ndata: {"seq":7,"at":"2026-03-01T08:00:01Z"}\n\n']);
  const heard = listener();
  const follower = follow('/live', heard, fetcher);
  await vi.advanceTimersByTimeAsync(RETRY_MS[0] + 10);
  expect(asked).toEqual([null, '7']);
  expect(heard.messages.map(({ kind }) => kind)).toEqual(['snapshot', 'heartbeat']);
  follower.stop();
});

test('waits longer with every failure, and starts anew after a message', async () => {
  const { fetcher } = server(['down', 503, 'down', SNAPSHOT, 'down', SNAPSHOT]);
  const heard = listener();
  const follower = follow('/live', heard, fetcher);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(heard.waits).toEqual([500, 1000, 2000, 500, 1000]);
  follower.stop();
});

test('never waits longer than the longest', async () => {
  const { fetcher } = server([]);
  const heard = listener();
  const follower = follow('/live', heard, fetcher);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(heard.waits.slice(-3)).toEqual([8000, 8000, 8000]);
  follower.stop();
});

test('gives up a connection that stands but says nothing', async () => {
  const { asked, fetcher } = server([SNAPSHOT]);
  const heard = listener();
  const follower = follow('/live', heard, fetcher);
  await vi.advanceTimersByTimeAsync(SILENT_MS - 10);
  expect(heard.waits).toEqual([]);
  await vi.advanceTimersByTimeAsync(RETRY_MS[0] + 20);
  expect(asked).toEqual([null, '7']);
  follower.stop();
});

test('tries at once when it is asked to', async () => {
  const { asked, fetcher } = server(['down', SNAPSHOT]);
  const follower = follow('/live', listener(), fetcher);
  await vi.advanceTimersByTimeAsync(10);
  follower.retry();
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toHaveLength(2);
  follower.stop();
});

test('stops for good when the session is over', async () => {
  const { asked, fetcher } = server([401]);
  const heard = listener();
  follow('/live', heard, fetcher);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(heard.signedOut).toHaveBeenCalledOnce();
  expect(asked).toHaveLength(1);
});

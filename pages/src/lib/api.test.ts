import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Api, evidenceUrl, Problem } from './api';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Answer = [status: number, body: unknown] | 'down';

function server(...answers: Answer[]) {
  const requests: { path: string; headers: Headers; body: unknown }[] = [];
  const fetcher = async (path: unknown, init?: RequestInit) => {
    requests.push({ path: String(path), headers: new Headers(init?.headers), body: init?.body });
    const answer = answers.shift();
    if (answer === undefined || answer === 'down') throw new TypeError('no line');
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  };
  return { api: new Api(fetcher as typeof fetch), requests };
}

const ME: Answer = [200, { user: 'alice', role: 'dispatcher', csrf: 'secret' }];

test('a command carries the CSRF token, and one key through all its tries', async () => {
  const { api, requests } = server(ME, 'down', [503, {}], [200, { events: [] }]);
  await api.me();
  const done = api.command('i 1', 'assign', { unit: 'U3' });
  await vi.runAllTimersAsync();
  await done;
  const tries = requests.slice(1);
  expect(tries.map(({ path }) => path)).toEqual(Array(3).fill('/api/v1/incidents/i%201/assign'));
  expect(tries.map(({ headers }) => headers.get('X-CSRF-Token'))).toEqual(Array(3).fill('secret'));
  expect(new Set(tries.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(1);
  expect(tries[0]!.headers.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/);
  expect(tries[0]!.body).toBe('{"unit":"U3"}');
});

test('two commands have two keys', async () => {
  const { api, requests } = server([200, {}], [200, {}]);
  await api.command('i1', 'note', { text: 'a' });
  await api.command('i1', 'note', { text: 'a' });
  expect(new Set(requests.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(2);
});

test('a refusal is told in the server’s words and is not tried again', async () => {
  const { api, requests } = server([409, { title: 'Conflict', detail: 'unit/U3: is on scene', field: 'unit' }]);
  const refused = await api.command('i1', 'assign', { unit: 'U3' }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Problem);
  expect(refused).toMatchObject({ status: 409, message: 'unit/U3: is on scene', field: 'unit' });
  expect(requests).toHaveLength(1);
});

test('a server out of reach is given up after three tries', async () => {
  const { api, requests } = server();
  const given = api.timeline('i1').catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await given).toMatchObject({ status: 0 });
  expect(requests).toHaveLength(3);
});

test('a timeline is read to its end', async () => {
  const { api, requests } = server(
    [200, { items: [{ seq: 1 }], next: 'i1/1' }],
    [200, { items: [{ seq: 2 }], next: null }],
  );
  expect((await api.timeline('i1')).map(({ seq }) => seq)).toEqual([1, 2]);
  expect(requests.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('cursor'))).toEqual(['', 'i1/1']);
});

test('a timeline without an end is left after ten pages', async () => {
  const { api, requests } = server(...Array<Answer>(20).fill([200, { items: [], next: 'on' }]));
  await api.timeline('i1');
  expect(requests).toHaveLength(10);
});

test('a look at evidence tells its purpose', () => {
  expect(evidenceUrl('ab', 'i1')).toBe('/api/v1/evidence/ab?purpose=incident+i1');
});

import { expect, test } from 'vitest';

import { eventParser, type SentEvent } from './sse';

const STREAM =
  ': a comment\r\nid: 7\r\nevent: snapshot\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: heartbeat\ndata:x\n\ndata\n\nid: 8\rdata: é\r\r';

const EVENTS: SentEvent[] = [
  { id: '7', event: 'snapshot', data: '{"a":\n1}' },
  { id: null, event: 'heartbeat', data: 'x' },
  { id: null, event: 'message', data: '' },
  { id: '8', event: 'message', data: 'é' },
];

test.each([1, 2, 3, 5, 1000])('reads the same events from pieces of %i characters', (size) => {
  const events: SentEvent[] = [];
  const feed = eventParser((event) => events.push(event));
  for (let from = 0; from < STREAM.length; from += size) feed(STREAM.slice(from, from + size));
  feed('\n');
  expect(events).toEqual(EVENTS);
});

test('hands out nothing before the empty line', () => {
  const events: SentEvent[] = [];
  const feed = eventParser((event) => events.push(event));
  feed('data: half');
  feed('\n');
  expect(events).toEqual([]);
});

import { expect, test } from 'vitest';

import { activeQueue, closedQueue, neighbour, worst } from './queue';
import { incident, iso } from './samples';
import type { Incident } from './types';

const board = (...rows: Incident[]) => new Map(rows.map((row) => [row.id, row]));
const ids = (rows: Incident[]) => rows.map(({ id }) => id).join(' ');

const rows = board(
  incident({ id: 'young', priority: 2, opened: iso(50) }),
  incident({ id: 'mild', priority: 4, opened: iso(-900) }),
  incident({ id: 'done', priority: 1, state: 'closed', closed: iso(20) }),
  incident({ id: 'old', priority: 2, opened: iso(10) }),
  incident({ id: 'later', priority: 1, state: 'closed', closed: iso(30) }),
  incident({ id: 'worst', priority: 1, opened: iso(60), units: ['U1'] }),
);

test('the most urgent first, then the oldest', () => expect(ids(activeQueue(rows))).toBe('worst old young mild'));
test('closed ones by when they were closed', () => expect(ids(closedQueue(rows))).toBe('later done'));

test('worst is the most urgent that nobody is on', () => {
  const attended = incident({ id: 'attended', units: ['U1'] });
  const alone = incident({ id: 'alone', opened: iso(5) });
  expect(worst([attended, alone])?.id).toBe('alone');
  expect(worst([attended, incident({ id: 'lesser', priority: 2 })])?.id).toBe('attended');
  expect(worst([])).toBeNull();
});

test('neighbours stop at both ends, and begin at the top', () => {
  const queue = activeQueue(rows).map(({ id }) => id);
  expect(neighbour(queue, null, 1)).toBe('worst');
  expect(neighbour(queue, 'worst', 1)).toBe('old');
  expect(neighbour(queue, 'worst', -1)).toBe('worst');
  expect(neighbour(queue, 'mild', 1)).toBe('mild');
  expect(neighbour([], 'mild', 1)).toBeNull();
});

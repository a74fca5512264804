import { expect, test } from 'vitest';

import { camera, incident, iso, unit } from './samples';
import { apply, fromSnapshot, type Change, type Snapshot } from './tables';

const snapshot: Snapshot = {
  seq: 4,
  at: iso(0),
  tables: { board: { i1: incident() }, units: { U1: unit() }, cameras: { C1: camera() } },
};

test('a snapshot makes every table, also those that it leaves out', () => {
  const tables = fromSnapshot(snapshot);
  expect(tables.board.get('i1')?.title).toBe('Intrusion at the station');
  expect(tables.recommendations.size).toBe(0);
});

test('changes put and take rows away, in order', () => {
  const changes: Change[] = [
    { table: 'board', key: 'i2', row: incident({ id: 'i2' }) },
    { table: 'board', key: 'i1', row: incident({ state: 'acknowledged' }) },
    { table: 'board', key: 'i2', row: null },
  ];
  const after = apply(fromSnapshot(snapshot), changes);
  expect([...after.board.keys()]).toEqual(['i1']);
  expect(after.board.get('i1')?.state).toBe('acknowledged');
});

test('a table that no change is about stays the same object', () => {
  const before = fromSnapshot(snapshot);
  const after = apply(before, [{ table: 'units', key: 'U1', row: unit({ status: 'en_route' }) }]);
  expect(after.board).toBe(before.board);
  expect(after.units).not.toBe(before.units);
  expect(before.units.get('U1')?.status).toBe('available');
});

test('tables of a newer server are passed over', () => {
  const before = fromSnapshot(snapshot);
  expect(apply(before, [{ table: 'drones', key: 'D1', row: {} }])).toEqual(before);
});

test('a snapshot and its changes end equal to a fresh snapshot', () => {
  const changed = apply(fromSnapshot(snapshot), [
    { table: 'units', key: 'U2', row: unit({ id: 'U2' }) },
    { table: 'cameras', key: 'C1', row: camera({ status: 'lost' }) },
  ]);
  const fresh = fromSnapshot({
    ...snapshot,
    tables: {
      ...snapshot.tables,
      units: { U1: unit(), U2: unit({ id: 'U2' }) },
      cameras: { C1: camera({ status: 'lost' }) },
    },
  });
  expect(changed).toEqual(fresh);
});

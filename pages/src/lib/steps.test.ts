import { expect, test } from 'vitest';

import { AT, incident, iso } from './samples';
import { steps, wait } from './steps';

const places = (row: ReturnType<typeof incident>) =>
  steps(row)
    .map(({ place }) => place[0])
    .join('');

test.each([
  [incident(), 'ddwaaaa'],
  [incident({ state: 'acknowledged', acknowledged: iso(9) }), 'dddwaaa'],
  [incident({ state: 'assigned', assigned: iso(20) }), 'ddddwaa'],
  [incident({ state: 'assigned', assigned: iso(20), en_route: iso(30) }), 'dddddwa'],
  [incident({ state: 'on_scene', assigned: iso(20), en_route: iso(30), on_scene: iso(90) }), 'ddddddw'],
  [incident({ state: 'closed', closed: iso(99) }), 'ddddddd'],
  [incident({ state: 'reopened', acknowledged: iso(9), assigned: iso(20) }), 'ddwaaaa'],
])('the line of an incident that is %o', (row, line) => expect(places(row)).toBe(line));

test('a step passed over is done without a time', () => {
  const [, , acknowledged] = steps(incident({ state: 'assigned', assigned: iso(20) }));
  expect(acknowledged).toEqual({ name: 'acknowledged', at_ms: null, place: 'done' });
});

test('the desk is late 30 s after a P1 was opened, and not before', () => {
  expect(wait(incident(), AT + 30_000)).toEqual({ step: 'acknowledged', elapsed_ms: 30_000, target_s: 30, late_ms: 0 });
  expect(wait(incident(), AT + 31_000)?.late_ms).toBe(1000);
});

test('dispatch is due 60 s after opening, however long acknowledging took', () => {
  const row = incident({ state: 'acknowledged', acknowledged: iso(50) });
  expect(wait(row, AT + 75_000)).toEqual({ step: 'assigned', elapsed_ms: 75_000, target_s: 60, late_ms: 15_000 });
});

test('the unit is measured from its own steps', () => {
  const assigned = incident({ state: 'assigned', assigned: iso(100) });
  expect(wait(assigned, AT + 130_000)).toMatchObject({ step: 'en_route', elapsed_ms: 30_000, late_ms: 0 });
  const driving = incident({ state: 'assigned', assigned: iso(100), en_route: iso(110) });
  expect(wait(driving, AT + 360_000)).toMatchObject({ step: 'on_scene', elapsed_ms: 250_000, late_ms: 10_000 });
});

test('an incident whose unit was released waits from that unit’s last step', () => {
  const row = incident({ state: 'acknowledged', acknowledged: iso(10), assigned: iso(600), en_route: iso(630) });
  expect(wait(row, AT + 640_000)).toMatchObject({ step: 'assigned', elapsed_ms: 10_000, late_ms: 0 });
});

test('an incident whose second unit is not under way yet waits for that', () => {
  const row = incident({ state: 'assigned', assigned: iso(600), en_route: iso(30) });
  expect(wait(row, AT + 610_000)?.step).toBe('en_route');
});

test('a reopened incident waits from its reopening', () => {
  const again = incident({ state: 'reopened', acknowledged: iso(9), assigned: iso(20), reopened: iso(3000) });
  expect(wait(again, AT + 3_007_000)?.elapsed_ms).toBe(7_000);
  const call = incident({ state: 'acknowledged', acknowledged: iso(9), reopened: iso(3000) });
  expect(wait(call, AT + 3_007_000)?.elapsed_ms).toBe(7_000);
});

test('a reopened incident has no target, a closed one no wait, and the scene takes its time', () => {
  expect(wait(incident({ state: 'reopened' }), AT + 9e6)).toMatchObject({ target_s: null, late_ms: 0 });
  expect(wait(incident({ state: 'closed', closed: iso(5) }), AT + 9e6)).toBeNull();
  expect(wait(incident({ state: 'on_scene', on_scene: iso(5) }), AT + 9e6)).toMatchObject({
    step: 'closed',
    late_ms: 0,
  });
});

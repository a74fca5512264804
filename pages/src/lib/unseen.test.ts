import { expect, test } from 'vitest';

import { AT, camera, iso, unit } from './samples';
import { EMPTY } from './tables';
import { blindness, isSilent, unseen } from './unseen';

test('tells cameras without a picture, and with one that shows nothing, silent units and what was put aside', () => {
  const seen = unseen(
    {
      ...EMPTY,
      cameras: new Map([
        ['C1', camera()],
        ['C2', camera({ id: 'C2', status: 'lost' })],
        ['C3', camera({ id: 'C3', status: 'quarantined' })],
        ['C4', camera({ id: 'C4', status: 'registered' })],
        ['C5', camera({ id: 'C5', fault: 'camera_moved', fault_reason: 'the view is turned by 8°' })],
        ['C6', camera({ id: 'C6', status: 'lost', fault: 'camera_blind' })],
      ]),
      units: new Map([
        ['U1', unit()],
        ['U2', unit({ id: 'U2', positioned: iso(-61) })],
      ]),
      status: new Map([['system', { put_aside: 3, refused: 0 }]]),
    },
    AT,
  );
  expect(seen.lost.map(({ id }) => id)).toEqual(['C2', 'C3', 'C6']);
  expect(seen.faulty.map(({ id }) => id)).toEqual(['C5']);
  expect(seen.units.map(({ id }) => id)).toEqual(['U2']);
  expect(seen.putAside).toBe(3);
});

test('a unit is silent after 60 s, or when it never told a place; out of service it owes none', () => {
  expect(isSilent(unit({ positioned: iso(-60) }), AT)).toBe(false);
  expect(isSilent(unit({ positioned: iso(-60.001) }), AT)).toBe(true);
  expect(isSilent(unit({ positioned: null }), AT)).toBe(true);
  expect(isSilent(unit({ positioned: null, status: 'out_of_service' }), AT)).toBe(false);
});

test('says what is wrong with a camera: that it is lost before that it is blind', () => {
  const moved = camera({ fault: 'camera_moved', fault_reason: 'the view is turned by 8°' });
  expect(blindness(moved)).toEqual({ word: 'Camera moved', why: 'the view is turned by 8°' });
  expect(blindness({ ...moved, status: 'lost', reason: 'no frame for 5 s' })).toEqual({
    word: 'lost',
    why: 'no frame for 5 s',
  });
  expect(blindness(camera())).toEqual({ word: 'live', why: null });
});

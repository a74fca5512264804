import { expect, test } from 'vitest';

import { AT, camera, iso, unit } from './samples';
import { EMPTY } from './tables';
import { isSilent, unseen } from './unseen';

test('tells lost and quarantined cameras, silent units and what was put aside', () => {
  const seen = unseen(
    {
      ...EMPTY,
      cameras: new Map([
        ['C1', camera()],
        ['C2', camera({ id: 'C2', status: 'lost' })],
        ['C3', camera({ id: 'C3', status: 'quarantined' })],
        ['C4', camera({ id: 'C4', status: 'registered' })],
      ]),
      units: new Map([
        ['U1', unit()],
        ['U2', unit({ id: 'U2', positioned: iso(-61) })],
      ]),
      status: new Map([['system', { put_aside: 3, refused: 0 }]]),
    },
    AT,
  );
  expect(seen.cameras.map(({ id }) => id)).toEqual(['C2', 'C3']);
  expect(seen.units.map(({ id }) => id)).toEqual(['U2']);
  expect(seen.putAside).toBe(3);
});

test('a unit is silent after 60 s, or when it never told a place; out of service it owes none', () => {
  expect(isSilent(unit({ positioned: iso(-60) }), AT)).toBe(false);
  expect(isSilent(unit({ positioned: iso(-60.001) }), AT)).toBe(true);
  expect(isSilent(unit({ positioned: null }), AT)).toBe(true);
  expect(isSilent(unit({ positioned: null, status: 'out_of_service' }), AT)).toBe(false);
});

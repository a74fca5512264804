import { expect, test } from 'vitest';

import {
  bounds,
  coneFeatures,
  incidentFeatures,
  namePoints,
  placesOf,
  Trails,
  unitFeatures,
  wayFeatures,
} from './features';
import { AT, camera, incident, iso, unit } from './samples';

test('an incident stands at its place, told late and chosen; one without a place is in the queue alone', () => {
  const { features } = incidentFeatures([incident(), incident({ id: 'i2', place: null })], 'i1', AT + 31_000);
  expect(features).toHaveLength(1);
  expect(features[0]).toMatchObject({
    geometry: { coordinates: [71.4, 51.1] },
    properties: { id: 'i1', priority: 1, selected: true, late: true },
  });
});

test.each([
  [unit(), 'unit-free'],
  [unit({ heading_deg: 90, speed_kmh: 30 }), 'unit-free-moving'],
  [unit({ status: 'en_route', heading_deg: 90, speed_kmh: 30 }), 'unit-busy-moving'],
  [unit({ status: 'on_scene' }), 'unit-busy'],
  [unit({ positioned: iso(-90) }), 'unit-silent'],
  [unit({ status: 'out_of_service', positioned: iso(-90) }), 'unit-off'],
])('the picture of %o', (row, icon) => {
  expect(unitFeatures([row], null, AT).features[0]?.properties?.icon).toBe(icon);
});

test('a camera’s wedge opens to where it looks', () => {
  const [wedge] = coneFeatures([camera({ heading_deg: 90, status: 'lost' })]).features;
  const box = bounds(placesOf({ type: 'FeatureCollection', features: [wedge!] }))!;
  expect(box[0]).toBeCloseTo(71.4, 6);
  expect((box[2] - 71.4) * 111_320 * Math.cos((51.1 * Math.PI) / 180)).toBeCloseTo(55, 0);
  expect((box[1] + box[3]) / 2).toBeCloseTo(51.1, 6);
  expect(wedge!.properties?.blind).toBe(true);
});

test('a way leads from a unit under way to its incident, and ends on the scene', () => {
  const board = new Map([['i1', incident({ place: { lat: 52, lon: 72 } })]]);
  const driving = unit({ status: 'en_route', incident: 'i1' });
  expect(wayFeatures([driving], board).features[0]?.geometry.coordinates).toEqual([
    [71.4, 51.1],
    [72, 52],
  ]);
  expect(wayFeatures([{ ...driving, status: 'on_scene' }], board).features).toEqual([]);
});

test('a trail keeps what is newer than 90 s, in the order of its times', () => {
  const trails = new Trails();
  for (const s of [0, 50, 40, 100]) trails.see([unit({ positioned: iso(s), place: { lat: 51, lon: 71 + s / 100 } })]);
  expect(trails.features().features[0]?.geometry.coordinates).toEqual([
    [71.5, 51],
    [72, 51],
  ]);
});

test('an area’s name stands in its middle, whichever way round and wherever its ring begins', () => {
  const ring = [
    [4, 50],
    [0, 50],
    [0, 52],
    [2, 52],
    [4, 52],
  ];
  for (const coordinates of [ring, [...ring].reverse(), [...ring, ring[0]!]]) {
    const area = {
      type: 'Feature' as const,
      geometry: { type: 'Polygon' as const, coordinates: [coordinates] },
      properties: { name: 'Jasyl' },
    };
    const [point] = namePoints({ type: 'FeatureCollection', features: [area] }).features;
    expect(point).toMatchObject({ geometry: { coordinates: [2, 51] }, properties: { name: 'Jasyl' } });
  }
});

test('no place has no bounds', () => expect(bounds([null])).toBeNull());

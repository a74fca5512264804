/** The board's rows as GeoJSON for the map. Pure; coordinates are [lon, lat]. */

import { wait } from './steps';
import type { Camera, Incident, Place, Unit } from './types';
import { isBlind, isSilent } from './unseen';

type Collection<G extends GeoJSON.Geometry = GeoJSON.Geometry> = GeoJSON.FeatureCollection<G>;

const CONE_HALF_DEG = 28;
const CONE_M = 55;
const CONE_POINTS = 8;
const DEGREE_M = 111_320;

const collection = <G extends GeoJSON.Geometry>(features: GeoJSON.Feature<G>[]): Collection<G> => ({
  type: 'FeatureCollection',
  features,
});

const at = ({ lon, lat }: Place): GeoJSON.Point => ({ type: 'Point', coordinates: [lon, lat] });

export function incidentFeatures(incidents: readonly Incident[], selected: string | null, nowMs: number): Collection {
  return collection(
    incidents.flatMap((incident) =>
      incident.place === null
        ? []
        : [
            {
              type: 'Feature' as const,
              geometry: at(incident.place),
              properties: {
                id: incident.id,
                priority: incident.priority,
                title: incident.title,
                selected: incident.id === selected,
                late: (wait(incident, nowMs)?.late_ms ?? 0) > 0,
              },
            },
          ],
    ),
  );
}

export function unitFeatures(units: Iterable<Unit>, spot: string | null, nowMs: number): Collection {
  return collection(
    [...units].flatMap((unit) =>
      unit.place === null
        ? []
        : [
            {
              type: 'Feature' as const,
              geometry: at(unit.place),
              properties: {
                id: unit.id,
                name: unit.name,
                icon: unitIcon(unit, nowMs),
                heading: unit.heading_deg ?? 0,
                selected: unit.id === spot,
              },
            },
          ],
    ),
  );
}

function unitIcon(unit: Unit, nowMs: number): string {
  if (isSilent(unit, nowMs)) return 'unit-silent';
  if (unit.status === 'out_of_service') return 'unit-off';
  const moving = unit.heading_deg !== null && (unit.speed_kmh ?? 0) > 0;
  return `unit-${unit.status === 'available' ? 'free' : 'busy'}${moving ? '-moving' : ''}`;
}

export function cameraFeatures(cameras: Iterable<Camera>, spot: string | null): Collection {
  return collection(
    [...cameras].flatMap((camera) =>
      camera.place === null
        ? []
        : [
            {
              type: 'Feature' as const,
              geometry: at(camera.place),
              properties: { id: camera.id, name: camera.name, blind: isBlind(camera), selected: camera.id === spot },
            },
          ],
    ),
  );
}

/** The wedge that each camera looks at, as far as its heading tells. */
export function coneFeatures(cameras: Iterable<Camera>): Collection<GeoJSON.Polygon> {
  return collection(
    [...cameras].flatMap((camera) => {
      if (camera.place === null || camera.heading_deg === null) return [];
      const ring = [camera.place, ...arc(camera.place, camera.heading_deg), camera.place];
      return [
        {
          type: 'Feature' as const,
          geometry: { type: 'Polygon' as const, coordinates: [ring.map(({ lon, lat }) => [lon, lat])] },
          properties: { blind: isBlind(camera) },
        },
      ];
    }),
  );
}

function arc(from: Place, headingDeg: number): Place[] {
  return Array.from({ length: CONE_POINTS + 1 }, (_, index) => {
    const bearing = ((headingDeg - CONE_HALF_DEG + (2 * CONE_HALF_DEG * index) / CONE_POINTS) * Math.PI) / 180;
    const lat = from.lat + (CONE_M * Math.cos(bearing)) / DEGREE_M;
    const lon = from.lon + (CONE_M * Math.sin(bearing)) / (DEGREE_M * Math.cos((from.lat * Math.PI) / 180));
    return { lat, lon };
  });
}

/** A line from each unit that is on its way to where it goes. */
export function wayFeatures(
  units: Iterable<Unit>,
  board: ReadonlyMap<string, Incident>,
): Collection<GeoJSON.LineString> {
  return collection(
    [...units].flatMap((unit) => {
      const goal = unit.incident === null ? null : board.get(unit.incident)?.place;
      if (!goal || unit.place === null || unit.status === 'on_scene') return [];
      const coordinates = [unit.place, goal].map(({ lon, lat }) => [lon, lat]);
      return [{ type: 'Feature' as const, geometry: { type: 'LineString' as const, coordinates }, properties: {} }];
    }),
  );
}

const TRAIL_MS = 90_000;
const TRAIL_POINTS_MAX = 60;

type Fix = { place: Place; ms: number };

/** Where each unit was in the last TRAIL_MS, as far as this page saw it. */
export class Trails {
  #fixes = new Map<string, Fix[]>();

  see(units: Iterable<Unit>): void {
    for (const unit of units) {
      if (unit.place === null || unit.positioned === null) continue;
      const ms = Date.parse(unit.positioned);
      const fixes = this.#fixes.get(unit.id) ?? [];
      const last = fixes.at(-1);
      if (last && last.ms >= ms) continue;
      const kept = [...fixes, { place: unit.place, ms }].filter((fix) => ms - fix.ms <= TRAIL_MS);
      this.#fixes.set(unit.id, kept.slice(-TRAIL_POINTS_MAX));
    }
  }

  features(): Collection<GeoJSON.LineString> {
    return collection(
      [...this.#fixes].flatMap(([unit, fixes]) => {
        if (fixes.length < 2) return [];
        const coordinates = fixes.map(({ place }) => [place.lon, place.lat]);
        return [
          { type: 'Feature' as const, geometry: { type: 'LineString' as const, coordinates }, properties: { unit } },
        ];
      }),
    );
  }
}

/** The least box around all places: [west, south, east, north]; null without any. */
export function bounds(places: Iterable<Place | null>): [number, number, number, number] | null {
  let box: [number, number, number, number] | null = null;
  for (const place of places) {
    if (place === null) continue;
    const { lon, lat } = place;
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
      : [lon, lat, lon, lat];
  }
  return box;
}

/** One point for the name of each area: the middle of its outer ring, weighed by area. */
export function namePoints(areas: GeoJSON.FeatureCollection): Collection<GeoJSON.Point> {
  return collection(
    areas.features.flatMap(({ geometry, properties }) => {
      if (geometry.type !== 'Polygon' || !geometry.coordinates[0]) return [];
      const coordinates = middle(geometry.coordinates[0]);
      return [{ type: 'Feature' as const, geometry: { type: 'Point' as const, coordinates }, properties }];
    }),
  );
}

function middle(ring: GeoJSON.Position[]): GeoJSON.Position {
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  let [doubleArea, x, y] = [0, 0, 0];
  ring.forEach((point, index) => {
    const [ax, ay] = [point[0]! - x0, point[1]! - y0];
    const next = ring[(index + 1) % ring.length]!;
    const [bx, by] = [next[0]! - x0, next[1]! - y0];
    const cross = ax * by - bx * ay;
    doubleArea += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  });
  return doubleArea === 0 ? [x0, y0] : [x0 + x / (3 * doubleArea), y0 + y / (3 * doubleArea)];
}

/** The places of a map layer, for its bounds. */
export function* placesOf(layer: GeoJSON.FeatureCollection): Iterable<Place> {
  for (const { geometry } of layer.features) if ('coordinates' in geometry) yield* flat(geometry.coordinates);
}

function* flat(coordinates: unknown): Iterable<Place> {
  if (!Array.isArray(coordinates)) return;
  const [lon, lat] = coordinates as unknown[];
  if (typeof lon === 'number' && typeof lat === 'number') yield { lon, lat };
  else for (const inner of coordinates) yield* flat(inner);
}

/** What the room does not see: cameras without a picture, units that don't tell where they are, events put aside. */

import type { Tables } from './tables';
import type { Camera, Unit } from './types';

export const SILENT_UNIT_MS = 60_000;

export interface Unseen {
  cameras: Camera[];
  units: Unit[];
  putAside: number;
}

export function unseen(tables: Tables, nowMs: number): Unseen {
  return {
    cameras: [...tables.cameras.values()].filter(isBlind),
    units: [...tables.units.values()].filter((unit) => isSilent(unit, nowMs)),
    putAside: tables.status.get('system')?.put_aside ?? 0,
  };
}

export function isBlind(camera: Camera): boolean {
  return camera.status === 'lost' || camera.status === 'quarantined';
}

/** A unit out of service owes no position. */
export function isSilent(unit: Unit, nowMs: number): boolean {
  if (unit.status === 'out_of_service') return false;
  return unit.positioned === null || nowMs - Date.parse(unit.positioned) > SILENT_UNIT_MS;
}

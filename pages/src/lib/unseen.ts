/** What the room does not see: cameras without a picture or with one that shows nothing, units that don't tell where they are, events put aside. */

import { t, term } from './messages';
import type { Tables } from './tables';
import type { Camera, Unit } from './types';

export const SILENT_UNIT_MS = 60_000;

export interface Unseen {
  /** Without a picture, and then those whose picture can't be trusted. */
  lost: Camera[];
  faulty: Camera[];
  units: Unit[];
  putAside: number;
}

export function unseen(tables: Tables, nowMs: number): Unseen {
  const cameras = [...tables.cameras.values()];
  return {
    lost: cameras.filter(isLost),
    faulty: cameras.filter((camera) => isBlind(camera) && !isLost(camera)),
    units: [...tables.units.values()].filter((unit) => isSilent(unit, nowMs)),
    putAside: tables.status.get('system')?.put_aside ?? 0,
  };
}

export function isLost(camera: Camera): boolean {
  return camera.status === 'lost' || camera.status === 'quarantined';
}

/** It has no picture, or one that shows nothing: covered, moved, frozen. */
export function isBlind(camera: Camera): boolean {
  return isLost(camera) || camera.fault !== null;
}

/** What is wrong with a camera, in a word or two, and why. */
export function blindness(camera: Camera): { word: string; why: string | null } {
  if (isLost(camera) || camera.fault === null) return { word: t(`camera.${camera.status}`), why: camera.reason };
  return { word: term('kind', camera.fault), why: camera.fault_reason };
}

/** A unit out of service owes no position. */
export function isSilent(unit: Unit, nowMs: number): boolean {
  if (unit.status === 'out_of_service') return false;
  return unit.positioned === null || nowMs - Date.parse(unit.positioned) > SILENT_UNIT_MS;
}

/**
 * The alarm budget: how many incidents asked for attention in the last ten minutes.
 *
 * EEMUA 191 and ISA-18.2: one alarm in ten minutes is very likely acceptable, two are manageable, more than ten are
 * a flood in which alarms get lost.
 */

import type { Incident } from './types';

export const WINDOW_MS = 600_000;
export const ACCEPTABLE_MAX = 1;
export const MANAGEABLE_MAX = 2;
export const FLOOD_OVER = 10;

export type Load = 'calm' | 'manageable' | 'busy' | 'flood';

export function load(board: ReadonlyMap<string, Incident>, nowMs: number): { opened: number; level: Load } {
  let opened = 0;
  for (const incident of board.values()) if (nowMs - Date.parse(incident.opened) < WINDOW_MS) opened += 1;
  return { opened, level: level(opened) };
}

function level(opened: number): Load {
  if (opened <= ACCEPTABLE_MAX) return 'calm';
  if (opened <= MANAGEABLE_MAX) return 'manageable';
  return opened <= FLOOD_OVER ? 'busy' : 'flood';
}

/** A line's last 24 hours as bars: what crossed forward stands above zero, what crossed backward hangs below. */

import type { Traffic } from './types';

export const HOURS = 24;
const HOUR_MS = 3_600_000;

/** One hour of one line; ``known`` is false where it was not watched. */
export interface Bar {
  fromMs: number;
  forward: number;
  backward: number;
  known: boolean;
  speedKmh: number | null;
}

export interface Chart {
  line: string;
  bars: Bar[];
  most: number;
}

/** A chart for each line that was watched in the last HOURS, the running one included, by name. */
export function charts(rows: Traffic[], nowMs: number): Chart[] {
  const firstMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS;
  const lines = new Map<string, Bar[]>();
  for (const row of rows) {
    const place = (Date.parse(row.from) - firstMs) / HOUR_MS;
    if (!Number.isInteger(place) || place < 0 || place >= HOURS) continue;
    const bars = lines.get(row.line) ?? emptyDay(firstMs);
    lines.set(row.line, bars);
    bars[place] = {
      ...bars[place]!,
      forward: sum(row.forward),
      backward: sum(row.backward),
      known: row.watched_s > 0,
      speedKmh: row.speed_kmh,
    };
  }
  return [...lines]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([line, bars]) => ({ line, bars, most: Math.max(1, ...bars.flatMap((bar) => [bar.forward, bar.backward])) }));
}

/** The moment from which on rows are asked for. */
export function since(nowMs: number): string {
  return new Date(nowMs - HOURS * HOUR_MS).toISOString();
}

function emptyDay(firstMs: number): Bar[] {
  return Array.from({ length: HOURS }, (_, hour) => ({
    fromMs: firstMs + hour * HOUR_MS,
    forward: 0,
    backward: 0,
    known: false,
    speedKmh: null,
  }));
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

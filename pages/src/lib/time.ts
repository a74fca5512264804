/** Moments and durations as the console writes them. */

import { t } from './messages';

const pad = (value: number) => String(value).padStart(2, '0');

/** ``00:42``, ``12:05``, ``1:02:09``, ``3 d 04 h``: a duration in a few signs; never negative. */
export function age(durationMs: number): string {
  const s = Math.max(0, Math.floor(durationMs / 1000));
  if (s < 3600) return `${pad(Math.floor(s / 60))}:${pad(s % 60)}`;
  if (s < 86_400) return `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  return t('duration.d_h', { d: Math.floor(s / 86_400), h: pad(Math.floor(s / 3600) % 24) });
}

/** ``03:14:22`` in UTC, or in the viewer's own zone. */
export function clock(momentMs: number, zone: 'utc' | 'local' = 'local'): string {
  const moment = new Date(momentMs);
  const parts =
    zone === 'utc'
      ? [moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()]
      : [moment.getHours(), moment.getMinutes(), moment.getSeconds()];
  return parts.map(pad).join(':');
}

/** ``2026-03-01 14:05``: a moment of any day, in the viewer's zone. */
export function day(momentMs: number): string {
  const moment = new Date(momentMs);
  const date = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map(pad).join('-');
  return `${date} ${clock(momentMs).slice(0, 5)}`;
}

/** Milliseconds of an RFC 3339 text; null stays null. */
export function moment(text: string): number;
export function moment(text: string | null | undefined): number | null;
export function moment(text: string | null | undefined): number | null {
  return text ? Date.parse(text) : null;
}

/**
 * How far the server's clock is ahead of ours, from the newest messages' own times.
 *
 * What the way here took makes a message look older than it is, so the largest of the newest SAMPLES differences is
 * the nearest to the truth.
 */
export class Offset {
  static readonly SAMPLES = 10;
  #differences: number[] = [];

  heard(at: string, nowMs: number): void {
    this.#differences = [...this.#differences.slice(1 - Offset.SAMPLES), Date.parse(at) - nowMs];
  }

  get ms(): number {
    return this.#differences.length ? Math.max(...this.#differences) : 0;
  }
}

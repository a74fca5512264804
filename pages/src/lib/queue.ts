/** The queue: what is worst, and what stands in which order. */

import type { Incident } from './types';

/** Incidents that are not closed, the most urgent first, then the oldest. */
export function activeQueue(board: ReadonlyMap<string, Incident>): Incident[] {
  return [...board.values()].filter(({ state }) => state !== 'closed').sort(byUrgency);
}

/** Closed incidents, the newest first. */
export function closedQueue(board: ReadonlyMap<string, Incident>): Incident[] {
  return [...board.values()]
    .filter(({ state }) => state === 'closed')
    .sort((a, b) => (b.closed ?? '').localeCompare(a.closed ?? '') || a.id.localeCompare(b.id));
}

function byUrgency(a: Incident, b: Incident): number {
  return a.priority - b.priority || a.opened.localeCompare(b.opened) || a.id.localeCompare(b.id);
}

/** The worst incident now: before all the most urgent that nobody is on, then the most urgent at all. */
export function worst(queue: readonly Incident[]): Incident | null {
  const top = queue[0];
  if (!top) return null;
  return queue.find(({ priority, units }) => priority === top.priority && units.length === 0) ?? top;
}

/** The id ``by`` places away from ``id``, held at both ends; the first where ``id`` is not among them. */
export function neighbour(ids: readonly string[], id: string | null, by: number): string | null {
  const index = id === null ? -1 : ids.indexOf(id);
  return ids[index < 0 ? 0 : Math.min(Math.max(index + by, 0), ids.length - 1)] ?? null;
}

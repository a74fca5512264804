/**
 * Where an incident stands on the line of the work, and whether it is late there.
 *
 * Targets, in seconds by priority: 60 s from opening to dispatch (NFPA 1225, the most urgent), 60 s from assignment
 * to being under way and 240 s of travel (NFPA 1710); the lesser priorities are looser.
 */

import { moment } from './time';
import type { Incident, Priority } from './types';

export const STEPS = ['received', 'opened', 'acknowledged', 'assigned', 'en_route', 'on_scene', 'closed'] as const;
export type StepName = (typeof STEPS)[number];

type Targets = Record<Priority, number>;
export const TARGET_S: Partial<Record<StepName, Targets>> = {
  acknowledged: { 1: 30, 2: 60, 3: 180, 4: 600 },
  assigned: { 1: 60, 2: 120, 3: 600, 4: 1800 },
  en_route: { 1: 60, 2: 80, 3: 180, 4: 600 },
  on_scene: { 1: 240, 2: 480, 3: 900, 4: 1800 },
};

/** The step that is waited for, by the incident's state. */
function awaited(incident: Incident): StepName | null {
  switch (incident.state) {
    case 'open':
    case 'reopened':
      return 'acknowledged';
    case 'acknowledged':
      return 'assigned';
    case 'assigned':
      return after(incident.en_route, incident.assigned) ? 'on_scene' : 'en_route';
    case 'on_scene':
      return 'closed';
    case 'closed':
      return null;
  }
}

const after = (later: string | null, earlier: string | null) =>
  later !== null && (earlier === null || Date.parse(later) >= Date.parse(earlier));

export interface Step {
  name: StepName;
  at_ms: number | null;
  place: 'done' | 'waiting' | 'ahead';
}

/** The seven steps in their order; a step passed over is done without a time. */
export function steps(incident: Incident): Step[] {
  const waiting = awaited(incident);
  const here = waiting === null ? STEPS.length : STEPS.indexOf(waiting);
  return STEPS.map((name, index) => ({
    name,
    at_ms: index < here ? moment(incident[name]) : null,
    place: index < here ? 'done' : index === here ? 'waiting' : 'ahead',
  }));
}

export interface Wait {
  step: StepName;
  elapsed_ms: number;
  target_s: number | null;
  late_ms: number;
}

/**
 * What the incident waits for, how long already, and how late that is; null when it is closed.
 *
 * The two targets of the desk, acknowledging and assigning, run from opening; the unit's from the step before. An
 * incident that came back (reopened, or its unit was released) waits from its newest step or its reopening; reopened, it
 * has no target at first.
 */
export function wait(incident: Incident, nowMs: number): Wait | null {
  const step = awaited(incident);
  if (step === null) return null;
  const reached = [...STEPS, 'reopened' as const].map((name) => moment(incident[name])).filter((at) => at !== null);
  const desk = step === 'acknowledged' || step === 'assigned';
  const back = desk && (incident.assigned !== null || incident.reopened !== null);
  const from = desk && !back ? Date.parse(incident.opened) : Math.max(...reached);
  const elapsed_ms = Math.max(0, nowMs - from);
  const target_s = incident.state === 'reopened' ? null : (TARGET_S[step]?.[incident.priority] ?? null);
  return { step, elapsed_ms, target_s, late_ms: target_s === null ? 0 : Math.max(0, elapsed_ms - target_s * 1000) };
}

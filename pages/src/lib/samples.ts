/** Rows for the tests: an ordinary one of each, with what a test is about put over it. */

import type { Camera, Incident, PublishedRate, Unit } from './types';

export const AT = Date.parse('2026-03-01T08:00:00Z');
export const iso = (afterS: number) => new Date(AT + afterS * 1000).toISOString();

export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: 'i1',
    kind: 'intrusion',
    title: 'Intrusion at the station',
    state: 'open',
    priority: 1,
    place: { lat: 51.1, lon: 71.4 },
    version: 1,
    received: iso(-1),
    opened: iso(0),
    acknowledged: null,
    assigned: null,
    en_route: null,
    on_scene: null,
    closed: null,
    reopened: null,
    last_alert: null,
    alerts: [],
    alert_count: 1,
    cameras: ['C1'],
    units: [],
    reasons: [],
    disposition: null,
    handled_by: null,
    ...over,
  };
}

export function unit(over: Partial<Unit> = {}): Unit {
  return {
    id: 'U1',
    name: 'Unit 1',
    status: 'available',
    capabilities: [],
    place: { lat: 51.1, lon: 71.4 },
    heading_deg: null,
    speed_kmh: null,
    positioned: iso(0),
    status_at: iso(0),
    incident: null,
    ...over,
  };
}

export function camera(over: Partial<Camera> = {}): Camera {
  return {
    id: 'C1',
    name: 'Station gate',
    place: { lat: 51.1, lon: 71.4 },
    heading_deg: 0,
    status: 'live',
    status_at: iso(0),
    reason: null,
    fault: null,
    fault_reason: null,
    counts: {},
    ...over,
  };
}

export function rate(over: Partial<PublishedRate> = {}): PublishedRate {
  return {
    currency: 'KZT',
    quote: 'USD',
    rate: '0.00195',
    rate_before: '0.00195008',
    change_percent: '-0.0039',
    publisher: 'nationalbank.kz',
    day: '2026-03-01',
    ...over,
  };
}

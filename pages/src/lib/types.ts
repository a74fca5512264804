/** Rows as the server presents them: a moment is RFC 3339 text in UTC, everything else as the model has it. */

export type Priority = 1 | 2 | 3 | 4;
export type IncidentState = 'open' | 'acknowledged' | 'assigned' | 'on_scene' | 'closed' | 'reopened';
export type UnitStatus = 'available' | 'dispatched' | 'en_route' | 'on_scene' | 'out_of_service';
export type CameraStatus = 'registered' | 'live' | 'lost' | 'quarantined';

export const DISPOSITIONS = ['confirmed', 'false_alarm', 'duplicate', 'no_trace', 'referred'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** What a still of a thing left shows, in the order of time. */
export const SHOWS = ['before', 'drop', 'now'] as const;
export type Shows = (typeof SHOWS)[number];

export interface Place {
  lat: number;
  lon: number;
}

export interface Incident {
  id: string;
  kind: string;
  title: string;
  state: IncidentState;
  priority: Priority;
  place: Place | null;
  version: number;
  received: string;
  opened: string;
  acknowledged: string | null;
  assigned: string | null;
  en_route: string | null;
  on_scene: string | null;
  closed: string | null;
  reopened: string | null;
  last_alert: string | null;
  alerts: string[];
  alert_count: number;
  cameras: string[];
  units: string[];
  reasons: string[];
  disposition: Disposition | null;
  handled_by: string | null;
}

export interface Unit {
  id: string;
  name: string;
  status: UnitStatus;
  capabilities: string[];
  place: Place | null;
  heading_deg: number | null;
  speed_kmh: number | null;
  positioned: string | null;
  status_at: string;
  incident: string | null;
}

export interface Camera {
  id: string;
  name: string;
  place: Place | null;
  heading_deg: number | null;
  status: CameraStatus;
  status_at: string;
  reason: string | null;
  fault: string | null;
  fault_reason: string | null;
  counts: Record<string, { forward: Record<string, number>; backward: Record<string, number> }>;
}

/** What crossed a line of a camera in an hour, by direction and class. */
export interface Traffic {
  camera: string;
  line: string;
  from: string;
  until: string;
  forward: Record<string, number>;
  backward: Record<string, number>;
  watched_s: number;
  occupied: number | null;
  speed_kmh: number | null;
  speed_uncertainty_kmh: number | null;
}

export interface Candidate {
  unit: string;
  travel_s?: number | null;
  distance_m?: number | null;
  passed_over?: string | null;
}

export interface Recommendation {
  incident: string;
  unit: string | null;
  travel_s: number | null;
  reasons: string[];
  candidates?: Candidate[];
}

/** What the log says about itself; ``put_aside`` counts events that a step could not take. */
export interface SystemStatus {
  put_aside: number;
  refused: number;
}

/** What one unit of a currency is worth in another; decimals are texts, as they are everywhere where there is money. */
export interface PublishedRate {
  currency: string;
  quote: string;
  rate: string;
  rate_before: string | null;
  change_percent: string | null;
  publisher: string;
  day: string;
}

/** How many calls and payments were decided, and what money that kept; amounts are decimal texts. */
export interface FraudStatistics {
  decided: Record<'decisions' | Count, number>;
  money: MoneyKept[];
  kept_in_tenge: string;
}

export const COUNTS = [
  'calls_blocked',
  'calls_held',
  'calls_warned',
  'payments_blocked',
  'payments_held',
  'payments_warned',
] as const;
export type Count = (typeof COUNTS)[number];

export interface MoneyKept {
  currency: string;
  stopped: string;
  stopped_count: number;
  kept: string;
  kept_count: number;
  kept_in_tenge: string;
  kept_without_rate_count: number;
  released: string;
  released_count: number;
}

export interface Evidence {
  sha256: string;
  media_type: string;
  size_bytes: number;
  from_s: number;
  until_s: number;
  shows: string;
  deleted: string | null;
}

export interface Alert {
  key: string;
  kind: string;
  camera: string | null;
  time: string;
  at_s: number | null;
  box: [number, number, number, number] | null;
  confidence: number | null;
  reasons: string[];
  zone: string | null;
  path: [number, number, number][];
  is_fixture: boolean;
  evidence: Evidence[];
}

export interface IncidentDetail extends Omit<Incident, 'alerts'> {
  alerts: Alert[];
  recommendation: Recommendation | null;
  caller: { name: string | null; number: string | null } | null;
}

export interface TimelineItem {
  seq: number;
  type: string;
  time: string;
  actor: string;
  text: string;
  data: Record<string, unknown>;
}

export interface Me {
  user: string;
  role: string;
  csrf: string;
}

export type Geometry = GeoJSON.FeatureCollection;
export type CityMap = Record<'water' | 'park' | 'building' | 'road' | 'district', Geometry>;

/** The live tables: a snapshot, then changes. Pure; a table that a change leaves alone stays the same object. */

import type { FraudWaiting } from './fraud';
import type { RuleHits, WrittenRule } from './rules';
import type { Camera, Incident, PublishedRate, Recommendation, SystemStatus, Unit } from './types';

export interface Tables {
  board: ReadonlyMap<string, Incident>;
  recommendations: ReadonlyMap<string, Recommendation>;
  units: ReadonlyMap<string, Unit>;
  cameras: ReadonlyMap<string, Camera>;
  status: ReadonlyMap<string, SystemStatus>;
  rates: ReadonlyMap<string, PublishedRate>;
  /** Whose change says that figures of money are to be asked for again. */
  fraud_money: ReadonlyMap<string, unknown>;
  fraud_waiting: ReadonlyMap<string, FraudWaiting>;
  fraud_decided: ReadonlyMap<string, unknown>;
  list_entries_waiting: ReadonlyMap<string, unknown>;
  rules: ReadonlyMap<string, WrittenRule>;
  rule_hits: ReadonlyMap<string, RuleHits>;
}

export interface Snapshot {
  seq: number;
  at: string;
  tables: { [Name in keyof Tables]?: Record<string, unknown> };
}

export interface Change {
  table: string;
  key: string;
  row: unknown;
}

export interface Changes {
  seq: number;
  at: string;
  changes: Change[];
}

export const EMPTY: Tables = {
  board: new Map(),
  recommendations: new Map(),
  units: new Map(),
  cameras: new Map(),
  status: new Map(),
  rates: new Map(),
  fraud_money: new Map(),
  fraud_waiting: new Map(),
  fraud_decided: new Map(),
  list_entries_waiting: new Map(),
  rules: new Map(),
  rule_hits: new Map(),
};

/** The tables of a snapshot; tables that we don't know are left out. */
export function fromSnapshot(snapshot: Snapshot): Tables {
  const names = Object.keys(EMPTY) as (keyof Tables)[];
  const tables = names.map((name) => [name, new Map(Object.entries(snapshot.tables[name] ?? {}))]);
  return Object.fromEntries(tables) as Tables;
}

/** The tables after ``changes``, in order; a row of null takes the key away. */
export function apply(tables: Tables, changes: readonly Change[]): Tables {
  const after: Record<string, Map<string, unknown>> = {};
  for (const { table, key, row } of changes) {
    if (!(table in EMPTY)) continue;
    const rows = (after[table] ??= new Map<string, unknown>(tables[table as keyof Tables]));
    if (row === null) rows.delete(key);
    else rows.set(key, row);
  }
  return { ...tables, ...after } as Tables;
}

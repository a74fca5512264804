/** The analysts' desk: what the server tells of stopped calls and payments, and the calls that ask for it. */

import { type Page } from './api';
import { RulesApi } from './rules';
import type { Count, Priority } from './types';

export type Outcome = 'fraud' | 'honest' | 'unknown';

/** A call or payment that was not simply allowed. Parties are pseudonyms; amounts are decimal texts. */
export interface Stopped {
  decision: string;
  event: string;
  tenant: string;
  kind: 'payment' | 'call';
  action: 'allow' | 'warn' | 'hold' | 'block';
  score: number;
  codes: string[];
  says: string[];
  actor: string;
  counterpart: string;
  subscriber: string | null;
  time: string;
  amount: string | null;
  currency: string | null;
  in_tenge: string | null;
  hold_until: string | null;
  call_back: string | null;
  released: boolean;
  outcome: Outcome | null;
}

export interface FraudWaiting {
  count: number;
  version: number;
}

export interface PartyNode {
  id: string;
  kind: 'account' | 'number';
  decisions: number;
  frauds: number;
}

export interface PartyLink {
  source: string;
  target: string;
  kind: 'call' | 'payment' | 'telephone';
  decisions: number;
  frauds: number;
  in_tenge: string;
}

export interface Network {
  nodes: PartyNode[];
  links: PartyLink[];
  cut: boolean;
}

export interface Case {
  stopped: Stopped;
  why: {
    model: string | null;
    rules: string;
    values: Record<string, number> | null;
    challenger: { model: string; score: number; action: Stopped['action'] } | null;
    contributions: { feature: string; means: string; value: number; moved: number }[] | null;
  };
  timeline: Stopped[];
  network: Network;
  alike: { fraud: number; honest: number; open: number; items: Stopped[] };
}

/** One model's side of a comparison; precisions are null where not both kinds of labels are known. */
export interface Ranked {
  model: string;
  average_precision: number | null;
  card_precision_100: number | null;
  raised: number;
  raised_frauds: number;
  alone: number;
  alone_frauds: number;
}

/** What was told since of what a model raised, by how many days after it was decided. */
export interface Aged {
  model: string | null;
  from_d: number;
  until_d: number | null;
  frauds: number;
  honest: number;
  precision: number | null;
}

/** How the models did, by what was told of decisions since. */
export interface Review {
  decisions: number;
  raised: number;
  untold: number;
  matches: { payments: number; ranked: number; frauds: number; in_force: Ranked; challenger: Ranked }[];
  by_label_age: Aged[];
}

/** What a figure counts: money by currency, or decisions by what was done. */
export interface Figure {
  name: 'kept' | 'stopped' | 'released' | Count;
  currency: string | null;
}

export const LISTED_KINDS = ['msisdn', 'imsi', 'imei', 'account', 'payee'] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];

/** Whom a decision knows: who called or paid, who was called or paid, the payer's telephone. */
export type Party = 'actor' | 'counterpart' | 'subscriber';

/** An entry of a list that somebody proposes, or against which somebody appeals. */
export interface ListEntry {
  id: string;
  version: number;
  state: 'proposed' | 'in_force' | 'rejected' | 'appealed' | 'lifted';
  terms: { kind: ListedKind; reason: string; source: string; valid_until: string | null };
  changed: string;
  proposed_by: string | null;
  decided_by: string | null;
  evidence: string[];
  party: string | null;
  appeal: string | null;
}

export type EntryDecision = 'confirm' | 'reject' | 'uphold' | 'lift';
const PAGE_ITEMS = 100;

export class FraudApi extends RulesApi {
  /** What waits, the most urgent first; a page of it. */
  waiting(): Promise<Page<Stopped>> {
    return this.get(`/api/v1/fraud/waiting?limit=${PAGE_ITEMS}`);
  }

  /** What a figure counts, the newest first; a page of it. */
  counted({ name, currency }: Figure): Promise<Page<Stopped>> {
    const query = new URLSearchParams({ figure: name, limit: String(PAGE_ITEMS), ...(currency && { currency }) });
    return this.get(`/api/v1/statistics/fraud/stopped?${query}`);
  }

  reviewModels(days: number): Promise<Review> {
    return this.get(`/api/v1/statistics/fraud/models?days=${days}`);
  }

  case(decision: string): Promise<Case> {
    return this.get(`/api/v1/fraud/cases/${encodeURIComponent(decision)}`);
  }

  async tell(decision: string, outcome: Outcome): Promise<void> {
    await this.post(`/api/v1/decisions/${encodeURIComponent(decision)}/outcome`, { outcome });
  }

  async askCallBack(decision: string): Promise<void> {
    await this.post(`/api/v1/decisions/${encodeURIComponent(decision)}/call_back`, {});
  }

  entries(): Promise<Page<ListEntry>> {
    return this.get(`/api/v1/lists/waiting?limit=${PAGE_ITEMS}`);
  }

  /** An entry with what it lists in clear; that somebody looked is recorded. */
  entry(id: string): Promise<ListEntry & { listed: string | null }> {
    return this.get(`/api/v1/lists/entries/${encodeURIComponent(id)}`);
  }

  async propose(kind: ListedKind, value: string, reason: string, source: string, evidence: string[]): Promise<void> {
    await this.post('/api/v1/lists/entries', { kind, value, reason, source, evidence });
  }

  /** Proposes whom a decision knows by a pseudonym alone. */
  async proposeParty(decision: string, party: Party, reason: string, source: string): Promise<void> {
    await this.post('/api/v1/lists/parties', { decision, party, reason, source });
  }

  /** Decides about an entry as it was read: one that was proposed anew since is not confirmed. */
  async decideEntry({ id, version }: ListEntry, decision: EntryDecision, reason: string): Promise<void> {
    const said = decision === 'confirm' ? { reason, version } : { reason };
    await this.post(`/api/v1/lists/entries/${encodeURIComponent(id)}/${decision}`, said);
  }

  /** Takes down that whom it concerns objects to being listed. */
  async appeal(kind: ListedKind, value: string, reason: string): Promise<void> {
    const { entry } = await this.post<{ entry: string }>('/api/v1/lists/find', { kind, value });
    await this.post(`/api/v1/lists/entries/${encodeURIComponent(entry)}/appeal`, { reason });
  }
}

/** Below this much time a hold is the most urgent there is. */
export const ENDING_MS = 3 * 60_000;

/** Held and ending soon, held, a payment that was blocked, a call that was blocked. */
export function urgency({ kind, hold_until }: Stopped, nowMs: number): Priority {
  if (hold_until !== null) return Date.parse(hold_until) - nowMs < ENDING_MS ? 1 : 2;
  return kind === 'payment' ? 3 : 4;
}

/** Whether somebody should still say what it was. */
export function waits({ action, released, outcome }: Stopped): boolean {
  return (action === 'hold' || action === 'block') && !released && (outcome === null || outcome === 'unknown');
}

/** A pseudonym as it is said and read: its first four signs. */
export function shortName(pseudonym: string): string {
  return pseudonym.slice(0, 4).toUpperCase();
}

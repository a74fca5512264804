/** Rules that analysts write: what the server tells of them, and their expressions as a form of simple conditions. */

import { Api, type Page } from './api';

export type RuleKind = 'payment' | 'call';
export const VERDICTS = ['warn', 'hold', 'block'] as const;
export type Verdict = (typeof VERDICTS)[number];
export const MODES = ['shadow', 'enforced'] as const;
export type Mode = (typeof MODES)[number];

export interface RuleTerms {
  kind: RuleKind;
  expression: string;
  verdict: Verdict;
  reason: string;
  priority: number;
  mode: Mode;
}

/** A rule that somebody wrote: ``terms`` are in force, ``proposed`` waits for a second person. */
export interface WrittenRule {
  name: string;
  version: number;
  state: 'proposed' | 'in_force' | 'changing' | 'rejected' | 'retired';
  changed: string;
  proposed_by: string;
  terms: RuleTerms | null;
  proposed: RuleTerms | null;
  note: string;
  /** How often terms of it were put into force. */
  published: number;
  published_by: string | null;
  snoozed_until: string | null;
  outcome: string | null;
}

export interface RuleHits {
  acted: number;
  silent: number;
}

export type NamedTerms = RuleTerms & { name: string };

/** A rule of the centre's file; nobody changes those ``of_lists``. */
export type FileRule = NamedTerms & { of_lists: boolean };

export interface RuleField {
  name: string;
  type: 'number' | 'text';
  means: string;
}

/** What is wrong with what was typed; line and column count from 1, and are null where it is not the expression. */
export interface Misread {
  field: string;
  line: number | null;
  column: number | null;
  message: string;
}

export interface Checked {
  valid: boolean;
  error: Misread | null;
  fields: { name: string; means: string }[] | null;
  cost: number | null;
  cost_max: number | null;
}

/** What a rule, or the centre as it was, stops of the decisions that were tried. */
export interface Effect {
  hits: number;
  already: number;
  frauds: number;
  honest: number;
  disturbed: number;
  customers: number;
  amounts: Record<string, string>;
  fraud_amounts: Record<string, string>;
}

export interface Trial {
  decisions: number;
  tried: Effect;
  now: Effect;
  with: Effect;
}

export type RuleDecision = 'publish' | 'reject' | 'retire';

export class RulesApi extends Api {
  /** The rules of the centre's file, in force beside those that people wrote. */
  async rulesOfFile(): Promise<FileRule[]> {
    return (await this.get<Page<FileRule>>('/api/v1/rules/of-file')).items;
  }

  async ruleFields(kind: RuleKind): Promise<RuleField[]> {
    return (await this.get<Page<RuleField>>(`/api/v1/rules/fields?kind=${kind}`)).items;
  }

  checkRule(kind: RuleKind, expression: string, reason: string): Promise<Checked> {
    return this.post('/api/v1/rules/check', { kind, expression, reason });
  }

  tryRule(rule: NamedTerms, days: number): Promise<Trial> {
    return this.post('/api/v1/rules/backtest', { ...bare(rule), days });
  }

  async proposeRule(rule: NamedTerms, note: string): Promise<void> {
    await this.post('/api/v1/rules', { ...bare(rule), note });
  }

  /** Decides about a rule; one that has changed since it was read as this version is not published. */
  async decideRule(name: string, decision: RuleDecision, reason: string, version?: number): Promise<void> {
    const said = decision === 'publish' ? { reason, version } : { reason };
    await this.post(`/api/v1/rules/${encodeURIComponent(name)}/${decision}`, said);
  }

  async snoozeRule(name: string, until: string, reason: string): Promise<void> {
    await this.post(`/api/v1/rules/${encodeURIComponent(name)}/snooze`, { until, reason });
  }
}

/** A rule and nothing besides. */
export function bare({ name, kind, expression, verdict, reason, priority, mode }: NamedTerms): NamedTerms {
  return { name, kind, expression, verdict, reason, priority, mode };
}

export const RULE_NAME = /^[a-z][a-z0-9_]{0,63}$/;
export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];
/** How many of them a text can be compared by. */
export const COMPARISONS_OF_TEXTS = COMPARISONS.slice(0, 2);

/** One line of the form: a field, a comparison, and a value as it is typed, without quotes. */
export interface Condition {
  field: string;
  comparison: Comparison;
  value: string;
}

const PART =
  /^\s*([A-Za-z_]\w*)\s*(==|!=|<=|>=|<|>)\s*(?:(-?\d+(?:\.\d+)?)|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')\s*$/;
const QUOTED_OR_AND = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(&&)/g;

/** The form's lines of an expression; null where it says more than lines joined by ``&&`` can. */
export function conditionsOf(expression: string): Condition[] | null {
  if (expression.trim() === '') return [];
  const conditions: Condition[] = [];
  for (const part of parts(expression)) {
    const found = PART.exec(part);
    if (!found) return null;
    const [, field, comparison, number, double, single] = found;
    const value = number ?? (double ?? single)!.replace(/\\(.)/g, '$1');
    conditions.push({ field: field!, comparison: comparison as Comparison, value });
  }
  return conditions;
}

/** The expression of the form's lines; those without a value are left out. */
export function written(conditions: readonly Condition[], isText: (field: string) => boolean): string {
  return conditions
    .filter(({ value }) => value.trim() !== '')
    .map(({ field, comparison, value }) => {
      const told = isText(field) ? `"${value.trim().replace(/["\\]/g, '\\$&')}"` : value.trim();
      return `${field} ${comparison} ${told}`;
    })
    .join(' && ');
}

/** Which signs of a text stand at a line and a column: a whole word, one sign, or one past the end. */
export function markOf(text: string, { line, column }: Misread): [from: number, to: number] | null {
  if (line === null || column === null) return null;
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  // The server counts characters, and those outside of the basic plane are two signs here.
  const from = before + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
  const word = /^\w+/.exec(text.slice(from))?.[0] ?? '';
  return [from, from + Math.max(word.length, 1)];
}

function parts(expression: string): string[] {
  const cuts = [...expression.matchAll(QUOTED_OR_AND)].filter((found) => found[1]).map((found) => found.index);
  const from = [0, ...cuts.map((at) => at + 2)];
  return from.map((at, n) => expression.slice(at, cuts[n]));
}

/** How a rule stands, in one word of the page: what waits for a second person, then what acts, then what does not. */
export const STANDINGS = ['proposed', 'changing', 'in_force', 'in_shadow', 'asleep', 'rejected', 'retired'] as const;
export type Standing = (typeof STANDINGS)[number];

export function standing({ state, terms, snoozed_until }: WrittenRule, nowMs: number): Standing {
  if (state !== 'in_force') return state;
  if (snoozed_until !== null && Date.parse(snoozed_until) > nowMs) return 'asleep';
  return terms?.mode === 'shadow' ? 'in_shadow' : 'in_force';
}

/** In the order of STANDINGS, then by name. */
export function inOrder(rules: Iterable<WrittenRule>, nowMs: number): WrittenRule[] {
  const place = (rule: WrittenRule) => STANDINGS.indexOf(standing(rule, nowMs));
  return [...rules].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

/** Whether somebody should still publish or reject something of it. */
export function awaits({ state }: WrittenRule): boolean {
  return state === 'proposed' || state === 'changing';
}

/** The desk's rules: what stands, what an analyst types, what is said of it while it is typed, and how it did on the past. */

import { Problem } from '../lib/api';
import type { FraudApi } from '../lib/fraud';
import { t } from '../lib/messages';
import {
  awaits,
  bare,
  conditionsOf,
  inOrder,
  standing,
  written,
  RULE_NAME,
  type Checked,
  type Condition,
  type FileRule,
  type NamedTerms,
  type RuleDecision,
  type RuleField,
  type RuleKind,
  type Trial,
  type WrittenRule,
} from '../lib/rules';
import { refusal } from '../room/seat.svelte';
import type { FraudDesk } from './desk.svelte';
import { person } from './words';

const CHECK_MS = 250;
const HOUR_MS = 3_600_000;
/** The row under which a rule is written; no rule has such a name. */
export const DRAFT = '+';
/** What stands before the name of a rule of the file. */
const OF_FILE = 'file/';
export const TRIAL_DAYS = [7, 30, 90, 365] as const;
export const SNOOZE_HOURS = [1, 4, 12, 24, 72, 168, 336, 720] as const;
const BLANK: NamedTerms = {
  name: '',
  kind: 'payment',
  expression: '',
  verdict: 'hold',
  reason: '',
  priority: 50,
  mode: 'shadow',
};

export class RuleDesk {
  ofFile = $state.raw<FileRule[]>([]);
  fields = $state.raw<Record<RuleKind, RuleField[]>>({ payment: [], call: [] });
  draft = $state.raw<NamedTerms | null>(null);
  note = $state.raw('');
  /** The draft as lines of a form; null where it says more than these can. */
  conditions = $state.raw<Condition[] | null>([]);
  checked = $state.raw<Checked | null>(null);
  #checkedText = $state.raw('');
  days = $state.raw<number>(30);
  trial = $state.raw<{ of: string; days: number; trial: Trial } | null>(null);
  trying = $state.raw(false);
  #checking: ReturnType<typeof setTimeout> | undefined;

  /** When a rule stands otherwise by the clock alone, such as one that wakes. */
  #minuteMs = $derived.by(() => Math.floor(this.desk.board.nowMs / 60_000) * 60_000);
  written = $derived.by(() => inOrder(this.desk.board.tables.rules.values(), this.#minuteMs));
  /** Those of the file in whose places no other stands. */
  unchanged = $derived(
    this.ofFile.filter(({ name }) => !this.written.some((rule) => rule.name === name && rule.terms !== null)),
  );
  waiting = $derived(this.written.filter(awaits).length);
  ids = $derived([
    ...(this.draft ? [DRAFT] : []),
    ...this.written.map(({ name }) => name),
    ...this.unchanged.map(({ name }) => OF_FILE + name),
  ]);
  rule = $derived.by(() => this.written.find(({ name }) => name === this.desk.selected) ?? null);
  fileRule = $derived.by(() => this.unchanged.find(({ name }) => OF_FILE + name === this.desk.selected) ?? null);
  isWriting = $derived.by(() => this.desk.selected === DRAFT && this.draft !== null);
  isOwn = $derived.by(() => this.rule !== null && person(this.rule.proposed_by) === this.desk.me?.user);
  /** What a trial would be of: what is typed, what is proposed, what is in force. */
  subject = $derived.by((): NamedTerms | null => {
    if (this.isWriting) return this.draft;
    const terms = this.rule?.proposed ?? this.rule?.terms;
    return this.rule && terms ? { ...terms, name: this.rule.name } : this.fileRule;
  });
  result = $derived(this.trial?.of === tried(this.subject) && this.trial.days === this.days ? this.trial.trial : null);
  /** Whether it could be proposed or tried as it is typed. */
  isComplete = $derived(
    this.draft !== null &&
      RULE_NAME.test(this.draft.name) &&
      this.draft.reason.trim() !== '' &&
      this.#checkedText === typed(this.draft) &&
      this.checked?.valid === true,
  );

  constructor(
    private readonly desk: FraudDesk,
    private readonly api: FraudApi,
  ) {}

  async load(): Promise<void> {
    if (this.fields.payment.length) return;
    const [ofFile, payment, call] = await Promise.all([
      this.api.rulesOfFile(),
      this.api.ruleFields('payment'),
      this.api.ruleFields('call'),
    ]);
    [this.ofFile, this.fields] = [ofFile, { payment, call }];
  }

  idOfFile(name: string): string {
    return OF_FILE + name;
  }

  standing(rule: WrittenRule) {
    return standing(rule, this.#minuteMs);
  }

  isText(kind: RuleKind, field: string): boolean {
    return this.fields[kind].some(({ name, type }) => name === field && type === 'text');
  }

  /** A new rule, or the draft that was begun. */
  begin(): void {
    if (!this.desk.mayCommand) return;
    if (this.draft === null) this.#put(BLANK, '');
    this.desk.select(DRAFT);
  }

  /** Other terms for the open rule, in a draft. */
  change(): void {
    const rule = this.rule;
    if (!this.desk.mayCommand || (rule ? awaits(rule) : (this.fileRule?.of_lists ?? true))) return;
    const terms = rule ? { ...(rule.terms ?? BLANK), name: rule.name } : this.fileRule!;
    if (this.draft?.name !== terms.name) this.#put(bare(terms), '');
    this.desk.select(DRAFT);
  }

  discard(): void {
    this.draft = null;
    this.desk.select(null);
  }

  type(over: Partial<NamedTerms>): void {
    if (!this.draft) return;
    this.draft = { ...this.draft, ...over };
    if (over.expression !== undefined) this.conditions = conditionsOf(over.expression);
    if ('expression' in over || 'reason' in over || 'kind' in over) this.#checkSoon();
  }

  /** The form's lines, which write the expression. */
  fill(conditions: Condition[]): void {
    const draft = this.draft;
    if (!draft) return;
    this.conditions = conditions;
    this.draft = { ...draft, expression: written(conditions, (field) => this.isText(draft.kind, field)) };
    this.#checkSoon();
  }

  async propose(): Promise<void> {
    const draft = this.draft;
    if (!draft || !this.isComplete) return;
    const undo = () => this.decide(draft.name, 'reject', t('undo.reason'));
    const send = () => this.api.proposeRule({ ...draft, reason: draft.reason.trim() }, this.note.trim());
    if (!(await this.desk.perform(send, t('done.rule_proposed', { name: draft.name }), undo))) return;
    this.draft = null;
    this.desk.select(draft.name);
  }

  async decide(name: string, decision: RuleDecision, reason: string): Promise<void> {
    const version = this.rule?.name === name ? this.rule.version : undefined;
    const send = () => this.api.decideRule(name, decision, reason, version);
    if (await this.desk.perform(send, t(`done.rule_${decision}`, { name }))) this.desk.form = null;
  }

  async snooze(name: string, hours: number, reason: string): Promise<void> {
    const until = new Date(this.desk.board.nowMs + hours * HOUR_MS).toISOString();
    const send = () => this.api.snoozeRule(name, until, reason);
    const wake = () => this.wake(name);
    if (await this.desk.perform(send, t('done.rule_snoozed', { name }), wake)) this.desk.form = null;
  }

  async wake(name: string): Promise<void> {
    const until = new Date(this.desk.board.nowMs - HOUR_MS).toISOString();
    await this.desk.perform(() => this.api.snoozeRule(name, until, t('rule.woken')), t('done.rule_woken', { name }));
  }

  /** Tries the open rule on the past; a trial costs the server seconds, so one at a time. */
  async try(): Promise<void> {
    const [subject, days] = [this.subject, this.days];
    if (!subject || this.trying || !this.desk.mayCommand || (this.isWriting && !this.isComplete)) return;
    this.trying = true;
    try {
      this.trial = { of: tried(subject), days, trial: await this.api.tryRule(subject, days) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.desk.tell(refusal(error));
    } finally {
      this.trying = false;
    }
  }

  #put(draft: NamedTerms, note: string): void {
    [this.draft, this.note, this.checked] = [draft, note, null];
    this.conditions = conditionsOf(draft.expression);
    this.#checkSoon();
  }

  #checkSoon(): void {
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => void this.#check(), CHECK_MS);
  }

  async #check(): Promise<void> {
    const asked = this.draft;
    if (!asked) return;
    if (asked.expression.trim() === '') {
      this.checked = null;
      return;
    }
    try {
      const checked = await this.api.checkRule(asked.kind, asked.expression, asked.reason);
      // What was typed meanwhile is asked about by itself.
      if (this.draft && typed(asked) === typed(this.draft)) [this.checked, this.#checkedText] = [checked, typed(asked)];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.checked = null;
      this.desk.tell(refusal(error));
    }
  }
}

/** What the server checks of a draft. */
function typed({ kind, expression, reason }: NamedTerms): string {
  return JSON.stringify([kind, expression, reason]);
}

/** What a trial depends on. */
function tried(rule: NamedTerms | null): string {
  return JSON.stringify(rule && [rule.name, rule.kind, rule.expression, rule.verdict]);
}

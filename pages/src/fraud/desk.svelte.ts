/** The analysts' desk: what waits, what they look at, and what they say of it. */

import { Problem } from '../lib/api';
import {
  FraudApi,
  waits,
  type Case,
  type EntryDecision,
  type Figure,
  type ListedKind,
  type Party,
  type ListEntry,
  type Review,
  type Stopped,
} from '../lib/fraud';
import { t } from '../lib/messages';
import { neighbour } from '../lib/queue';
import { settling } from '../lib/settling';
import type { FraudStatistics } from '../lib/types';
import { refusal, Seat } from '../room/seat.svelte';
import { RuleDesk } from './rules.svelte';
import { what } from './words';

const SETTLE_MS = 500;
const CASE_SETTLE_MS = 5_000;
export const TABS = ['waiting', 'counted', 'lists', 'rules'] as const;
export type Tab = (typeof TABS)[number];
export type Form = 'release' | 'propose' | 'appeal' | 'retire' | 'snooze' | EntryDecision;

export class FraudDesk extends Seat {
  readonly rules: RuleDesk;
  tab = $state.raw<Tab>('waiting');
  figure = $state.raw<Figure>({ name: 'kept', currency: null });
  /** Null until they are known. */
  waiting = $state.raw<Stopped[] | null>(null);
  counted = $state.raw<Stopped[] | null>(null);
  entries = $state.raw<ListEntry[] | null>(null);
  statistics = $state.raw<FraudStatistics | null>(null);
  selected = $state.raw<string | null>(null);
  cursor = $state.raw<string | null>(null);
  case = $state.raw<Case | null>(null);
  entry = $state.raw<(ListEntry & { listed: string | null }) | null>(null);
  problem = $state.raw<Problem | null>(null);
  form = $state.raw<Form | null>(null);
  review = $state.raw<{ days: number; found: Review } | null>(null);
  reviewing = $state.raw(false);

  waitingCount = $derived(this.board.tables.fraud_waiting.get('system')?.count ?? 0);
  /** Changes whenever anything changed that this desk shows. */
  version = $derived(
    [this.board.tables.fraud_waiting.get('system')?.version, this.board.tables.list_entries_waiting.size].join(),
  );
  stopped = $derived(this.case?.stopped.decision === this.selected ? this.case.stopped : null);
  seesLists = $derived(this.me !== null && this.me.role !== 'analyst');
  ids = $derived.by(() => {
    if (this.tab === 'rules') return this.rules.ids;
    if (this.tab === 'lists') return (this.entries ?? []).map(({ id }) => id);
    return ((this.tab === 'waiting' ? this.waiting : this.counted) ?? []).map(({ decision }) => decision);
  });

  constructor(private readonly fraud = new FraudApi()) {
    super(fraud, '/live/fraud', ['fraud_analyst', 'supervisor'], 'barred.fraud_role');
    this.rules = new RuleDesk(this, fraud);
  }

  /** Asks for everything that is shown. */
  readonly refresh = settling(() => this.#load(), SETTLE_MS);
  /** The open case again: it costs the server more, so less often. */
  readonly #reopen = settling(() => this.#open(), CASE_SETTLE_MS);

  show(tab: Tab): void {
    if (tab === 'lists' && !this.seesLists) return;
    this.tab = tab;
    this.cursor = null;
    this.select(null);
    void this.#load();
  }

  /** Shows what a figure counts. */
  lead(figure: Figure): void {
    this.figure = figure;
    this.counted = null;
    this.show('counted');
  }

  /** The money that was kept, which is shown where nothing else is. */
  showMoney(): void {
    if (this.tab === 'rules') this.show('waiting');
    else this.select(null);
  }

  /** Looks back over so many days; it reads the log, so it is asked for and not kept up to date. */
  async lookBack(days: number): Promise<void> {
    if (this.reviewing) return;
    this.reviewing = true;
    try {
      this.review = { days, found: await this.fraud.reviewModels(days) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.tell(refusal(error));
    } finally {
      this.reviewing = false;
    }
  }

  select(id: string | null): void {
    if (id !== null) this.cursor = id;
    if (id === this.selected) return;
    this.selected = id;
    this.form = null;
    this.problem = null;
    this.entry = null;
    void this.#open();
  }

  move(by: number): void {
    this.cursor = neighbour(this.ids, this.cursor, by);
    if (this.selected !== null) this.select(this.cursor);
  }

  openForm(form: Form): void {
    this.form = this.form === form ? null : form;
    if (this.form) this.notice = null;
  }

  /** Closes the uppermost thing that is open. */
  back(): void {
    if (this.overlay) this.overlay = null;
    else if (this.form) this.form = null;
    else this.select(null);
  }

  /** The key that confirms: a fraud, an entry that somebody proposed, or a rule. */
  async confirm(): Promise<void> {
    const rule = this.rules.rule;
    if (this.tab === 'rules') {
      if (rule?.proposed && !this.rules.isOwn) await this.rules.decide(rule.name, 'publish', '');
      return;
    }
    if (this.entry) {
      if (this.entry.state === 'proposed') await this.decideEntry('confirm', '');
      return;
    }
    const stopped = this.stopped;
    if (!stopped || stopped.outcome === 'fraud') return;
    const done = t(stopped.amount ? 'done.fraud_kept' : 'done.fraud', { what: what(stopped) });
    await this.#tell(stopped, 'fraud', done);
  }

  /** Says that it was honest. What is held goes at once, so that is asked first. */
  async release(isSure = false): Promise<void> {
    const stopped = this.stopped;
    if (!stopped || stopped.outcome === 'honest') return;
    const goes = stopped.hold_until !== null && waits(stopped);
    if (goes && !isSure) this.openForm('release');
    else await this.#tell(stopped, 'honest', t(goes ? 'done.gone' : 'done.honest', { what: what(stopped) }), !goes);
  }

  async callBack(): Promise<void> {
    const stopped = this.stopped;
    if (!stopped || stopped.call_back !== null) return;
    const send = () => this.fraud.askCallBack(stopped.decision);
    await this.perform(send, t('done.call_back', { tenant: stopped.tenant }));
    await Promise.all([this.#open(), this.refresh()]);
  }

  async propose(kind: ListedKind, value: string, reason: string): Promise<void> {
    const stopped = this.stopped;
    if (!stopped) return;
    const send = () => this.fraud.propose(kind, value, reason, t('fraud.title'), [stopped.event]);
    if (await this.perform(send, t('done.proposed'))) this.form = null;
  }

  async proposeParty(party: Party, reason: string): Promise<void> {
    const stopped = this.stopped;
    if (!stopped) return;
    const send = () => this.fraud.proposeParty(stopped.decision, party, reason, t('fraud.title'));
    if (await this.perform(send, t('done.proposed'))) this.form = null;
  }

  async appeal(kind: ListedKind, value: string, reason: string): Promise<void> {
    if (await this.perform(() => this.fraud.appeal(kind, value, reason), t('done.appealed'))) this.form = null;
  }

  async decideEntry(decision: EntryDecision, reason: string): Promise<void> {
    const entry = this.entry;
    if (!entry) return;
    const send = () => this.fraud.decideEntry(entry, decision, reason);
    if (await this.perform(send, t(`done.entry_${decision}`))) this.select(null);
    await this.#load();
  }

  /** Opens the form for the key that refuses: a proposal, a listing that somebody appeals against, a rule in force. */
  refuse(): void {
    const rule = this.tab === 'rules' ? this.rules.rule : null;
    if (rule?.proposed) this.openForm('reject');
    else if (rule?.terms) this.openForm('retire');
    if (this.entry) this.openForm(this.entry.state === 'proposed' ? 'reject' : 'lift');
  }

  upholdEntry(): void {
    if (this.entry?.state === 'appealed') this.openForm('uphold');
  }

  async #tell(stopped: Stopped, outcome: 'fraud' | 'honest', done: string, canUndo = true): Promise<void> {
    const undo = async () => {
      await this.perform(() => this.fraud.tell(stopped.decision, 'unknown'), t('done.undone', { what: what(stopped) }));
      await Promise.all([this.#open(), this.refresh()]);
    };
    const send = () => this.fraud.tell(stopped.decision, outcome);
    if (await this.perform(send, done, canUndo ? undo : null)) this.form = null;
    await Promise.all([this.#open(), this.refresh()]);
  }

  async #load(): Promise<void> {
    await this.#quietly(async () => {
      const [waiting, statistics] = await Promise.all([this.fraud.waiting(), this.fraud.fraudStatistics()]);
      [this.waiting, this.statistics] = [waiting.items, statistics];
      if (this.seesLists) this.entries = (await this.fraud.entries()).items;
      if (this.tab === 'counted') this.counted = (await this.fraud.counted(this.figure)).items;
      if (this.tab === 'rules') await this.rules.load();
    });
    if (this.tab === 'waiting' || this.tab === 'counted') void this.#reopen();
  }

  async #open(): Promise<void> {
    const id = this.selected;
    if (id === null || this.tab === 'rules') return;
    await this.#quietly(async () => {
      if (this.tab === 'lists') {
        const entry = await this.fraud.entry(id);
        if (this.selected === id) this.entry = entry;
      } else {
        const opened = await this.fraud.case(id);
        if (this.selected === id) this.case = opened;
      }
    });
  }

  async #quietly(load: () => Promise<void>): Promise<void> {
    try {
      await load();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }
}


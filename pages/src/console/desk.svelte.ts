/** The desk: what the dispatcher looks at, and what the dispatcher does. */

import { Api, type CommandBodies } from '../lib/api';
import { t, type Key, type Values } from '../lib/messages';
import { activeQueue, closedQueue, neighbour } from '../lib/queue';
import type { Alert, Disposition, Incident, Priority } from '../lib/types';
import { Seat } from '../room/seat.svelte';
import { Detail } from './detail.svelte';

export type Form = 'note' | 'close' | 'priority' | 'reopen';
export type Spot = { kind: 'unit' | 'camera'; id: string };

export class Desk extends Seat {
  readonly detail: Detail;
  selected = $state.raw<string | null>(null);
  cursor = $state.raw<string | null>(null);
  tab = $state.raw<'active' | 'closed'>('active');
  spot = $state.raw<Spot | null>(null);
  form = $state.raw<Form | null>(null);
  others = $state.raw(false);
  /** Counts the wishes to see the whole city, and to play the clip. */
  cityWishes = $state.raw(0);
  clipWishes = $state.raw(0);

  active = $derived(activeQueue(this.board.tables.board));
  closed = $derived(closedQueue(this.board.tables.board));
  queue = $derived(this.tab === 'active' ? this.active : this.closed);
  incident = $derived(this.selected === null ? null : (this.board.tables.board.get(this.selected) ?? null));
  recommendation = $derived(
    this.selected === null ? null : (this.board.tables.recommendations.get(this.selected) ?? null),
  );
  /** The recommended unit, unless it is on the incident already. */
  proposed = $derived.by(() => {
    const unit = this.recommendation?.unit ?? null;
    return unit !== null && this.incident?.units.includes(unit) ? null : unit;
  });

  constructor(api = new Api()) {
    super(api, '/live', ['dispatcher', 'supervisor'], 'barred.role');
    this.detail = new Detail(api);
  }

  select(id: string | null): void {
    if (id === this.selected) return;
    this.selected = id;
    if (id !== null) this.cursor = id;
    this.form = null;
    this.others = false;
  }

  move(by: number): void {
    this.cursor = neighbour(
      this.queue.map(({ id }) => id),
      this.cursor,
      by,
    );
    if (this.selected !== null) this.select(this.cursor);
  }

  show(tab: 'active' | 'closed'): void {
    this.tab = tab;
  }

  openForm(form: Form): void {
    this.form = this.form === form ? null : form;
  }

  /** Closes the uppermost thing that is open. */
  back(): void {
    if (this.overlay) this.overlay = null;
    else if (this.form) this.form = null;
    else if (this.others) this.others = false;
    else if (this.spot) this.spot = null;
    else this.select(null);
  }

  acknowledge(): Promise<void> {
    return this.#command('acknowledge', {}, 'done.acknowledged');
  }

  /** Sends ``unit``, by default the recommended one; can be taken back for UNDO_MS. */
  async assign(unit = this.proposed): Promise<void> {
    const incident = this.incident;
    if (!incident || unit === null) return;
    this.others = false;
    const name = this.unitName(unit);
    await this.#command('assign', { unit }, 'done.assigned', { unit: name }, () =>
      this.#command('unassign', { unit, reason: t('undo.reason') }, 'done.released', { unit: name }, null, incident),
    );
  }

  divert(unit: string): Promise<void> {
    this.others = false;
    return this.#command('divert', { unit, reason: t('divert.reason') }, 'done.diverted', {
      unit: this.unitName(unit),
    });
  }

  release(unit: string): Promise<void> {
    const again = () => this.assign(unit);
    return this.#command('unassign', { unit, reason: '' }, 'done.released', { unit: this.unitName(unit) }, again);
  }

  note(text: string): Promise<void> {
    return this.#command('note', { text }, 'done.noted');
  }

  prioritise(priority: Priority, reason: string): Promise<void> {
    return this.#command('priority', { priority, reason }, 'done.prioritised', { priority });
  }

  async close(disposition: Disposition, note: string): Promise<void> {
    const incident = this.incident;
    if (!incident) return;
    const values = { disposition: t(`disposition.${disposition}`) };
    await this.#command('close', { disposition, note }, 'done.closed', values, () =>
      this.#command('reopen', { reason: t('undo.reason') }, 'done.reopened', {}, null, incident),
    );
  }

  reopen(reason: string): Promise<void> {
    return this.#command('reopen', { reason }, 'done.reopened');
  }

  /** The newest thing left behind of the incident, of which nobody said yet that it belongs there. */
  get thingLeft(): Alert | null {
    const alerts = this.detail.incident?.id === this.incident?.id ? (this.detail.incident?.alerts ?? []) : [];
    return alerts.findLast(({ kind, is_fixture }) => kind === 'abandoned_object' && !is_fixture) ?? null;
  }

  /** Says that it belongs there; taking that back opens again what was closed with it. */
  async markFixture(): Promise<void> {
    const incident = this.incident;
    const alert = this.thingLeft?.key;
    if (!incident || alert === undefined) return;
    const wasClosed = incident.state === 'closed';
    await this.#command('fixture', { alert, note: '' }, 'done.fixture', {}, async () => {
      const reason = t('undo.reason');
      await this.#command('release_fixture', { alert, reason }, 'done.fixture_released', {}, null, incident);
      const now = this.board.tables.board.get(incident.id);
      if (!wasClosed && now?.state === 'closed') {
        await this.#command('reopen', { reason }, 'done.reopened', {}, null, incident);
      }
    });
    void this.detail.load(incident);
  }

  /** The newest alert of the incident that tells of a camera that was moved and still is. */
  get viewMoved(): Alert | null {
    const alerts = this.detail.incident?.id === this.incident?.id ? (this.detail.incident?.alerts ?? []) : [];
    const still = (camera: string | null) =>
      camera !== null && this.board.tables.cameras.get(camera)?.fault === 'camera_moved';
    return alerts.findLast(({ kind, camera }) => kind === 'camera_moved' && still(camera)) ?? null;
  }

  /** Says that what the camera looks at now is meant. */
  async acceptView(): Promise<void> {
    const incident = this.incident;
    const alert = this.viewMoved?.key;
    if (!incident || alert === undefined) return;
    await this.#command('accept_view', { alert, note: '' }, 'done.accept_view');
    void this.detail.load(incident);
  }

  unitName(id: string): string {
    return this.board.tables.units.get(id)?.name ?? id;
  }

  cameraName(id: string): string {
    return this.board.tables.cameras.get(id)?.name ?? id;
  }

  /** ``text`` with what the server calls ``unit/U3`` by its name on the board. */
  protected override named(text: string): string {
    return text.replace(/\b(unit|incident)\/([\w-]+)/g, (_, kind: string, id: string) =>
      kind === 'unit' ? this.unitName(id) : (this.board.tables.board.get(id)?.title ?? id),
    );
  }

  async #command<Name extends keyof CommandBodies>(
    name: Name,
    body: CommandBodies[Name],
    done: Key,
    values: Values = {},
    undo: (() => Promise<void>) | null = null,
    incident: Incident | null = this.incident,
  ): Promise<void> {
    if (!incident) return;
    const send = () => this.api.command(incident.id, name, body);
    if (await this.perform(send, t(done, { title: incident.title, ...values }), undo)) this.form = null;
  }
}

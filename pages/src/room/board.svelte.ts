/** The live board: the tables as they were last heard of, and how long ago that was. */

import { follow, type Follower, type LiveMessage } from '../lib/live';
import { liveness } from '../lib/liveness';
import { apply, EMPTY, fromSnapshot, type Tables } from '../lib/tables';
import { Offset } from '../lib/time';

const TICK_MS = 250;

export class Board {
  tables = $state.raw<Tables>(EMPTY);
  #heardMs = $state.raw<number | null>(null);
  #retryAtMs = $state.raw<number | null>(null);
  #tickMs = $state.raw(Date.now());
  #offsetMs = $state.raw(0);
  #offset = new Offset();
  #follower: Follower | null = null;

  liveness = $derived(liveness(this.#heardMs, this.#retryAtMs, this.#tickMs));
  live = $derived(this.liveness.state === 'live');
  /** The server's present; on a board that is stale it stands still, so that nothing on it looks alive. */
  nowMs = $derived((this.live ? this.#tickMs : (this.#heardMs ?? this.#tickMs)) + this.#offsetMs);
  /** The server's present by this machine's reckoning, whether or not it is heard. */
  clockMs = $derived(this.#tickMs + this.#offsetMs);

  start(stream: string, signedOut: () => void): () => void {
    const ticking = setInterval(() => (this.#tickMs = Date.now()), TICK_MS);
    this.#follower = follow(stream, {
      message: (message) => this.#take(message),
      broken: (retryMs) => (this.#retryAtMs = Date.now() + retryMs),
      signedOut,
    });
    return () => {
      clearInterval(ticking);
      this.#follower?.stop();
    };
  }

  retry(): void {
    this.#follower?.retry();
  }

  #take(message: LiveMessage): void {
    const now = Date.now();
    this.#offset.heard(message.at, now);
    this.#offsetMs = this.#offset.ms;
    this.#heardMs = this.#tickMs = now;
    this.#retryAtMs = null;
    if (message.kind === 'snapshot') this.tables = fromSnapshot(message);
    if (message.kind === 'changes') this.tables = apply(this.tables, message.changes);
  }
}

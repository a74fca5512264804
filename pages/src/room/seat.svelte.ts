/** What every desk has: who sits there, the live board, what was just done and can be taken back, the theme. */

import { Problem, type Api } from '../lib/api';
import { t, type Key } from '../lib/messages';
import { keptTheme, wear, type Theme } from '../lib/theme';
import type { Me } from '../lib/types';
import { Board } from './board.svelte';

const UNDO_MS = 10_000;
const NOTICE_MS = 6_000;

export type Overlay = 'finder' | 'keys';

/** What was done or refused, in words; ``undo`` takes it back. */
export interface Notice {
  text: string;
  advice: string | null;
  refused: boolean;
  undo: (() => Promise<void>) | null;
}

export abstract class Seat {
  readonly board = new Board();
  me = $state.raw<Me | null>(null);
  overlay = $state.raw<Overlay | null>(null);
  notice = $state.raw<Notice | null>(null);
  busy = $state.raw(false);
  theme = $state.raw<Theme>('dark');
  #noticeEnds: ReturnType<typeof setTimeout> | undefined;

  mayCommand = $derived.by(() => this.me !== null && this.commanders.includes(this.me.role));
  /** Why no command can be given now; null when one can. */
  barred = $derived.by(() =>
    this.me === null || this.mayCommand ? (this.board.live ? null : t('barred.stale')) : t(this.looksOn),
  );

  /** ``commanders`` are the roles that act here; the others are told ``looksOn``. */
  constructor(
    readonly api: Api,
    private readonly stream: string,
    private readonly commanders: readonly string[],
    private readonly looksOn: Key,
  ) {
    this.wear(keptTheme());
  }

  /** Signs in and follows the live stream; gives what ends that. */
  start(): () => void {
    const signIn = () => location.assign('/sign-in');
    this.api.me().then(
      (me) => (this.me = me),
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (error.status === 401) signIn();
        else this.tell(refusal(error));
      },
    );
    return this.board.start(this.stream, signIn);
  }

  wear(theme: Theme): void {
    this.theme = theme;
    wear(theme);
  }

  tell(notice: Notice): void {
    clearTimeout(this.#noticeEnds);
    this.notice = notice;
    if (!notice.refused) this.#noticeEnds = setTimeout(() => (this.notice = null), notice.undo ? UNDO_MS : NOTICE_MS);
  }

  async undo(): Promise<void> {
    const undo = this.notice?.undo;
    this.notice = null;
    await undo?.();
  }

  /** Gives a command, unless one is under way or none can be given; tells what came of it. */
  async perform(
    send: () => Promise<void>,
    done: string,
    undo: (() => Promise<void>) | null = null,
  ): Promise<boolean> {
    if (this.busy) return false;
    if (this.barred !== null) {
      this.tell({ text: this.barred, advice: null, refused: true, undo: null });
      return false;
    }
    this.busy = true;
    try {
      await send();
      this.tell({ text: done, advice: null, refused: false, undo });
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const notice = refusal(error);
      this.tell({ ...notice, text: this.named(notice.text) });
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** ``text`` with what the server names by id as this desk calls it. */
  protected named(text: string): string {
    return text;
  }
}

/** A refusal in words, with what to do about it. */
export function refusal(problem: Problem): Notice {
  const advice: Record<number, Key> = {
    0: 'advice.unreachable',
    401: 'advice.sign_in',
    403: 'advice.forbidden',
    404: 'advice.gone',
    409: 'advice.moved_on',
    422: 'advice.input',
  };
  const text = problem.status === 0 ? t('problem.unreachable') : problem.message || t('problem.unknown');
  return { text, advice: t(advice[problem.status] ?? 'advice.again'), refused: true, undo: null };
}

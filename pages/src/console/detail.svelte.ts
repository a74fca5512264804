/** What the board does not carry of the chosen incident: its alerts, clips, caller and timeline. */

import { Problem, type Api } from '../lib/api';
import type { Incident, IncidentDetail, TimelineItem } from '../lib/types';

const CLIP_AWAITED_MS = 60_000;
const CLIP_RETRY_MS = 2_000;

export class Detail {
  incident = $state.raw<IncidentDetail | null>(null);
  timeline = $state.raw<TimelineItem[]>([]);
  problem = $state.raw<Problem | null>(null);
  #asked = 0;

  constructor(private readonly api: Api) {}

  /** Loads what belongs to ``row``; what an earlier call still brings is dropped. */
  async load(row: Incident): Promise<void> {
    const asked = ++this.#asked;
    if (this.incident?.id !== row.id) this.forget(asked);
    try {
      const [incident, timeline] = await Promise.all([this.api.incident(row.id), this.api.timeline(row.id)]);
      if (asked !== this.#asked) return;
      this.incident = incident;
      this.timeline = timeline;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked === this.#asked) this.problem = error;
    }
  }

  forget(asked = ++this.#asked): void {
    this.#asked = asked;
    this.incident = null;
    this.timeline = [];
    this.problem = null;
  }

  /** When to look again for a clip that is still being cut, in milliseconds; null when none is awaited. */
  clipRetryMs(nowMs: number): number | null {
    const newest = this.incident?.alerts.at(-1);
    if (!newest?.camera || newest.evidence.some(({ shows }) => !shows)) return null;
    return nowMs - Date.parse(newest.time) < CLIP_AWAITED_MS ? CLIP_RETRY_MS : null;
  }
}

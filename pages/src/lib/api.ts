/**
 * The server's calls, typed.
 *
 * A command carries one Idempotency-Key through all its tries, so that a try whose answer was lost does nothing twice.
 */

import type { CityMap, Disposition, FraudStatistics, IncidentDetail, Me, Priority, TimelineItem, Traffic } from './types';

const TRIES_MAX = 3;
const TRY_AGAIN_MS = 400;
const PAGE_ITEMS = 1_000;
const PAGES_MAX = 10;

/** A refusal: what the server said (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly field: string | null = null,
  ) {
    super(detail || title);
  }
}

export interface CommandBodies {
  acknowledge: Record<string, never>;
  assign: { unit: string };
  unassign: { unit: string; reason: string };
  divert: { unit: string; reason: string };
  priority: { priority: Priority; reason: string };
  note: { text: string };
  close: { disposition: Disposition; note: string };
  reopen: { reason: string };
  fixture: { alert: string; note: string };
  accept_view: { alert: string; note: string };
  release_fixture: { alert: string; reason: string };
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export class Api {
  #csrf = '';

  constructor(private readonly fetcher: typeof fetch = (...call) => fetch(...call)) {}

  async me(): Promise<Me> {
    const me = await this.get<Me>('/api/v1/me');
    this.#csrf = me.csrf;
    return me;
  }

  incident(id: string): Promise<IncidentDetail> {
    return this.get(`/api/v1/incidents/${encodeURIComponent(id)}`);
  }

  /** Oldest first; at most PAGES_MAX pages of it. */
  async timeline(id: string): Promise<TimelineItem[]> {
    const items: TimelineItem[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < PAGES_MAX; pages += 1) {
      const query = new URLSearchParams({ limit: String(PAGE_ITEMS), cursor });
      const page: Page<TimelineItem> = await this.get(`/api/v1/incidents/${encodeURIComponent(id)}/timeline?${query}`);
      items.push(...page.items);
      cursor = page.next;
    }
    return items;
  }

  /** The hours of a camera's line, the oldest first. */
  async traffic(camera: string, line: string, since: string): Promise<Traffic[]> {
    const query = new URLSearchParams({ camera, line, since, limit: String(PAGE_ITEMS) });
    const page: Page<Traffic> = await this.get(`/api/v1/traffic?${query}`);
    return page.items;
  }

  fraudStatistics(): Promise<FraudStatistics> {
    return this.get('/api/v1/statistics/fraud');
  }

  map(): Promise<CityMap> {
    return this.get('/api/v1/map');
  }

  /** Resolves when the server has appended what the command causes; a Problem otherwise. */
  async command<Name extends keyof CommandBodies>(id: string, name: Name, body: CommandBodies[Name]): Promise<void> {
    await this.post(`/api/v1/incidents/${encodeURIComponent(id)}/${name}`, body);
  }

  async signOut(): Promise<void> {
    await this.#try('/sign-out', { method: 'POST', headers: { 'X-CSRF-Token': this.#csrf } }, 1);
  }

  protected async post<Answer>(path: string, body: unknown): Promise<Answer> {
    const request: RequestInit = {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': idempotencyKey(),
        'X-CSRF-Token': this.#csrf,
      },
      body: JSON.stringify(body),
    };
    const response = await this.#try(path, request, TRIES_MAX);
    return (await response.json()) as Answer;
  }

  protected async get<Answer>(path: string): Promise<Answer> {
    const response = await this.#try(path, { headers: { Accept: 'application/json' } }, TRIES_MAX);
    return (await response.json()) as Answer;
  }

  async #try(path: string, request: RequestInit, triesMax: number): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      const response = await this.fetcher(path, request).catch(() => null);
      if (response?.ok) return response;
      const passing = response === null || response.status === 503;
      if (!passing || tries === triesMax) throw await problem(response);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS * tries));
    }
  }
}

/** Where a clip is fetched; every look at one is recorded with its purpose. */
export function evidenceUrl(sha256: string, incident: string): string {
  return `/api/v1/evidence/${sha256}?${new URLSearchParams({ purpose: `incident ${incident}` })}`;
}

/** 128 random bits; ``crypto.randomUUID`` is missing where a room's server speaks plain HTTP. */
function idempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function problem(response: Response | null): Promise<Problem> {
  if (response === null) return new Problem(0, '', '');
  const body: unknown = await response.json().catch(() => null);
  const { title, detail, field } = (body ?? {}) as { title?: unknown; detail?: unknown; field?: unknown };
  return new Problem(
    response.status,
    typeof title === 'string' ? title : response.statusText,
    typeof detail === 'string' ? detail : '',
    typeof field === 'string' ? field : null,
  );
}

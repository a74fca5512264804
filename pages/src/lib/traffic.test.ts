import { describe, expect, it } from 'vitest';

import { charts, HOURS } from './traffic';
import type { Traffic } from './types';

const NOW = Date.parse('2026-01-31T08:20:00Z');

function hour(line: string, from: string, forward: number, backward = 0): Traffic {
  return {
    camera: 'C1',
    line,
    from,
    until: from,
    forward: { car: forward, person: 1 },
    backward: { car: backward },
    watched_s: 3600,
    occupied: null,
    speed_kmh: 48,
    speed_uncertainty_kmh: 2,
  };
}

describe('charts', () => {
  it('has a bar for each of the last 24 hours of each line, the running hour last', () => {
    const rows = [hour('b', '2026-01-31T08:00:00Z', 4), hour('a', '2026-01-30T09:00:00Z', 9, 12)];
    const [a, b] = charts(rows, NOW);
    expect([a!.line, b!.line]).toEqual(['a', 'b']);
    expect(a!.bars).toHaveLength(HOURS);
    expect(a!.bars[0]).toMatchObject({ forward: 10, backward: 12, known: true, speedKmh: 48 });
    expect(b!.bars.at(-1)).toMatchObject({ forward: 5, backward: 0, known: true });
    expect(b!.bars[0]).toMatchObject({ forward: 0, known: false });
    expect([a!.most, b!.most]).toEqual([12, 5]);
  });

  it('leaves out what is older, and says nothing where nothing was watched', () => {
    expect(charts([hour('a', '2026-01-30T08:00:00Z', 4)], NOW)).toEqual([]);
  });
});

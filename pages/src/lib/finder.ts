/** The finder: one list of incidents, units, cameras and commands, and which of them a few letters mean. */

export interface Entry {
  id: string;
  group: 'incident' | 'unit' | 'camera' | 'command';
  label: string;
  hint: string;
}

export const FOUND_MAX = 12;

/** Entries that hold every word of ``query``, those that begin with it first; otherwise in their own order. */
export function find<E extends Entry>(entries: readonly E[], query: string): E[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const ranked = entries.flatMap((entry, order) => {
    const label = fold(entry.label);
    const whole = `${label} ${fold(entry.hint)} ${fold(entry.id)}`;
    if (!words.every((word) => whole.includes(word))) return [];
    return [{ entry, order, begins: words.length > 0 && label.startsWith(words[0]!) ? 0 : 1 }];
  });
  ranked.sort((a, b) => a.begins - b.begins || a.order - b.order);
  return ranked.slice(0, FOUND_MAX).map(({ entry }) => entry);
}

const fold = (text: string) => text.toLocaleLowerCase().normalize('NFC');

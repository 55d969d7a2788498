// Active Directory hands out a large group in pieces (`member;range=0-1499`). A missing piece must not read as people
// who left, so the pieces are checked to join up, from 0 to "*".
import type { Entry } from './entry.ts';

/** What is missing of the attribute's values, or null when they are all there. */
export function missingRange(entry: Entry, attribute: string): string | null {
  const ranges = entry
    .optionsOf(attribute)
    .flatMap((options) =>
      options.map((option) => /^range=(\d+)-(\d+|\*)$/.exec(option)).filter((found) => found !== null),
    )
    .map(([, from, to]) => ({ from: Number(from), to: to === '*' ? Number.POSITIVE_INFINITY : Number(to) }))
    .sort((a, b) => a.from - b.from);
  if (ranges.length === 0) return null;
  let next = 0;
  for (const { from, to } of ranges) {
    if (from > next) return `members ${next} to ${from - 1} are missing`;
    next = Math.max(next, to + 1);
  }
  return next === Number.POSITIVE_INFINITY ? null : `members from ${next} on are missing`;
}

/** The number to go on from, where the entry has only the beginning of the list; null where nothing is left. */
export function openRange(entry: Entry, attribute: string): number | null {
  let next: number | null = null;
  for (const option of entry.optionsOf(attribute).flat()) {
    const found = /^range=\d+-(\d+|\*)$/.exec(option);
    if (found === null) continue;
    if (found[1] === '*') return null;
    next = Math.max(next ?? 0, Number(found[1]) + 1);
  }
  return next;
}

// "Did you mean …?": the known name closest to one that nobody knows.

/** A name is near when at most a third of its characters would have to change, and never fewer than one may. */
const NEAR = 1 / 3;

/** The nearest of `known`, or null when none is near enough to be what was meant. Case does not count. */
export function nearest(name: string, known: Iterable<string>, within: number = NEAR): string | null {
  const wanted = name.toLowerCase();
  const bound = Math.max(1, Math.floor(wanted.length * within));
  let best: string | null = null;
  let least = bound + 1;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** ` Did you mean X?` to be put behind a sentence, or nothing. */
export function suggestion(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === null ? '' : `. Did you mean ${near}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours, each once (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      next.push(cost);
    }
    beforeLast = last;
    last = next;
  }
  return last[b.length] ?? 0;
}

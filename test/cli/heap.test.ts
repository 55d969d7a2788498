// V8 takes what it is told while it runs: a newer one that does not would let a large directory take twice the memory.
import { expect, test } from 'vitest';
import { startScript } from '../support/process.ts';

test('a process that is told to collect early keeps less for what is new', async () => {
  const [early, late] = await Promise.all(['early', 'late'].map((when) => startScript('survivors', when).ended));
  expect(Number(early?.at(-1))).toBeLessThan(40 * 2 ** 20);
  expect(Number(late?.at(-1))).toBeGreaterThan(Number(early?.at(-1)));
});

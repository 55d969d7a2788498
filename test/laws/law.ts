// A law of the design: its words, and properties that take the core as a parameter, so that a mutant must fail them.
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Core } from './core.ts';
import { core } from './core.ts';

export interface Law {
  readonly number: number;
  /** The law's own words. */
  readonly words: string;
  readonly properties: Readonly<Record<string, (core: Core) => fc.IRawProperty<unknown>>>;
  /** Generated cases per property. */
  readonly runs: number;
}

/** Checks the law on the real core. */
export function testLaw(law: Law): void {
  describe(`law ${law.number}: ${law.words}`, () => {
    for (const [words, property] of Object.entries(law.properties)) {
      test(words, () => {
        void fc.assert(property(core), { numRuns: law.runs });
      });
    }
  });
}

/** The same cases each time: whether a mutant is caught is no matter of luck. */
export const SEED = Number(process.env['SEED'] ?? 1);

/** The first property that the given core fails; null where it keeps the law. A few cases of each are tried first. */
export function brokenProperty(law: Law, broken: Core): string | null {
  for (const numRuns of [Math.ceil(law.runs / 10), law.runs]) {
    for (const [words, property] of Object.entries(law.properties)) {
      const details = fc.check(property(broken), { numRuns, endOnFailure: true, seed: SEED });
      if (!(details instanceof Promise) && details.failed) return words;
    }
  }
  return null;
}

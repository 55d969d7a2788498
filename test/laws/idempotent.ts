// Law 2. What is already so is neither planned nor written again.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import { said } from './readings.ts';

export const idempotent: Law = {
  number: 2,
  words: 'Idempotent',
  runs: 400,
  properties: {
    'planning what is already so is empty and writes nothing': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true }),
        lives(8),
        said,
        (setting, before, one) => {
          const life = new Life(core, setting);
          for (const step of before) life.take(step);
          // A source that cannot be asked proves an absence by the second read: there the repetition says something new.
          const reading = one.kind === 'directory' && one.foundByLookUp === null ? { ...one, complete: false } : one;
          life.take({ kind: 'reading', said: reading });
          const again = life.take({ kind: 'reading', said: reading });
          deepStrictEqual(again.committed, []);
          deepStrictEqual(again.held, []);
          deepStrictEqual(again.facts ?? NO_FACTS, NO_FACTS);
          life.world.tick();
          deepStrictEqual(life.world.anew(), []);
        },
      ),
  },
};

const NO_FACTS = { people: [], groups: [], linked: [], unlinked: [] };

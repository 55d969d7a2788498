// Law 13. The memberships are what the stored facts, links, mappings, grants, blocks and keeps give, and nothing else.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';

export const derived: Law = {
  number: 13,
  words: 'Derived',
  runs: 600,
  properties: {
    'at any instant, planning everybody anew gives an empty plan, open holds aside': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true }),
        lives(),
        (setting, steps) => {
          const life = new Life(core, setting);
          deepStrictEqual(life.world.anew(), []);
          for (const step of steps) {
            life.take(step);
            deepStrictEqual(life.world.anew(), []);
            assertHolds(life);
          }
        },
      ),
  },
};

/** What is held is still what planning without the hold gives. */
function assertHolds({ world, holds }: Life): void {
  for (const row of holds.open.values()) {
    const options = { now: world.now, organizations: [row.organization], seatFree: () => true };
    const review = world.core.reviewHeld(world.landscape(), world.dossier(row.account), [row], options);
    deepStrictEqual(review.moot, []);
    deepStrictEqual(review.restated, []);
  }
}

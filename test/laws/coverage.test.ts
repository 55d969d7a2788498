// Laws that never met a rule prove nothing about it: how often the generated lives reach each one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settings } from './arbitraries.ts';
import { core } from './core.ts';
import { SEED } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import { Tally, countReading, countRows, countStanding } from './rules.ts';

const LIVES = 3000;
/** Each rule at least this often in these lives; a rule below it needs a better generator, not a lower number. */
const LEAST = 15;

test('every rule of section 4 is reached by the generated lives', () => {
  const tally = new Tally();
  const anything = settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true });
  fc.assert(
    fc.property(anything, lives(), (setting, steps) => {
      const life = new Life(core, setting);
      for (const step of steps) {
        if (step.kind === 'reading') countReading(tally, life, step.said);
        countRows(tally, life.world, life.take(step));
      }
      countStanding(tally, life);
      countLinks(tally, life);
    }),
    { numRuns: LIVES, seed: SEED },
  );
  const rows = [...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...rows.map(([rule]) => rule.length));
  console.log(rows.map(([rule, count]) => `${rule.padEnd(width)} ${String(count).padStart(6)}`).join('\n'));
  expect(rows.filter(([, count]) => count < LEAST)).toEqual([]);
});

function countLinks(tally: Tally, { world }: Life): void {
  for (const decision of world.decisions) tally.count(decision === 'wait' ? 'link: waits' : `link: ${decision}`);
}

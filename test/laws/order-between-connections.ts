// Law 1. Roles and statuses are a fold over what each connection says last; who spoke first must not show.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { PersonGrant } from '../../src/core/membership.ts';
import { memberGrant, settings } from './arbitraries.ts';
import type { Core } from './core.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { readings } from './readings.ts';
import type { Said, Setting } from './setting.ts';

const aside = settings({ owner: 'apart', seats: false, brake: false, joinByAddress: false });

export const orderBetweenConnections: Law = {
  number: 1,
  words: 'Order between connections does not matter',
  runs: 500,
  properties: {
    'given the same links, readings of different connections interleaved in any way give the same roles and statuses': (
      core,
    ) =>
      fc.property(
        aside,
        readings,
        fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
        fc.array(memberGrant, { maxLength: 1 }),
        (setting, said, choices, late) => {
          deepStrictEqual(outcome(core, setting, interleave(said, choices), late), outcome(core, setting, said, late));
        },
      ),
    'within a connection its last word counts': (core) =>
      fc.property(aside, readings, (setting, said) => {
        // Saying the last thing once more changes no fact.
        const life = new Life(core, setting);
        for (const one of said) life.take({ kind: 'reading', said: one });
        const last = said.findLast(
          (one) => life.hears(one) && !(one.kind === 'directory' && one.foundByLookUp === null),
        );
        if (last === undefined || said.at(-1) !== last) return;
        const before = life.world.factsOf(last.connection).text();
        life.take({ kind: 'reading', said: last });
        deepStrictEqual(life.world.factsOf(last.connection).text(), before);
      }),
  },
};

/** The readings in another order that keeps each connection's own. */
function interleave(said: readonly Said[], choices: readonly number[]): Said[] {
  const queues = [...Map.groupBy(said, ({ connection }) => connection).values()].map((queue) => [...queue]);
  return said.flatMap((_, nth) => {
    const left = queues.filter((queue) => queue.length > 0);
    return left[(choices[nth] ?? 0) % left.length]?.shift() ?? [];
  });
}

/** Role and status of everybody at the end. A deactivated row is as good as none, its last role aside. */
function outcome(core: Core, setting: Setting, said: readonly Said[], late: readonly Omit<PersonGrant, 'since'>[]) {
  const life = new Life(core, setting);
  for (const one of said) life.take({ kind: 'reading', said: one });
  for (const grant of late) life.take({ kind: 'grant', ...grant });
  const rows = [...life.world.memberships.values()].map(({ organization, account }) => {
    const standing = life.world.standing(organization, account);
    const shown = standing?.status === 'deactivated' ? { status: 'deactivated' } : standing;
    return [`${organization} ${account}`, shown] as const;
  });
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

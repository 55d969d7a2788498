// Law 9. What an organization's own connection says, and what its mappings name, ends at that organization.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import type { Step } from './setting.ts';
import type { World } from './world.ts';

export const noLeakBetweenOrganizations: Law = {
  number: 9,
  words: 'No leak between organizations',
  runs: 500,
  properties: {
    'a connection owned by one organization changes nothing in another, whatever its mappings name': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true }),
        lives(10),
        (setting, steps) => {
          const life = new Life(core, setting);
          for (const step of steps) {
            const owner = ownerBehind(life.world, step);
            const before = elsewhere(life.world, owner);
            const { committed, held } = life.take(step);
            if (owner === null) continue;
            deepStrictEqual(elsewhere(life.world, owner), before);
            deepStrictEqual(
              [...committed, ...held].filter(({ organization }) => organization !== owner),
              [],
            );
            deepStrictEqual(
              life.world.anew().filter(({ organization }) => organization !== owner),
              [],
            );
          }
        },
      ),
  },
};

/** The organization that owns the connection which speaks or is edited; null where nobody does. */
function ownerBehind(world: World, step: Step): string | null {
  const id =
    step.kind === 'reading'
      ? step.said.connection
      : step.kind === 'mapping'
        ? step.mapping.connection
        : step.kind === 'state'
          ? step.connection
          : null;
  return (id === null ? null : world.connections.get(id)?.organization) ?? null;
}

function elsewhere(world: World, owner: string | null): unknown {
  return {
    organizations: [...world.organizations].filter(([id]) => id !== owner),
    memberships: [...world.memberships].filter(([, one]) => one.organization !== owner),
    placements: [...world.placements].filter(([, one]) => one.organization !== owner),
    blocks: [...world.blocks].filter(([, one]) => one.organization !== owner),
  };
}

// Law 3. A reading may take back what its own connection said, and suspend; it takes nothing that others gave.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { Grant } from '../../src/core/grant.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import { said } from './readings.ts';
import type { World } from './world.ts';

const anything = settings({ owner: 'anyone', seats: true, brake: false, joinByAddress: false });

export const sourceWithdrawsItsOwn: Law = {
  number: 3,
  words: 'A source withdraws only what it gave',
  runs: 400,
  properties: {
    'no reading changes a fact of another connection or of people': (core) =>
      fc.property(anything, lives(8), said, (setting, before, reading) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const untouched = factsBeside(life.world, reading.connection);
        life.take({ kind: 'reading', said: reading });
        deepStrictEqual(factsBeside(life.world, reading.connection), untouched);
      }),
    'the grants of other connections and of people stay in every membership': (core) =>
      fc.property(anything, lives(8), said, (setting, before, reading) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const kept = grantsBeside(life.world, reading.connection);
        life.take({ kind: 'reading', said: reading });
        const after = grantsBeside(life.world, reading.connection);
        for (const [key, grants] of kept) deepStrictEqual(after.get(key), grants);
      }),
  },
};

function factsBeside(world: World, speaker: ConnectionId): unknown {
  return {
    facts: [...world.facts].filter(([id]) => id !== speaker).map(([id, facts]) => [id, facts.text()]),
    personGrants: [...world.personGrants],
    blocks: [...world.blocks],
  };
}

/** Default roles step back when a role is given, so they are aside. */
function grantsBeside(world: World, speaker: ConnectionId): Map<string, Grant[]> {
  return new Map(
    [...world.memberships].map(([key, { because }]) => [
      key,
      because.filter((grant) => grant.connection !== speaker && !grant.fallback),
    ]),
  );
}

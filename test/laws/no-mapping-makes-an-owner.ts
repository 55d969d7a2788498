// Law 8 (and 7 with it). The seat moves only when its holder is suspended, or comes back to an open vacancy.
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { Organization } from '../../src/core/organization.ts';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import type { Taken } from './life.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import type { World } from './world.ts';

export const noMappingMakesAnOwner: Law = {
  number: 8,
  words: 'No mapping makes an Owner, and none unmakes one except through a vacancy',
  runs: 500,
  properties: {
    'the seat moves only with a suspension, or back to the former Owner': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true }),
        lives(),
        (setting, steps) => {
          const life = new Life(core, setting);
          assertSeats(life.world);
          for (const step of steps) {
            const before = new Map(life.world.organizations);
            const taken = life.take(step);
            assertSeats(life.world);
            for (const organization of before.values()) assertMoves(life.world, taken, organization);
          }
        },
      ),
  },
};

/** One Owner, active, or one unresolved vacancy; and nobody else is shown as Owner. */
function assertSeats(world: World): void {
  for (const { id, owner, vacancy } of world.organizations.values()) {
    ok((owner === null) !== (vacancy === null));
    if (owner !== null) deepStrictEqual(world.standing(id, owner), { role: 'owner', status: 'active' });
    for (const account of world.accounts.keys()) ok(account === owner || world.standing(id, account)?.role !== 'owner');
  }
}

function assertMoves(world: World, { step, committed }: Taken, before: Organization): void {
  const moves = committed.filter(({ organization, seat }) => organization === before.id && seat !== null);
  for (const { seat, membership, reason, after } of moves) {
    ok(reason !== '');
    if (seat === 'vacates') ok(membership?.after.suspendedBy !== null && after?.status === 'deactivated');
    else deepStrictEqual(after, { role: 'owner', status: 'active' });
  }
  const owner = world.organizations.get(before.id)?.owner ?? null;
  if (owner === before.owner || step.kind === 'assign') return;
  // Whoever sits in it now was not there before: the former Owner, or the successor after a departure.
  if (before.owner === null) deepStrictEqual(owner, before.vacancy?.formerOwner);
  else {
    ok(moves.some(({ seat, account }) => seat === 'vacates' && account === before.owner));
    deepStrictEqual(world.standing(before.id, before.owner)?.status, 'deactivated');
    ok(owner === null || owner === before.successor);
  }
}

// Law 10. A because leads down to the fact and the moment it was learned; it is a copy, so it outlives its mapping.
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { Mapping } from '../../src/core/connection.ts';
import type { Grant } from '../../src/core/grant.ts';
import { ROLE_SOURCES } from '../../src/core/grant.ts';
import type { AccountId, ConnectionId, Instant } from '../../src/core/ids.ts';
import type { Membership } from '../../src/core/membership.ts';
import type { Change } from '../../src/core/plan.ts';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import type { World } from './world.ts';

export const everyMembershipExplainsItself: Law = {
  number: 10,
  words: 'Every membership explains itself',
  runs: 400,
  properties: {
    'down to the fact and the moment it was learned, also when the mapping or group is gone by now': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: true, joinByAddress: true }),
        lives(),
        (setting, steps) => {
          const life = new Life(core, setting);
          for (const step of steps) {
            const { committed } = life.take(step);
            for (const change of committed) assertChange(change);
            for (const membership of life.world.memberships.values()) assertMembership(life.world, membership);
            for (const { because } of life.world.placements.values()) ok(because.length > 0);
          }
        },
      ),
    'every live grant is listed': (core) =>
      fc.property(
        settings({ owner: 'anyone', seats: true, brake: false, joinByAddress: true }),
        lives(),
        (setting, steps) => {
          const life = new Life(core, setting);
          for (const step of steps) life.take(step);
          for (const account of life.world.accounts.keys()) assertListed(life.world, account);
        },
      ),
  },
};

/** Whatever mapping an active person's groups meet stands in the because, and nothing else comes from a mapping. */
function assertListed(world: World, account: AccountId): void {
  for (const organization of world.organizations.keys()) {
    const membership = world.memberships.get(`${organization} ${account}`);
    const listed = (membership?.because ?? []).flatMap(({ mappingId, groupId }) =>
      mappingId === null ? [] : `${mappingId} ${groupId}`,
    );
    const met = [...world.mappings.values()]
      .filter((mapping) => mapping.open && mapping.organization === organization)
      .flatMap((mapping) => groupsMet(world, account, mapping).map((groupId) => `${mapping.id} ${groupId}`));
    deepStrictEqual(listed.sort(), met.sort());
  }
}

function groupsMet(
  world: World,
  account: AccountId,
  { connection: id, organization, groupBy, groupKey }: Mapping,
): string[] {
  const connection = world.connections.get(id);
  if (connection?.state !== 'active' && connection?.state !== 'paused') return [];
  if (connection.organization !== null && connection.organization !== organization) return [];
  return [...world.factsOf(id).groups.values()]
    .filter(({ present, externalId, nameKey }) => present && (groupBy === 'id' ? externalId : nameKey) === groupKey)
    .map(({ externalId }) => externalId)
    .filter((groupId) =>
      activePeople(world, account, id).some(
        (person) => learnedAt(world, person, { connection: id, groupId }).length > 0,
      ),
    );
}

function assertMembership(world: World, membership: Membership): void {
  const { organization, account, because, status, suspendedBy, role } = membership;
  const isOwner = world.organizations.get(organization)?.owner === account;
  // The Owner's reason is the seat: no grant is needed to stay in it.
  if (status !== 'deactivated' && !isOwner) {
    ok(because.length > 0);
    deepStrictEqual(because.find((grant) => grant.role !== null)?.role, role);
  }
  if (status === 'deactivated') ok(suspendedBy !== null || !because.some((grant) => grant.role !== null));
  else deepStrictEqual(suspendedBy, null);
  for (const grant of because) {
    assertText(grant);
    if (!isMasked(world, membership, grant)) assertFact(world, membership, grant);
  }
}

/** Of what is taken away the row names what gave it, in the words of then. */
function assertChange({ kind, because, membership, reason }: Change): void {
  if (membership === null) return;
  ok(reason !== '');
  for (const grant of because) assertText(grant);
  const { before, after } = membership;
  if (kind !== 'removed' || before === null) return;
  ok(because.length > 0 || before.because.length === 0);
  const lost = new Set(before.because.map((grant) => JSON.stringify(grant)));
  for (const grant of because) ok(lost.has(JSON.stringify(grant)));
  ok(after.status !== 'active');
}

function assertText({ source, since, connection, group, groupId, mapping, mappingId, fallback }: Grant): void {
  ok(ROLE_SOURCES.includes(source));
  ok(!Number.isNaN(Date.parse(since)));
  if (connection === null) deepStrictEqual([group, mapping, mappingId], [null, null, null]);
  else if (fallback) ok(mapping !== null);
  else ok(group !== null && groupId !== null && mapping !== null && mappingId !== null);
}

function isMasked(world: World, { organization, account }: Membership, grant: Grant): boolean {
  return [...world.masks.values()].some(
    (mask) =>
      mask.organization === organization &&
      mask.account === account &&
      (mask.connection === null || mask.connection === grant.connection),
  );
}

function assertFact(world: World, { organization, account }: Membership, grant: Grant): void {
  if (grant.connection === null) {
    const given = world.personGrants.get(`${organization} ${account}`);
    deepStrictEqual([grant.role, grant.source, grant.since], [given?.role, given?.source, given?.since]);
  } else if (grant.fallback) ok(activePeople(world, account, grant.connection).length > 0);
  else {
    const learned = activePeople(world, account, grant.connection).flatMap((id) => learnedAt(world, id, grant));
    deepStrictEqual(grant.since, learned.sort()[0]);
    const facts = world.factsOf(grant.connection);
    deepStrictEqual(grant.group, facts.groups.get(grant.groupId ?? '')?.name);
    const mapping = grant.mappingId === null ? undefined : world.mappings.get(grant.mappingId);
    ok(mapping?.open === true && mapping.organization === organization);
    ok(grant.mapping?.startsWith(mapping.groupBy === 'id' ? `id ${mapping.group}` : mapping.group));
    deepStrictEqual(
      mapping.groupBy === 'id' ? grant.groupId : facts.groups.get(grant.groupId ?? '')?.nameKey,
      mapping.groupKey,
    );
  }
}

function activePeople(world: World, account: AccountId, connection: ConnectionId): string[] {
  return [...world.factsOf(connection).people.values()]
    .filter(({ externalId, present, active }) => {
      return present && active && world.links.get(`${connection} ${externalId}`) === account;
    })
    .map(({ externalId }) => externalId);
}

/** When the person was first said to be in a group that is, or stands inside, the mapped one; nothing leads through a gone one. */
function learnedAt(
  world: World,
  person: string,
  { connection, groupId }: Pick<Grant, 'connection' | 'groupId'>,
): Instant[] {
  if (connection === null || groupId === null) return [];
  const facts = world.factsOf(connection);
  const inside = new Set([groupId]);
  for (const group of inside) {
    for (const { member } of facts.known().linksInto(group)) {
      if (member.kind === 'group' && facts.groups.get(member.externalId)?.present === true)
        inside.add(member.externalId);
    }
  }
  return facts.linksOf('person', person).flatMap(({ group, since }) => (inside.has(group) ? [since] : []));
}

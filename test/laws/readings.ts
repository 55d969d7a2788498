// Generated readings: what a SCIM client pushes, what a sign-in asserts, what a directory read finds.
import fc from 'fast-check';
import type { MemberRef } from '../../src/core/fact.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { PersonSaid } from '../../src/core/reading.ts';
import { mostly } from './arbitraries.ts';
import type { DirectorySaid } from './directory-read.ts';
import { CONNECTIONS, GROUPS, NAMES, PEOPLE } from './people.ts';
import { addressOf, keyIn, kindOf, nameIn } from './people.ts';
import type { PushSaid, Said } from './setting.ts';

const personId = fc.constantFrom(...PEOPLE);
const groupId = fc.constantFrom(...GROUPS);

const memberRef: fc.Arbitrary<MemberRef> = fc.oneof(
  { arbitrary: personId.map((externalId) => ({ kind: 'person' as const, externalId })), weight: 3 },
  groupId.map((externalId) => ({ kind: 'group' as const, externalId })),
);

/** Their own, in another spelling, somebody else's, of a domain nobody verified, none. */
function address(externalId: string): fc.Arbitrary<string | null> {
  const nth = PEOPLE.indexOf(externalId);
  const own = addressOf(nth);
  return fc.oneof(
    { arbitrary: fc.constant(own), weight: 4 },
    fc.constantFrom(own.toUpperCase(), addressOf((nth + 1) % 4), `p${nth}@other.example`, 'new@one.example', null),
  );
}

export const person: fc.Arbitrary<Omit<PersonSaid, 'groups'>> = personId.chain((externalId) =>
  fc.record({
    externalId: fc.constant(externalId),
    active: mostly(true, false),
    attributes: fc.record({
      email: address(externalId),
      userName: fc.constant(null),
      firstName: fc.constant(null),
      lastName: fc.constant(null),
      locator: fc.constant(null),
    }),
  }),
);

export function groupOf(connection: ConnectionId) {
  const kind = kindOf(connection);
  // Mostly each id under its own name; renames and two groups of one name happen.
  return fc.tuple(fc.nat(3), fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, fc.nat(3))).map(([nth, other]) => ({
    externalId: GROUPS[nth]!,
    name: nameIn(kind, NAMES[other ?? nth]!),
    nameKey: keyIn(kind, NAMES[other ?? nth]!),
  }));
}

export const EMPTY = { people: [], groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };

export function push(connection: ConnectionId): fc.Arbitrary<PushSaid> {
  const people = fc.uniqueArray(person, { minLength: 1, maxLength: 4, selector: ({ externalId }) => externalId });
  const group = groupOf(connection);
  const moves = fc.array(fc.record({ group: groupId, member: memberRef }), { minLength: 1, maxLength: 3 });
  const members = fc.oneof(
    { arbitrary: fc.array(memberRef, { maxLength: 5 }), weight: 3 },
    fc.constant('unknown' as const),
  );
  const groups = fc
    .uniqueArray(group, { minLength: 1, maxLength: 3, selector: ({ externalId }) => externalId })
    .chain((named) => fc.tuple(...named.map((one) => members.map((list) => ({ ...one, members: list })))));
  const said = people.map((all) => all.map((one) => ({ ...one, groups: 'unknown' as const })));
  const part = fc.oneof(
    { arbitrary: fc.record({ people: said }), weight: 4 },
    { arbitrary: fc.record({ groups }), weight: 4 },
    { arbitrary: fc.record({ people: said, groups }), weight: 2 },
    { arbitrary: fc.record({ joins: moves }), weight: 2 },
    fc.record({ leaves: moves }),
    fc.record({ joins: moves, leaves: moves }),
    fc.record({ peopleGone: fc.tuple(personId) }),
    fc.record({ people: said, peopleGone: fc.tuple(personId) }),
    fc.record({ groupsGone: fc.tuple(groupId) }),
  );
  return part.map((fields) => ({ ...EMPTY, ...fields, kind: 'push', connection }));
}

function signIn(connection: ConnectionId): fc.Arbitrary<PushSaid> {
  const values = fc.oneof({ arbitrary: fc.subarray(NAMES), weight: 3 }, fc.constant('unknown' as const));
  return fc.tuple(person, values).map(([who, groups]) => ({
    ...EMPTY,
    kind: 'push',
    connection,
    people: [{ ...who, active: true, groups }],
    groups: (groups === 'unknown' ? [] : groups).map((value) => ({
      externalId: value,
      name: value,
      nameKey: value,
      members: 'unknown',
    })),
  }));
}

export function directory(connection: ConnectionId): fc.Arbitrary<DirectorySaid> {
  return fc.record({
    kind: fc.constant('directory' as const),
    connection: fc.constant(connection),
    people: fc.uniqueArray(person, { maxLength: 8, selector: ({ externalId }) => externalId }),
    groups: fc.uniqueArray(groupOf(connection), { maxLength: 8, selector: ({ externalId }) => externalId }),
    links: fc.array(fc.record({ group: groupId, member: memberRef }), { maxLength: 8 }),
    complete: mostly(true, false),
    foundByLookUp: fc.oneof(fc.subarray([...PEOPLE, ...GROUPS]), fc.constant([]), fc.constant(null)),
  });
}

export function saidBy(connection: ConnectionId): fc.Arbitrary<Said> {
  switch (kindOf(connection)) {
    case 'scim':
      return push(connection);
    case 'saml':
      return signIn(connection);
    case 'ldap':
      return directory(connection);
  }
}

export const said: fc.Arbitrary<Said> = fc.oneof(...CONNECTIONS.map(saidBy));

/** Everybody there, and in the groups of the list: something to lose. */
export function whole(connection: ConnectionId): fc.Arbitrary<Said> {
  const kind = kindOf(connection);
  const links = fc.uniqueArray(fc.record({ group: groupId, member: memberRef }), {
    maxLength: 10,
    size: 'max',
    selector: ({ group, member }) => `${group} ${member.externalId}`,
  });
  return links.map((list) => {
    const people = PEOPLE.map((externalId, nth) => ({
      externalId,
      active: true,
      attributes: { email: addressOf(nth), userName: null, firstName: null, lastName: null, locator: null },
    }));
    const groups = GROUPS.map((externalId, nth) => ({
      externalId,
      name: nameIn(kind, NAMES[nth]!),
      nameKey: keyIn(kind, NAMES[nth]!),
    }));
    if (kind === 'ldap') {
      return { kind: 'directory', connection, people, groups, links: list, complete: true, foundByLookUp: [] };
    }
    const membersOf = (id: string): MemberRef[] => list.filter(({ group }) => group === id).map(({ member }) => member);
    return {
      ...EMPTY,
      kind: 'push',
      connection,
      people: people.map((one) => ({ ...one, groups: 'unknown' as const })),
      groups: groups.map((group) => ({ ...group, members: membersOf(group.externalId) })),
    };
  });
}

const openings = fc.array(fc.constantFrom(...CONNECTIONS.filter((id) => kindOf(id) !== 'saml')).chain(whole), {
  maxLength: 3,
  size: 'max',
});

export const readings: fc.Arbitrary<Said[]> = fc
  .tuple(openings, fc.array(said, { maxLength: 12, size: 'max' }))
  .map(([first, then]) => [...first, ...then]);

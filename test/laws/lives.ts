// Generated lives: what happens to a world, one step after the other, whoever takes it.
import fc from 'fast-check';
import { mapping, memberGrant, mostly, someMember } from './arbitraries.ts';
import { ACCOUNTS, CONNECTIONS, GROUPS, NAMES, ORGANIZATIONS, PEOPLE } from './people.ts';
import { addressOf, keyIn, kindOf, nameIn } from './people.ts';
import { EMPTY, said, whole } from './readings.ts';
import type { PushSaid, Step } from './setting.ts';

const reading: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('reading' as const), said });

const byPeople: fc.Arbitrary<Step> = fc.oneof(
  memberGrant.map((grant) => ({ kind: 'grant' as const, ...grant })),
  someMember.map((member) => ({ kind: 'block' as const, ...member })),
  someMember.map((member) => ({ kind: 'unblock' as const, ...member })),
  mapping.map((fields) => ({ kind: 'mapping' as const, mapping: fields })),
  fc.nat(9).map((nth) => ({ kind: 'unmap' as const, nth })),
  fc.record({
    kind: fc.constant('state' as const),
    connection: fc.constantFrom(...CONNECTIONS),
    state: fc.oneof(
      { arbitrary: fc.constantFrom('active' as const, 'paused' as const), weight: 4 },
      fc.constant('closed' as const),
    ),
  }),
  fc.record({
    kind: fc.constant('seats' as const),
    organization: fc.constantFrom(...ORGANIZATIONS),
    seats: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
  }),
  fc.record({
    kind: fc.constant('authority' as const),
    organization: fc.constantFrom(...ORGANIZATIONS),
    authority: mostly<'shared' | 'directory'>('shared', 'directory'),
  }),
  fc.record({ kind: fc.constant('decide' as const), nth: fc.nat(5), approve: fc.boolean() }),
  fc.record({
    kind: fc.constant('assign' as const),
    organization: fc.constantFrom(...ORGANIZATIONS),
    account: fc.constantFrom(...ACCOUNTS),
  }),
);

const refusal = fc.record({ kind: fc.constant('decide' as const), nth: fc.nat(5), approve: mostly(false, true) });

/** The first person, the first account and the first group meet most often. */
const nth = mostly(0, 1, 2, 3);
const pushing = fc.constantFrom(...CONNECTIONS.filter((id) => kindOf(id) === 'scim'));

const [PUSH, HR] = CONNECTIONS;

/** One connection lets somebody go while another still has them; then that one does too. */
const departure: fc.Arbitrary<Step[]> = fc
  .tuple(whole(HR), whole(PUSH), nth)
  .map(([hr, push, who]) => [
    read(hr),
    read(push),
    ...[HR, PUSH].map((connection) => read({ ...EMPTY, kind: 'push', connection, peopleGone: [PEOPLE[who]!] })),
  ]);

/** Short stories that chance alone would seldom tell: each is a few steps that belong together. */
const story: fc.Arbitrary<Step[]> = fc.oneof(
  fc
    .constantFrom(...CONNECTIONS.filter((id) => kindOf(id) !== 'saml'))
    .chain((id) => whole(id).map((all) => [read(all)])),
  // A leaver is taken back by hand, or comes back.
  fc
    .tuple(pushing, nth, memberGrant)
    .map(([connection, who, grant]): Step[] => [
      read({ ...EMPTY, kind: 'push', connection, peopleGone: [PEOPLE[who]!] }),
      { kind: 'grant', ...grant, account: ACCOUNTS[who]! },
    ]),
  fc
    .tuple(pushing, nth, fc.boolean())
    .map(([connection, who, back]) => [tells(connection, who, false), ...(back ? [tells(connection, who, true)] : [])]),
  // The Owner leaves, and support fills the vacancy.
  fc
    .tuple(pushing, fc.constantFrom(...ACCOUNTS))
    .map(([connection, account]): Step[] => [
      tells(connection, 0, false),
      tells(connection, 1, false),
      { kind: 'assign', organization: ORGANIZATIONS[0], account },
    ]),
  // A group is renamed.
  fc.tuple(pushing, nth, nth).map(([connection, group, name]) => [
    read({
      ...EMPTY,
      kind: 'push',
      connection,
      groups: [
        {
          externalId: GROUPS[group]!,
          name: nameIn('scim', NAMES[name]!),
          nameKey: keyIn('scim', NAMES[name]!),
          members: 'unknown',
        },
      ],
    }),
  ]),
  // Two groups stand inside each other.
  fc.tuple(pushing, nth, nth).map(([connection, one, other]) => [
    read({
      ...EMPTY,
      kind: 'push',
      connection,
      joins: [
        { group: GROUPS[one]!, member: { kind: 'group', externalId: GROUPS[other]! } },
        { group: GROUPS[other]!, member: { kind: 'group', externalId: GROUPS[one]! } },
      ],
    }),
  ]),
  departure,
  // Everybody is disabled at once.
  pushing.chain((connection) =>
    whole(connection).map((all) => [
      read(all),
      read({ ...EMPTY, kind: 'push', connection, people: PEOPLE.map((_, who) => toggled(who, false)) }),
    ]),
  ),
  // Somebody is suspended by a connection, and it is removed or paused.
  fc
    .tuple(pushing, nth, fc.boolean(), fc.constantFrom('closed' as const, 'paused' as const))
    .map(([connection, who, isActive, state]): Step[] => [
      tells(connection, who, isActive),
      { kind: 'state', connection, state },
    ]),
  // A group empties, and whoever a brake held is decided.
  fc
    .tuple(pushing, nth, refusal, fc.boolean())
    .map(([connection, group, decided, again]): Step[] => [
      read({ ...EMPTY, kind: 'push', connection, groupsGone: [GROUPS[group]!] }),
      decided,
      ...(again ? [tells(connection, 0, false)] : []),
    ]),
);

function read(one: Extract<Step, { kind: 'reading' }>['said']): Step {
  return { kind: 'reading', said: one };
}

function tells(connection: PushSaid['connection'], who: number, isActive: boolean): Step {
  return read({ ...EMPTY, kind: 'push', connection, people: [toggled(who, isActive)] });
}

function toggled(who: number, isActive: boolean): PushSaid['people'][number] {
  const attributes = { email: addressOf(who), userName: null, firstName: null, lastName: null, locator: null };
  return { externalId: PEOPLE[who]!, active: isActive, attributes, groups: 'unknown' };
}

/** Long enough to leave, come back, and be planned in between. */
export function lives(maxLength = 30): fc.Arbitrary<Step[]> {
  const one = fc.oneof({ arbitrary: reading, weight: 3 }, byPeople).map((step) => [step]);
  return fc
    .array(fc.oneof({ arbitrary: one, weight: 3 }, story), { maxLength, size: 'max' })
    .map((stories) => stories.flat());
}

/** A life in which somebody is surely let go by one connection after the other. */
export const departures: fc.Arbitrary<Step[]> = fc
  .tuple(lives(4), departure, lives(4))
  .map(([before, then, after]) => [...before, ...then, ...after]);

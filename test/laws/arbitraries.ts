// Generated worlds: organizations, connections, mappings, accounts and links.
import fc from 'fast-check';
import type { Connection, Mapping } from '../../src/core/connection.ts';
import type { AccountId, ConnectionId, MappingId } from '../../src/core/ids.ts';
import type { Organization } from '../../src/core/organization.ts';
import { GRANTABLE_ROLES, PROJECT_ROLES } from '../../src/core/role.ts';
import { ACCOUNTS, BOSS, CONNECTIONS, GROUPS, NAMES, ORGANIZATIONS, PEOPLE } from './people.ts';
import { addressOf, keyIn, kindOf, nameIn } from './people.ts';
import type { Setting } from './setting.ts';
import { instant } from './world.ts';

export interface Wishes {
  /** `apart`: the Owner is known to no connection. */
  readonly owner: 'apart' | 'anyone';
  readonly seats: boolean;
  readonly brake: boolean;
  readonly joinByAddress: boolean;
}

/** Most of the time the first, so that generated lives are mostly ordinary ones and shrink to them. */
export function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 3 }, ...others.map((other) => fc.constant(other)));
}

const state = fc.oneof(
  { arbitrary: fc.constant('active' as const), weight: 12 },
  fc.constant('observe' as const),
  fc.constant('paused' as const),
);

function connection(id: ConnectionId): fc.Arbitrary<Connection> {
  return fc.record({
    id: fc.constant(id),
    kind: fc.constant(kindOf(id)),
    organization: fc.constantFrom(...ORGANIZATIONS, ORGANIZATIONS[0], null, null),
    state,
    lifecycle: kindOf(id) === 'saml' ? fc.constant(false) : mostly(true, false),
    trustEmail: fc.constantFrom('any' as const, 'verified' as const),
  });
}

export const role = fc.constantFrom(...GRANTABLE_ROLES);

/** Any connection, any organization: also one that the connection's owner is not. */
export const mapping: fc.Arbitrary<Mapping> = fc
  .record({
    connection: fc.constantFrom(...CONNECTIONS),
    organization: mostly(...ORGANIZATIONS),
    groupBy: mostly<Mapping['groupBy']>('name', 'id'),
    nth: fc.nat(3),
    role: fc.option(role, { freq: 4, nil: null }),
    workspace: fc.option(fc.constantFrom('Claims', 'Support'), { freq: 2, nil: null }),
    project: fc.option(fc.constantFrom('p-1', 'p-2'), { freq: 2, nil: null }),
    projectRole: fc.constantFrom(...PROJECT_ROLES),
    id: fc.nat(999),
  })
  .map(({ nth, id, projectRole, ...fields }) => {
    const kind = kindOf(fields.connection);
    const byName = fields.groupBy === 'name';
    // A SAML group's id is the value itself.
    const group = byName ? nameIn(kind, NAMES[nth]!) : kind === 'saml' ? NAMES[nth]! : GROUPS[nth]!;
    return {
      ...fields,
      id: `m${id}` as MappingId,
      group,
      groupKey: byName ? keyIn(kind, NAMES[nth]!) : group,
      role: fields.role ?? (fields.workspace === null && fields.project === null ? 'annotator' : null),
      projectRole: fields.project === null ? null : projectRole,
      open: true,
      lastMatched: [],
      createdAt: instant(0),
    };
  });

function organization(id: Organization['id'], wishes: Wishes): fc.Arbitrary<Organization> {
  return fc.record({
    id: fc.constant(id),
    title: fc.constant(id),
    owner: wishes.owner === 'apart' ? fc.constant(BOSS) : fc.constantFrom(...ACCOUNTS.slice(0, 2)),
    vacancy: fc.constant(null),
    successor: wishes.owner === 'apart' ? fc.constant(null) : mostly<AccountId | null>(null, ACCOUNTS[2]!),
    roleAuthority: mostly<Organization['roleAuthority']>('shared', 'directory'),
    defaultRole: fc.oneof(
      { arbitrary: fc.constantFrom('annotator' as const, 'not_activated' as const), weight: 3 },
      role,
    ),
    seats: wishes.seats ? fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }) : fc.constant(null),
    open: fc.constant(true),
  });
}

/** Each connection's people, each mostly their own account's; null: not joined. */
const links: fc.Arbitrary<Setting['links']> = fc
  .tuple(...CONNECTIONS.map((id) => fc.tuple(...PEOPLE.map((person, nth) => link(id, person, nth)))))
  .map((all) => all.flat().filter((one) => one !== null));

function link(connection: ConnectionId, person: string, nth: number): fc.Arbitrary<Setting['links'][number] | null> {
  const to = (account: AccountId): Setting['links'][number] => ({ connection, person, account });
  const usual = { arbitrary: fc.constant(to(ACCOUNTS[nth]!)), weight: 8 };
  return fc.oneof(usual, fc.constantFrom(...ACCOUNTS).map(to), fc.constant(null));
}

const member = { organization: mostly(...ORGANIZATIONS), account: fc.constantFrom(...ACCOUNTS) };

export const memberGrant = fc.record({
  ...member,
  role,
  source: fc.constantFrom('manual' as const, 'api' as const, 'invitation' as const),
});

export const someMember = fc.record(member);

const brake = fc.record({
  share: fc.constantFrom(0.2, 0.5),
  people: fc.constantFrom(1, 1, 2, 3, 100, 100),
  windowMs: fc.constantFrom(3000, 86_400_000),
});

export function settings(wishes: Wishes): fc.Arbitrary<Setting> {
  return fc
    .record({
      organizations: fc.tuple(...ORGANIZATIONS.map((id) => organization(id, wishes))),
      connections: fc.tuple(...CONNECTIONS.map(connection)),
      mappings: fc.uniqueArray(mapping, { minLength: 1, maxLength: 8, size: 'max', selector: ({ id }) => id }),
      links: wishes.joinByAddress ? fc.oneof(links, fc.constant([])) : links,
      personGrants: fc.array(memberGrant, { maxLength: 2 }),
      blocks: fc.array(someMember, { maxLength: 1 }),
      ownerGranted: fc.boolean(),
      brake: wishes.brake ? fc.option(brake, { freq: 3, nil: null }) : fc.constant(null),
    })
    .map((fields) => ({
      ...fields,
      joinByAddress: wishes.joinByAddress,
      verifiedDomains: ['one.example'],
      accounts: [
        ...ACCOUNTS.map((id, nth) => ({ id, email: addressOf(nth) })),
        { id: BOSS, email: 'boss@one.example' },
      ],
      personGrants: fields.personGrants.map((grant) => ({ ...grant, since: instant(0) })),
      blocks: fields.blocks.map((block) => ({
        ...block,
        connection: null,
        reason: 'deactivated by hand',
        since: instant(0),
      })),
    }));
}

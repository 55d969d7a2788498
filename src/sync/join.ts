// Joining external people to accounts: the decision is the core's, the look-ups are here (organizations.md section 5).
import { decideLink, maySpeakFor, mayMove } from '../core/account-link.ts';
import type { LinkConflict, LinkQuestion } from '../core/account-link.ts';
import type { Connection } from '../core/connection.ts';
import type { Person } from '../core/fact.ts';
import { emailKey } from '../core/fact.ts';
import type { LinkedPerson } from '../core/grant.ts';
import { sayOf } from '../core/grant.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { Account } from '../store/accounts.ts';
import { accountsByEmail, addAccounts, fillNames, loadAccounts, setEmail } from '../store/accounts.ts';
import { claimAccount } from '../store/access.ts';
import { noteEvent } from '../store/account-events.ts';
import { closeConflicts, noteConflict } from '../store/conflicts.ts';
import { loadMappings } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { loadLinksOf } from '../store/facts.ts';
import { linkPeople, linkedIds, unlinkedByEmail } from '../store/external-people.ts';
import { newId } from '../store/ids.ts';
import { membershipsOf } from '../store/memberships.ts';
import { loadDomains } from '../store/organizations.ts';
import type { Addresses } from './addresses.ts';
import { knownBySignIn } from './known-by-sign-in.ts';
import { servedBy, viewOf } from './landscape.ts';

/** Verified domains by organization. */
export type Domains = ReadonlyMap<OrganizationId, ReadonlySet<string>>;

export interface Joining {
  readonly created: readonly Account[];
  readonly joined: readonly { readonly person: LinkedPerson; readonly account: AccountId }[];
  readonly conflicts: readonly {
    readonly person: Person;
    readonly reason: LinkConflict;
    readonly account: AccountId | null;
  }[];
  readonly addresses: readonly { readonly person: Person; readonly account: AccountId; readonly email: string }[];
}

export interface JoinInput {
  readonly landscape: Landscape;
  readonly domains: Domains;
  readonly connection: ConnectionId;
  /** People of the connection without an account, as they are after the reading. */
  readonly unlinked: readonly LinkedPerson[];
  /** People with an account whose address has changed. */
  readonly moved: readonly { readonly person: Person; readonly account: AccountId }[];
  /** Account ids already given out by the plan for people who have none yet, by external id. */
  readonly planned: ReadonlyMap<string, AccountId>;
  /** Accounts for which a directory of the same organization vouches, by external id; of a sign-in alone. */
  readonly vouched?: ReadonlyMap<string, AccountId>;
  /** Addresses given and freed by people of the same directory read, met in earlier pieces. */
  readonly addresses: Addresses;
}

/** Decides for everybody; writes nothing. */
export async function decideJoining(db: Database, input: JoinInput): Promise<Joining> {
  const view = viewOf(input.landscape, input.connection);
  const keys = [...input.unlinked.map(({ person }) => person), ...input.moved.map(({ person }) => person)].flatMap(
    ({ attributes }) => (attributes.email === null ? [] : [emailKey(attributes.email)]),
  );
  const holders = new Map(await accountsByEmail(db, [...new Set(keys)]));
  const vouched = input.vouched ?? (await knownBySignIn(db, input.landscape, view, input.unlinked));
  const everLinked = await linkedIds(db, input.connection, [...holders.values(), ...vouched.values()]);
  const verified = verifiedFor(input, input.connection);
  const { addresses } = input;
  const result = {
    created: [] as Account[],
    joined: [] as Joining['joined'][number][],
    conflicts: [] as Joining['conflicts'][number][],
    addresses: [] as Joining['addresses'][number][],
  };
  // Who moves away leaves an address to whoever comes.
  const present = await loadAccounts(
    db,
    input.moved.map(({ account }) => account),
  );
  for (const { person, account } of input.moved) {
    const { email } = person.attributes;
    const old = present.get(account)?.email ?? '';
    if (email === null || emailKey(email) === emailKey(old)) continue;
    const holder = addresses.holder(emailKey(email), holders.get(emailKey(email)));
    const elsewhere = await belongsElsewhere(db, view.connection, account);
    if (!mayMove(view.connection, { from: old, to: email, elsewhere }, verified))
      result.conflicts.push({ person, reason: 'address_not_verified', account: holder });
    else if (holder !== null && holder !== account)
      result.conflicts.push({ person, reason: 'address_taken', account: holder });
    else {
      addresses.move(account, emailKey(old), emailKey(email));
      result.addresses.push({ person, account, email });
    }
  }
  const knownAs = (account: AccountId | null | undefined): LinkQuestion['holder'] =>
    account === undefined || account === null ? null : { account, linkedIds: everLinked.get(account) ?? [] };
  for (const linked of inOrder(input.unlinked)) {
    const { person } = linked;
    const key = person.attributes.email === null ? null : emailKey(person.attributes.email);
    const account = key === null ? null : addresses.holder(key, holders.get(key));
    const decision = decideLink({
      connection: view.connection,
      person,
      verifiedDomains: verified,
      holder: knownAs(account),
      vouched: knownAs(vouched.get(person.externalId)),
      granted: isGranted(input.landscape, view, linked),
      addressTaken: key !== null && addresses.isGiven(key),
    });
    switch (decision.kind) {
      case 'wait':
        break;
      case 'conflict':
        result.conflicts.push({ person, reason: decision.reason, account: decision.account });
        break;
      case 'join':
        result.joined.push({ person: linked, account: decision.account });
        if (key !== null) addresses.give(key, decision.account);
        break;
      case 'create': {
        const { email, firstName, lastName } = person.attributes;
        const id = input.planned.get(person.externalId) ?? newId<AccountId>();
        result.created.push({ id, email: email ?? '', firstName, lastName });
        result.joined.push({ person: linked, account: id });
        if (key !== null) addresses.give(key, id);
        break;
      }
    }
  }
  return {
    ...result,
    joined: [
      ...result.joined,
      ...(await drawnIn(db, input, [
        ...result.created,
        ...result.addresses.map(({ account: id, email }) => ({ id, email })),
      ])),
    ],
  };
}

/** Whether the connection may speak for the address, as the store is now. */
export async function speaksFor(db: Database, connection: Connection, email: string): Promise<boolean> {
  const served =
    connection.organization === null
      ? (await loadMappings(db))
          .filter((one) => one.connection === connection.id)
          .map(({ organization }) => organization)
      : [connection.organization];
  const domains = await loadDomains(db);
  return maySpeakFor(connection, email, new Set(served.flatMap((id) => [...(domains.get(id) ?? [])])));
}

/** Whether the account is, or was, a member of another organization than the one whose own connection this is. */
async function belongsElsewhere(db: Database, { organization }: Connection, account: AccountId): Promise<boolean> {
  if (organization === null) return false;
  return (await membershipsOf(db, account)).some((one) => one.organization !== organization);
}

/** Active people before leavers, so that of two entries with one address the one in use is joined. */
function inOrder(people: readonly LinkedPerson[]): LinkedPerson[] {
  return [...people].sort(
    (a, b) => Number(b.person.active) - Number(a.person.active) || (a.person.externalId < b.person.externalId ? -1 : 1),
  );
}

function isGranted(landscape: Landscape, view: ConnectionView, linked: LinkedPerson): boolean {
  return servedBy(landscape, view.connection.id).some((id) => {
    const organization = landscape.organizations.get(id);
    return organization !== undefined && (sayOf(view, organization, [linked])?.grants.length ?? 0) > 0;
  });
}

function verifiedFor({ landscape, domains }: JoinInput, connection: ConnectionId): ReadonlySet<string> {
  return new Set(servedBy(landscape, connection).flatMap((id) => [...(domains.get(id) ?? [])]));
}

/** People of other connections who carry the address that an account has from now on: so does their word count. */
async function drawnIn(
  db: Database,
  input: JoinInput,
  accounts: readonly Pick<Account, 'id' | 'email'>[],
): Promise<Joining['joined']> {
  const byKey = new Map(accounts.map((account) => [emailKey(account.email), account.id]));
  const waiting = await unlinkedByEmail(db, [...byKey.keys()]);
  const joined: Joining['joined'][number][] = [];
  const taken = new Set<string>();
  for (const stored of waiting) {
    const { account: _none, ...person } = stored;
    const account = byKey.get(emailKey(person.attributes.email ?? ''));
    if (account === undefined || person.connection === input.connection) continue;
    const view = viewOf(input.landscape, person.connection);
    const decision = decideLink({
      connection: view.connection,
      person,
      verifiedDomains: verifiedFor(input, person.connection),
      holder: { account, linkedIds: (await linkedIds(db, person.connection, [account])).get(account) ?? [] },
      granted: false,
      addressTaken: taken.has(`${person.connection} ${account}`),
    });
    if (decision.kind !== 'join') continue;
    taken.add(`${person.connection} ${account}`);
    const links = await loadLinksOf(db, person.connection, 'person', [person.externalId]);
    joined.push({ person: { person, groups: links.map(({ group, since }) => ({ group, since })) }, account });
  }
  return joined;
}

/** Writes what was decided of people who are stored. */
export async function writeJoining(db: Database, joining: Joining, at: Instant): Promise<void> {
  await writeAccounts(db, joining, at);
  await writeLinks(db, joining, at);
}

/** Writes accounts as they are from now on, so that people can be linked to them. */
export async function writeAccounts(db: Database, joining: Joining, at: Instant): Promise<void> {
  for (const { account, email, person } of joining.addresses) {
    await setEmail(db, account, email);
    await noteEvent(db, { kind: 'address_moved', account, organization: null, detail: person.connection }, at);
  }
  await addAccounts(db, joining.created, at);
}

/**
 * Links people to accounts that are written, and closes what was open about them.
 * @param isLinked says of whom it is stored already
 */
export async function writeLinks(
  db: Database,
  joining: Joining,
  at: Instant,
  isLinked: (person: Person) => boolean = () => false,
): Promise<void> {
  const fresh = new Set(joining.created.map(({ id }) => id));
  for (const { person, account } of joining.joined) {
    if (fresh.has(account)) continue;
    await fillNames(db, account, person.person.attributes);
    await claimAccount(db, account, `joined by ${person.person.connection}`, at);
  }
  await linkPeople(
    db,
    joining.joined.flatMap(({ person: { person }, account }) => {
      const { connection, externalId } = person;
      return isLinked(person) ? [] : [{ connection, externalId, account }];
    }),
    at,
  );
  // The account that holds the address may have been made only now, for another entry of the same read.
  const keys = joining.conflicts.map(({ person }) => emailKey(person.attributes.email ?? ''));
  const holders = await accountsByEmail(db, keys);
  for (const { person, reason, account } of joining.conflicts) {
    const holder = account ?? holders.get(emailKey(person.attributes.email ?? '')) ?? null;
    await noteConflict(db, person, reason, holder, at);
  }
  const settled = [
    ...joining.joined.map(({ person }) => person.person),
    ...joining.addresses.map(({ person }) => person),
  ];
  for (const [connection, list] of Map.groupBy(settled, (person) => person.connection)) {
    await closeConflicts(
      db,
      connection,
      list.map(({ externalId }) => externalId),
      at,
    );
  }
}

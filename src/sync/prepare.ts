// From a reading to dossiers: what it changes in the facts, whom that touches, whose account each person is, and how
// every dossier looks afterwards. Writes nothing; planning and committing both begin here.
import type { Person } from '../core/fact.ts';
import { emailKey } from '../core/fact.ts';
import type { LinkedPerson } from '../core/grant.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../core/ids.ts';
import type { FactChanges } from '../core/learn.ts';
import { learn } from '../core/learn.ts';
import type { Mask } from '../core/mask.ts';
import type { Dossier, Landscape } from '../core/plan.ts';
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import type { StoredFacts } from '../store/facts.ts';
import { loadKnown } from '../store/facts.ts';
import { heldMasks } from '../store/holds.ts';
import { accountsInGroups } from '../store/external-people.ts';
import { Addresses } from './addresses.ts';
import type { Domains, Joining } from './join.ts';
import { decideJoining } from './join.ts';
import type { Before } from './judge.ts';
import { groupsThatDiffer, overlayGroups, servedBy, viewOf, withView } from './landscape.ts';
import { peopleOf, withGroupsOf } from './surroundings.ts';

export interface Prepared {
  readonly facts: FactChanges;
  readonly joining: Joining;
  /** The landscape once the reading's groups are written. */
  readonly landscape: Landscape;
  /** As they are once everything is written, masks of keeps that ended included. */
  readonly dossiers: readonly Dossier[];
  /** Everything as it was before the reading. */
  readonly before: Before;
  /** Where the connection has a word, and where it had the last one before a keep: there, a keep ends that it can't renew. */
  readonly organizations: readonly OrganizationId[];
  /** Accounts about whom this connection's facts changed: a keep against it ends. */
  readonly changedAbout: readonly AccountId[];
  /** People of the connection who are nobody's, before as after, and of whom there is nothing to tell. */
  readonly idle: readonly string[];
}

export interface PrepareInput {
  readonly landscape: Landscape;
  readonly domains: Domains;
  readonly reading: PushReading;
  /** External ids to look at although nothing about them changed (an edit that may join them now). */
  readonly also?: readonly string[];
  readonly planned?: ReadonlyMap<string, AccountId>;
  readonly vouched?: ReadonlyMap<string, AccountId>;
  /** Leaves out the dossiers of people of whom nothing changed that a plan is made of, as a new name. */
  readonly onlyChanged?: boolean;
  /** Carried from piece to piece of a directory. */
  readonly addresses?: Addresses;
}

export async function prepare(db: Database, input: PrepareInput): Promise<Prepared> {
  const { reading } = input;
  const also = (input.also ?? []).map((externalId) => ({ kind: 'person' as const, externalId }));
  // Members of joins and leaves are loaded with their links; an empty leave of nobody only loads them.
  // A plan's groups are not written yet when its people are planned: the landscape has them.
  const known = await loadKnown(
    db,
    { ...reading, leaves: [...reading.leaves, ...also.map((member) => ({ group: '', member }))] },
    viewOf(input.landscape, reading.connection).groups,
  );
  const facts = learn(known, reading);
  const touched = touchedPeople(
    known,
    facts,
    reading,
    also.map(({ externalId }) => externalId),
  );
  const { connection } = reading;
  const narrow = await widened(
    db,
    connection,
    facts,
    overlaid(input.landscape, connection, facts),
    touched.map(({ linked }) => linked),
  );
  const unlinked = touched.filter(({ account }) => account === null).map(({ linked }) => linked);
  const moved = touched.flatMap(({ linked: { person }, account, before: was }) =>
    account !== null && person.present && addressMoved(was, person) ? [{ person, account }] : [],
  );
  const joining = await decideJoining(db, {
    landscape: narrow.after,
    domains: input.domains,
    connection: reading.connection,
    unlinked,
    moved,
    planned: input.planned ?? new Map(),
    ...(input.vouched === undefined ? {} : { vouched: input.vouched }),
    addresses: input.addresses ?? new Addresses(),
  });

  const movers = new Set(moved.map(({ account }) => account));
  const own = touched.flatMap(({ linked, account, changed }) => {
    const isPlanned = account !== null && (input.onlyChanged !== true || changed || movers.has(account));
    return isPlanned ? [{ person: linked, account }] : [];
  });
  const people = [...own, ...joining.joined];
  const differing = groupsThatDiffer(viewOf(narrow.before, connection), viewOf(narrow.after, connection));
  const regrouped = await accountsInGroups(db, connection, differing);
  const accounts = [...new Set([...people.map(({ account }) => account), ...regrouped])];
  const created = new Map(joining.created.map((account) => [account.id, account.email]));
  const addresses = new Map(joining.addresses.map(({ account, email }) => [account, email]));
  const stored = await loadDossiers(
    db,
    accounts.filter((account) => !created.has(account)),
  );
  // A plan may hold what it gives to an account that is only now made; nothing is known of one that had no plan.
  const foreseen = new Set(input.planned?.values());
  const held = Map.groupBy(
    await heldMasks(
      db,
      [...created.keys()].filter((account) => foreseen.has(account)),
    ),
    ({ account }) => account,
  );
  const fresh = [...created].map(([account, email]) => newDossier(account, email, held.get(account) ?? []));
  const changedAbout = touched.flatMap(({ account, changed }) => (changed && account !== null ? [account] : []));
  const ended = new Set(changedAbout);
  const ends = ({ kind, connection, account }: Mask): boolean =>
    kind === 'keep' && connection === reading.connection && ended.has(account);
  const byAccount = Map.groupBy(people, ({ account }) => account);
  const dossiers = [...stored, ...fresh].map((dossier) => ({
    ...overlayPeople(
      dossier,
      (byAccount.get(dossier.account) ?? []).map(({ person }) => person),
    ),
    email: addresses.get(dossier.account) ?? dossier.email,
    masks: dossier.masks.filter((mask) => !ends(mask)),
  }));
  const everybody = [...peopleOf(stored), ...peopleOf(dossiers)];
  const { before, after } = await widened(db, connection, facts, narrow, everybody);
  const unkept = stored.flatMap(({ masks }) => masks.filter(ends)).map(({ organization }) => organization);
  return {
    facts,
    joining,
    landscape: after,
    dossiers,
    before: { landscape: before, dossiers: stored },
    organizations: [...new Set([...servedBy(after, reading.connection), ...unkept])],
    changedAbout,
    idle: idleAmong(unlinked, joining),
  };
}

function idleAmong(unlinked: readonly LinkedPerson[], { joined, conflicts }: Joining): string[] {
  const busy = new Set([...joined.map(({ person }) => person.person), ...conflicts.map(({ person }) => person)]);
  return unlinked.filter(({ person }) => !busy.has(person)).map(({ person }) => person.externalId);
}

/** The landscape before and after the facts are written. */
interface Around {
  readonly before: Landscape;
  readonly after: Landscape;
}

/** With the groups that these people are in; what is to be known of changed groups, the reading says. */
async function widened(
  db: Database,
  connection: ConnectionId,
  facts: FactChanges,
  around: Around,
  people: readonly LinkedPerson[],
): Promise<Around> {
  const fresh = new Set(facts.groups.map(({ externalId }) => externalId));
  const stored = people.map(({ person, groups }) => ({
    person,
    groups: person.connection === connection ? groups.filter(({ group }) => !fresh.has(group)) : groups,
  }));
  const before = await withGroupsOf(db, around.before, stored);
  return before === around.before ? around : overlaid(before, connection, facts);
}

function overlaid(before: Landscape, connection: ConnectionId, facts: FactChanges): Around {
  return { before, after: withView(before, overlayGroups(viewOf(before, connection), facts)) };
}

interface Touched {
  readonly linked: LinkedPerson;
  readonly account: AccountId | null;
  readonly before: Person | undefined;
  /** Presence, activity or groups differ: what plans are made of. */
  readonly changed: boolean;
}

function touchedPeople(
  known: StoredFacts,
  facts: FactChanges,
  reading: PushReading,
  also: readonly string[],
): Touched[] {
  const after = new Map(facts.people.map((person) => [person.externalId, person]));
  const linked = Map.groupBy(facts.linked.filter(isPersonLink), ({ member }) => member.externalId);
  const unlinked = Map.groupBy(facts.unlinked.filter(isPersonLink), ({ member }) => member.externalId);
  const ids = new Set([
    ...after.keys(),
    ...linked.keys(),
    ...unlinked.keys(),
    ...also,
    ...reading.people.map((said) => said.externalId),
  ]);
  return [...ids].flatMap((externalId): Touched[] => {
    const before = known.person(externalId);
    const person = after.get(externalId) ?? before;
    if (person === undefined) return [];
    const lost = new Set((unlinked.get(externalId) ?? []).map(({ group }) => group));
    const links = [
      ...known.linksOf({ kind: 'person', externalId }).filter(({ group }) => !lost.has(group)),
      ...(linked.get(externalId) ?? []),
    ];
    const regrouped = lost.size > 0 || linked.has(externalId);
    return [
      {
        linked: { person, groups: links.map(({ group, since }) => ({ group, since })) },
        account: known.accountOf(externalId),
        before,
        changed: regrouped || before?.present !== person.present || before.active !== person.active,
      },
    ];
  });
}

function isPersonLink({ member }: { readonly member: { readonly kind: string } }): boolean {
  return member.kind === 'person';
}

function addressMoved(before: Person | undefined, after: Person): boolean {
  const key = (person: Person | undefined): string => emailKey(person?.attributes.email ?? '');
  return before !== undefined && key(before) !== key(after);
}

function newDossier(account: AccountId, email: string, masks: readonly Mask[]): Dossier {
  return { account, email, people: [], personGrants: [], blocks: [], masks, memberships: [], placements: [] };
}

/** The dossier with these people in place of what it held of them; sorted, so that the fold sees one order. */
function overlayPeople(dossier: Dossier, people: readonly LinkedPerson[]): Dossier {
  const keyOf = ({ person }: LinkedPerson): string => `${person.connection} ${person.externalId}`;
  const merged = new Map([...dossier.people, ...people].map((linked) => [keyOf(linked), linked]));
  const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...dossier, people: sorted.map(([, linked]) => linked) };
}

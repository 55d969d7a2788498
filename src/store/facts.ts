// The facts: external people, groups and direct links, each belonging to one connection.
import type { Group, Link, MemberRef, Person, PersonAttributes } from '../core/fact.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { KnownFacts } from '../core/learn.ts';
import type { PushReading } from '../core/reading.ts';
import { among } from './bulk.ts';
import type { Database } from './database.ts';
import { oneOf, rowsOf } from './statement.ts';

export interface PersonRow {
  connection: ConnectionId;
  external_id: string;
  present: number;
  present_since: Instant;
  active: number;
  active_since: Instant;
  email: string | null;
  user_name: string | null;
  first_name: string | null;
  last_name: string | null;
  locator: string | null;
  account: AccountId | null;
}

/** The columns of a person. */
export const PERSON = `connection, external_id, present, present_since, active, active_since,
  email, user_name, first_name, last_name, locator, account`;

type AttributesRow = Pick<PersonRow, 'email' | 'user_name' | 'first_name' | 'last_name' | 'locator'>;

/** What a row says of a person beside being there: of a fact, or of what was staged. */
export function attributesFromRow(row: AttributesRow): PersonAttributes {
  return {
    email: row.email,
    userName: row.user_name,
    firstName: row.first_name,
    lastName: row.last_name,
    locator: row.locator,
  };
}

/** A person as stored, with the account that they are linked to. */
export interface StoredPerson extends Person {
  readonly account: AccountId | null;
}

export function personFromRow(row: PersonRow): StoredPerson {
  return {
    connection: row.connection,
    externalId: row.external_id,
    present: row.present === 1,
    presentSince: row.present_since,
    active: row.active === 1,
    activeSince: row.active_since,
    attributes: attributesFromRow(row),
    account: row.account,
  };
}

interface GroupRow {
  connection: ConnectionId;
  external_id: string;
  name: string;
  name_key: string;
  present: number;
  since: Instant;
}

function groupFromRow(row: GroupRow): Group {
  return {
    connection: row.connection,
    externalId: row.external_id,
    name: row.name,
    nameKey: row.name_key,
    present: row.present === 1,
    since: row.since,
  };
}

interface LinkRow {
  member_kind: MemberRef['kind'];
  member: string;
  in_group: string;
  since: Instant;
}

const LINK = 'member_kind, member, in_group, since';

function linkFromRow(row: LinkRow): Link {
  return { group: row.in_group, member: { kind: row.member_kind, externalId: row.member }, since: row.since };
}

/** People of the connection by external id. */
export async function loadPeople(
  db: Database,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<StoredPerson[]> {
  if (ids.length === 0) return [];
  const rows = await rowsOf<PersonRow>(
    db,
    `SELECT ${PERSON} FROM external_people WHERE connection = ? AND ${oneOf(db, 'external_id')}`,
    [connection, ids],
  );
  return rows.map(personFromRow);
}

/** Groups of the connection by external id, gone ones too; all of them without `ids`. */
export async function loadGroups(
  db: Database,
  connection: ConnectionId,
  ids?: readonly string[],
): Promise<Map<string, Group>> {
  if (ids?.length === 0) return new Map();
  const wanted = ids === undefined ? '' : `AND ${oneOf(db, 'external_id')}`;
  const rows = await rowsOf<GroupRow>(
    db,
    `SELECT connection, external_id, name, name_key, present, since FROM external_groups WHERE connection = ? ${wanted}`,
    [connection, ...(ids === undefined ? [] : [ids])],
  );
  return new Map(rows.map((row) => [row.external_id, groupFromRow(row)]));
}

/** How many of these groups the connection has now. */
export async function countPresentGroups(
  db: Database,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<number> {
  const row = await db('external_groups')
    .where({ connection, present: 1 })
    .where(among(db, 'external_id', ids))
    .count({ n: '*' })
    .first();
  return Number(row?.['n'] ?? 0);
}

/** Group id → ids of the groups that it is directly in. */
export async function loadNesting(db: Database, connection: ConnectionId): Promise<Map<string, string[]>> {
  const rows: { member: string; in_group: string }[] = await db('links')
    .where({ connection, member_kind: 'group' })
    .select('member', 'in_group');
  const parents = new Map<string, string[]>();
  for (const { member, in_group: group } of rows) parents.set(member, [...(parents.get(member) ?? []), group]);
  return parents;
}

/** Direct links of these members of one kind. */
export async function loadLinksOf(
  db: Database,
  connection: ConnectionId,
  kind: MemberRef['kind'],
  members: readonly string[],
): Promise<Link[]> {
  if (members.length === 0) return [];
  const rows = await rowsOf<LinkRow>(
    db,
    `SELECT ${LINK} FROM links WHERE connection = ? AND member_kind = ? AND ${oneOf(db, 'member')}`,
    [connection, kind, members],
  );
  return rows.map(linkFromRow);
}

/** Direct links into these groups. */
export async function loadLinksInto(
  db: Database,
  connection: ConnectionId,
  groups: readonly string[],
): Promise<Link[]> {
  if (groups.length === 0) return [];
  const rows = await rowsOf<LinkRow>(
    db,
    `SELECT ${LINK} FROM links WHERE connection = ? AND ${oneOf(db, 'in_group')}`,
    [connection, groups],
  );
  return rows.map(linkFromRow);
}

/** The facts that a reading can touch, and the accounts behind the people among them. */
export interface StoredFacts extends KnownFacts {
  readonly accountOf: (externalId: string) => AccountId | null;
}

/**
 * As much of the connection's facts as the reading can touch, links of everybody concerned included.
 * @param groupsKnown groups that need not be read again.
 */
export async function loadKnown(
  db: Database,
  reading: PushReading,
  groupsKnown: ReadonlyMap<string, Group>,
): Promise<StoredFacts> {
  const { connection } = reading;
  const listed = reading.groups.flatMap((group) => (group.members === 'unknown' ? [] : [group.externalId]));
  const into = await loadLinksInto(db, connection, [...listed, ...reading.groupsGone]);
  const members = [
    ...into.map(({ member }) => member),
    ...reading.groups.flatMap((group) => (group.members === 'unknown' ? [] : group.members)),
    ...reading.joins.map(({ member }) => member),
    ...reading.leaves.map(({ member }) => member),
  ];
  const idsOf = (kind: MemberRef['kind']): string[] =>
    members.filter((member) => member.kind === kind).map(({ externalId }) => externalId);
  const personIds = new Set([
    ...reading.people.map(({ externalId }) => externalId),
    ...reading.peopleGone,
    ...idsOf('person'),
  ]);
  const groupIds = new Set([
    ...reading.groups.map(({ externalId }) => externalId),
    ...reading.groupsGone,
    ...reading.joins.map(({ group }) => group),
    ...reading.people.flatMap(({ groups }) => (groups === 'unknown' ? [] : groups)),
    ...reading.joins.map(({ group }) => group),
    ...idsOf('group'),
  ]);
  const people = new Map((await loadPeople(db, connection, [...personIds])).map((one) => [one.externalId, one]));
  const groups = await loadGroups(
    db,
    connection,
    [...groupIds].filter((id) => !groupsKnown.has(id)),
  );
  const links = [
    ...(await loadLinksOf(db, connection, 'person', [...personIds])),
    ...(await loadLinksOf(db, connection, 'group', [...groupIds])),
  ];
  const byMember = Map.groupBy(links, ({ member }) => `${member.kind} ${member.externalId}`);
  const byTarget = Map.groupBy(into, ({ group }) => group);
  return {
    person: (id) => factOf(people.get(id)),
    accountOf: (id) => people.get(id)?.account ?? null,
    group: (id) => groupsKnown.get(id) ?? groups.get(id),
    linksOf: (member) => byMember.get(`${member.kind} ${member.externalId}`) ?? [],
    linksInto: (group) => byTarget.get(group) ?? [],
  };
}

/** The fact alone: whose account it is does not belong to the connection. */
function factOf(stored: StoredPerson | undefined): Person | undefined {
  if (stored === undefined) return undefined;
  const { account: _account, ...person } = stored;
  return person;
}

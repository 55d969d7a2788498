// Staging: what a read of a directory says differently from the facts, beside the facts. Nothing here is a fact yet; a
// read that fails leaves only rows that the next run sweeps away. Of a directory that did not change nothing is staged.
import type { ConnectionId, PlanId } from '../core/ids.ts';
import type { DirectoryItem } from '../core/reading.ts';
import { emailKey } from '../core/fact.ts';
import { among, appendRows } from './bulk.ts';
import type { Row } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson, inGroups, isPostgres } from './database.ts';

export type PersonItem = Extract<DirectoryItem, { kind: 'person' }>;
export type GroupItem = Extract<DirectoryItem, { kind: 'group' }>;

const TABLES = [
  'staged_people',
  'staged_groups',
  'staged_touched',
  'staged_strangers',
  'staged_nesting',
  'staged_groups_gone',
];

interface PersonColumns {
  readonly external_id: string;
  readonly active: number;
  readonly email: string | null;
  readonly user_name: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly locator: string | null;
  readonly container: string | null;
}

/** Somebody who is not known, not present, or known otherwise. */
export interface DifferingPerson {
  readonly item: PersonItem;
  /** The connection has never told of them before. */
  readonly newcomer: boolean;
}

function personColumns({ externalId, active, attributes, container }: PersonItem): PersonColumns {
  const { email, userName, firstName, lastName, locator } = attributes;
  return {
    external_id: externalId,
    active: active ? 1 : 0,
    email,
    user_name: userName,
    first_name: firstName,
    last_name: lastName,
    locator,
    container,
  };
}

const COMPARED = ['email', 'user_name', 'first_name', 'last_name', 'locator', 'container'] as const;

export async function differingPeople(
  db: Database,
  connection: ConnectionId,
  read: readonly PersonItem[],
): Promise<DifferingPerson[]> {
  if (read.length === 0) return [];
  const ids = read.map(({ externalId }) => externalId);
  const rows: (PersonColumns & { present: number })[] = await db('external_people')
    .where({ connection })
    .where(among(db, 'external_id', ids))
    .select('external_id', 'present', 'active', ...COMPARED);
  const known = new Map(rows.map((row) => [row.external_id, row]));
  return read.flatMap((item): DifferingPerson[] => {
    const before = known.get(item.externalId);
    if (before === undefined) return [{ item, newcomer: true }];
    const now = personColumns(item);
    const differs =
      before.present === 0 ||
      before.active !== now.active ||
      COMPARED.some((column) => (before[column] ?? '') !== (now[column] ?? ''));
    return differs ? [{ item, newcomer: false }] : [];
  });
}

/** Whether the connection has ever told of anybody. */
export async function isAnybodyKnown(db: Database, connection: ConnectionId): Promise<boolean> {
  return (await db('external_people').where({ connection }).first('external_id')) !== undefined;
}

/** Those who are not known, not present, or known by another name. */
export async function differingGroups(
  db: Database,
  connection: ConnectionId,
  read: readonly GroupItem[],
): Promise<GroupItem[]> {
  if (read.length === 0) return [];
  const ids = read.map(({ externalId }) => externalId);
  const rows: { external_id: string; present: number; name: string; name_key: string }[] = await db('external_groups')
    .where({ connection })
    .where(among(db, 'external_id', ids))
    .select('external_id', 'present', 'name', 'name_key');
  const known = new Map(rows.map((row) => [row.external_id, row]));
  return read.filter(({ externalId, name, nameKey }) => {
    const before = known.get(externalId);
    return before === undefined || before.present === 0 || before.name !== name || before.name_key !== nameKey;
  });
}

/** Writes what differs: entries that are not staged yet. */
export async function stage(
  db: Database,
  plan: PlanId,
  people: readonly DifferingPerson[],
  groups: readonly GroupItem[],
): Promise<void> {
  await appendRows(
    db,
    'staged_people',
    people.map(({ item, newcomer }): Row => {
      const { email } = item.attributes;
      const known = { email_key: email === null ? null : emailKey(email), newcomer: newcomer ? 1 : 0 };
      return { plan, ...personColumns(item), ...known };
    }),
  );
  await appendRows(
    db,
    'staged_groups',
    groups.map(({ externalId, name, nameKey }) => ({ plan, external_id: externalId, name, name_key: nameKey })),
  );
}

/** Somebody known, as far as a read can be told to differ. */
export interface KnownPerson {
  readonly externalId: string;
  readonly present: boolean;
  /** Complete reads in a row in which they were missing. */
  readonly missed: number;
  readonly groups: readonly string[];
}

/** People read from the store at once. */
const PAGE = 2_000;

/** Everybody the connection ever told of, with the groups that they are in, in pages. */
export async function* knownPeople(db: Database, connection: ConnectionId): AsyncGenerator<KnownPerson[]> {
  const collect = isPostgres(db) ? 'json_agg(k.in_group)::text' : 'json_group_array(k.in_group)';
  const groups = db.raw(
    `(SELECT ${collect} FROM links k
       WHERE k.connection = p.connection AND k.member_kind = 'person' AND k.member = p.external_id) AS in_groups`,
  );
  const pageAfter = async (id: string): Promise<KnownRow[]> =>
    db('external_people as p')
      .where({ 'p.connection': connection })
      .where('p.external_id', '>', id)
      .orderBy('p.external_id')
      .limit(PAGE)
      .select('p.external_id', 'p.present', 'p.missed', groups);
  let next: Promise<KnownRow[]> | null = pageAfter('');
  while (next !== null) {
    const rows: KnownRow[] = await next;
    const last = rows.at(-1);
    // The database looks for the next page while this one is worked on.
    next = last === undefined || rows.length < PAGE ? null : pageAfter(last.external_id);
    next?.catch(() => undefined);
    yield rows.map((row) => ({
      externalId: row.external_id,
      present: row.present === 1,
      missed: row.missed,
      groups: row.in_groups === null ? [] : fromJson<string[]>(row.in_groups),
    }));
  }
}

interface KnownRow {
  readonly external_id: string;
  readonly present: number;
  readonly missed: number;
  readonly in_groups: string | null;
}

export async function presentGroups(
  db: Database,
  connection: ConnectionId,
): Promise<{ readonly externalId: string; readonly missed: number }[]> {
  const rows: { external_id: string; missed: number }[] = await db('external_groups')
    .where({ connection, present: 1 })
    .orderBy('external_id')
    .select('external_id', 'missed');
  return rows.map((row) => ({ externalId: row.external_id, missed: row.missed }));
}

/** People last known in the container. */
export async function peopleIn(db: Database, connection: ConnectionId, container: string): Promise<string[]> {
  const rows: { external_id: string }[] = await db('external_people')
    .where({ connection, container })
    .select('external_id');
  return rows.map((row) => row.external_id);
}

/** Counts a complete read in which the one were missing, and forgets it for the others. */
export async function countMissed(
  db: Database,
  connection: ConnectionId,
  {
    kind,
    missed,
    back,
  }: { readonly kind: 'person' | 'group'; readonly missed: readonly string[]; readonly back: readonly string[] },
): Promise<void> {
  const facts = kind === 'person' ? 'external_people' : 'external_groups';
  for (const ids of inGroups(back))
    await db(facts)
      .where({ connection })
      .where(among(db, 'external_id', ids))
      .update({ missed: 0 });
  for (const ids of inGroups(missed))
    await db(facts)
      .where({ connection })
      .where(among(db, 'external_id', ids))
      .increment('missed', 1);
}

/** Removes what was staged for the plan. */
export async function unstage(db: Database, plan: PlanId): Promise<void> {
  for (const table of TABLES) await db(table).where({ plan }).delete();
}

/** Plans of the connection, other than `except`, that still have staged rows: previews and runs that died. */
export async function staleStages(db: Database, connection: ConnectionId, except: PlanId): Promise<PlanId[]> {
  const [first = '', ...others] = TABLES;
  const staged = others.reduce((query, table) => query.union(db(table).select('plan')), db(first).select('plan'));
  const rows: { id: PlanId }[] = await db('plans')
    .where({ connection })
    .whereNot({ id: except })
    .whereIn('id', staged)
    .select('id');
  return rows.map(({ id }) => id);
}

// The pieces of a staged read: whom a difference touches, dealt out in the order of planning, and what was said of them.
import type { AccountId, ConnectionId, PlanId } from '../core/ids.ts';
import type { PersonAttributes } from '../core/fact.ts';
import type { GroupSaid, PersonSaid } from '../core/reading.ts';
import { among, appendRows, insertMissing } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { attributesFromRow, loadPeople } from './facts.ts';
import { HEARD_OF } from './strangers.ts';

/** Somebody staged, as far as it tells whether anything hangs on them. */
export interface StagedPerson {
  readonly externalId: string;
  /** The connection tells of them for the first time, and they can be nobody's account. */
  readonly unheardOf: boolean;
}

/** The people who were staged, by id, in pages. */
export async function* stagedPeopleInOrder(
  db: Database,
  plan: PlanId,
  pageSize: number,
): AsyncGenerator<StagedPerson[]> {
  const pageAfter = async (id: string): Promise<StagedRow[]> =>
    db('staged_people as s')
      .where({ 's.plan': plan })
      .where('s.external_id', '>', id)
      .orderBy('s.external_id')
      .limit(pageSize)
      .select('s.external_id', 's.newcomer', db.raw(`${HEARD_OF} AS heard_of`));
  let next: Promise<StagedRow[]> | null = pageAfter('');
  while (next !== null) {
    const rows: StagedRow[] = await next;
    const last = rows.at(-1);
    // The database looks for the next page while this one is worked on.
    next = last === undefined || rows.length < pageSize ? null : pageAfter(last.external_id);
    next?.catch(() => undefined);
    if (last === undefined) return;
    yield rows.map((row) => ({ externalId: row.external_id, unheardOf: row.newcomer === 1 && !row.heard_of }));
  }
}

interface StagedRow {
  readonly external_id: string;
  readonly newcomer: number;
  readonly heard_of: number | boolean;
}

/** Those of these people who were staged. */
export async function stagedAmong(db: Database, plan: PlanId, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows: { external_id: string }[] = await db('staged_people')
    .where({ plan })
    .where(among(db, 'external_id', ids))
    .select('external_id');
  return new Set(rows.map((row) => row.external_id));
}

/** People who could not be joined to an account: each read is another chance, since what stood in the way may be gone. */
export async function waitingPeople(db: Database, connection: ConnectionId): Promise<string[]> {
  const rows: { external_id: string }[] = await db('conflicts')
    .where({ connection, state: 'open' })
    .distinct('external_id');
  return rows.map((row) => row.external_id);
}

/** People with an account whose address is another now. */
export async function movedPeople(db: Database, plan: PlanId, connection: ConnectionId): Promise<string[]> {
  // CROSS JOIN, so that SQLite begins with those staged, who are few.
  const rows: { external_id: string }[] = await db('staged_people as s')
    .crossJoin(db.raw('external_people as p'))
    .where({ 's.plan': plan, 'p.connection': connection })
    .whereRaw('p.external_id = s.external_id')
    .whereNotNull('p.account')
    .whereRaw("coalesce(p.email, '') <> coalesce(s.email, '')")
    .select('p.external_id as external_id');
  return rows.map((row) => row.external_id);
}

export async function ownersAmong(db: Database, connection: ConnectionId): Promise<string[]> {
  const rows: { external_id: string }[] = await db('external_people')
    .where({ connection })
    .whereIn('account', db('organizations').whereNotNull('owner').select('owner'))
    .select('external_id');
  return rows.map((row) => row.external_id);
}

/** Somebody whom a difference touches, as the plan looked at them. */
export interface TouchedPerson {
  readonly externalId: string;
  readonly gone: boolean;
  /** All groups they were read in. */
  readonly groups: readonly string[];
  /** The account id that the plan gave out, if it did. */
  readonly account: AccountId | null;
}

export async function addTouched(
  db: Database,
  plan: PlanId,
  piece: number,
  touched: readonly TouchedPerson[],
): Promise<void> {
  const rows = touched.map(({ externalId, gone, groups, account }) => ({
    plan,
    external_id: externalId,
    piece,
    gone: gone ? 1 : 0,
    in_groups: JSON.stringify(groups),
    account,
  }));
  await appendRows(db, 'staged_touched', rows);
}

/** Those of the piece who are looked at one by one. */
export async function touchedInPiece(db: Database, plan: PlanId, piece: number): Promise<TouchedPerson[]> {
  const rows: { external_id: string; gone: number; in_groups: string; account: AccountId | null }[] = await db(
    'staged_touched',
  ).where({ plan, piece });
  // Sorted here, and not as the database's language sorts: the order in which they were planned.
  return rows
    .map((row) => ({
      externalId: row.external_id,
      gone: row.gone === 1,
      groups: fromJson<string[]>(row.in_groups),
      account: row.account,
    }))
    .sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
}

/** People known to be in one of these groups. */
export async function peopleInGroups(
  db: Database,
  connection: ConnectionId,
  groups: readonly string[],
): Promise<string[]> {
  if (groups.length === 0) return [];
  const rows: { member: string }[] = await db('links')
    .where({ connection, member_kind: 'person' })
    .where(among(db, 'in_group', groups))
    .distinct('member');
  return rows.map(({ member }) => member);
}

/** What the read said of those who were read, their groups in full. */
export async function peopleSaid(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  touched: readonly TouchedPerson[],
): Promise<PersonSaid[]> {
  const read = touched.filter(({ gone }) => !gone);
  const staged = await stagedPeople(
    db,
    plan,
    read.map(({ externalId }) => externalId),
  );
  const others = read.filter(({ externalId }) => !staged.has(externalId)).map(({ externalId }) => externalId);
  const known = new Map((await loadPeople(db, connection, others)).map((person) => [person.externalId, person]));
  return read.flatMap(({ externalId, groups }): PersonSaid[] => {
    const said = staged.get(externalId) ?? known.get(externalId);
    return said === undefined ? [] : [{ externalId, active: said.active, attributes: said.attributes, groups }];
  });
}

async function stagedPeople(
  db: Database,
  plan: PlanId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly active: boolean; readonly attributes: PersonAttributes }>> {
  const rows: StagedPersonRow[] = await db('staged_people')
    .where({ plan })
    .where(among(db, 'external_id', ids));
  return new Map(
    rows.map((row) => [
      row.external_id,
      {
        active: row.active === 1,
        attributes: attributesFromRow(row),
      },
    ]),
  );
}

type StagedPersonRow = Parameters<typeof attributesFromRow>[0] & {
  readonly external_id: string;
  readonly active: number;
};

/** Groups that differ from what is known of them; who is in them is staged by person. */
export async function stagedGroups(db: Database, plan: PlanId): Promise<GroupSaid[]> {
  const rows: { external_id: string; name: string; name_key: string }[] = await db('staged_groups')
    .where({ plan })
    .orderBy('external_id')
    .select('external_id', 'name', 'name_key');
  return rows.map((row) => ({
    externalId: row.external_id,
    name: row.name,
    nameKey: row.name_key,
    members: 'unknown' as const,
  }));
}

/** A link from group to group that came, or went. */
export interface NestingChange {
  readonly group: string;
  readonly member: string;
  readonly there: boolean;
}

export async function stageNesting(db: Database, plan: PlanId, changes: readonly NestingChange[]): Promise<void> {
  const rows = changes.map(({ group, member, there }) => ({ plan, member, in_group: group, there: there ? 1 : 0 }));
  await insertMissing(db, 'staged_nesting', rows);
}

export async function stagedNesting(db: Database, plan: PlanId): Promise<NestingChange[]> {
  const rows: { member: string; in_group: string; there: number }[] = await db('staged_nesting').where({ plan });
  return rows.map((row) => ({ group: row.in_group, member: row.member, there: row.there === 1 }));
}

export async function rememberGroupsGone(db: Database, plan: PlanId, ids: readonly string[]): Promise<void> {
  await insertMissing(
    db,
    'staged_groups_gone',
    ids.map((id) => ({ plan, external_id: id })),
  );
}

export async function groupsGone(db: Database, plan: PlanId): Promise<string[]> {
  const rows: { external_id: string }[] = await db('staged_groups_gone').where({ plan }).select('external_id');
  return rows.map((row) => row.external_id);
}

/** The containers in which the staged ones of these people stand, which the core knows nothing of. */
export async function containersOf(
  db: Database,
  plan: PlanId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const rows: { external_id: string; container: string | null }[] = await db('staged_people')
    .where({ plan })
    .where(among(db, 'external_id', ids))
    .select('external_id', 'container');
  return new Map(rows.map((row) => [row.external_id, row.container]));
}

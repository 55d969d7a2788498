// Staging: a directory as it was read, beside the facts, and the differences between the two, found set-wise. Nothing
// here is a fact yet; a read that fails leaves only rows that the next run sweeps away.
import type { AccountId, ConnectionId, PlanId } from '../core/ids.ts';
import type { DirectoryItem, PersonSaid } from '../core/reading.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';

type PersonItem = Extract<DirectoryItem, { kind: 'person' }>;
type GroupItem = Extract<DirectoryItem, { kind: 'group' }>;

const TABLES = [
  'staged_people',
  'staged_groups',
  'staged_aliases',
  'staged_references',
  'staged_links',
  'staged_touched',
  'staged_groups_gone',
];

/** Writes what was read; an entry or link that comes twice is one. */
export async function stage(db: Database, plan: PlanId, items: readonly DirectoryItem[]): Promise<void> {
  const people = items.filter((item): item is PersonItem => item.kind === 'person');
  const groups = items.filter((item): item is GroupItem => item.kind === 'group');
  const links = items.flatMap((item) => (item.kind === 'links' ? item.links : []));
  const aliases = [...people, ...groups].flatMap(({ kind, externalId, aliases: names }) =>
    names.map((alias) => ({ plan, alias, kind, external_id: externalId })),
  );
  await insert(
    db,
    'staged_people',
    people.map((item) => personRow(plan, item)),
  );
  await insert(
    db,
    'staged_groups',
    groups.map(({ externalId, name, nameKey }) => ({ plan, external_id: externalId, name, name_key: nameKey })),
  );
  await insert(db, 'staged_aliases', aliases);
  await insert(
    db,
    'staged_references',
    links.map(({ group, member }) => ({ plan, group_alias: group, member_alias: member })),
  );
}

function personRow(plan: PlanId, { externalId, active, attributes, container }: PersonItem): Record<string, unknown> {
  const { email, userName, firstName, lastName, locator } = attributes;
  return {
    plan,
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

async function insert(db: Database, table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  for (const group of inGroups(rows))
    await db(table)
      .insert([...group])
      .onConflict()
      .ignore();
}

/** Turns references by alias into links by id, and counts those that name nobody who was read. */
export async function resolveLinks(db: Database, plan: PlanId, nested: boolean): Promise<{ dangling: number }> {
  const kinds = nested ? ['person', 'group'] : ['person'];
  await db.raw(
    `INSERT INTO staged_links (plan, member_kind, member, in_group)
     SELECT DISTINCT r.plan, m.kind, m.external_id, g.external_id
       FROM staged_references r
       JOIN staged_aliases g ON g.plan = r.plan AND g.alias = r.group_alias AND g.kind = 'group'
       JOIN staged_aliases m ON m.plan = r.plan AND m.alias = r.member_alias
      WHERE r.plan = ? AND m.kind IN (${kinds.map(() => '?').join(', ')})
        AND NOT (m.kind = 'group' AND m.external_id = g.external_id)`,
    [plan, ...kinds],
  );
  const row = await db('staged_references as r')
    .where('r.plan', plan)
    .whereNotExists(db('staged_aliases as m').whereRaw('m.plan = r.plan AND m.alias = r.member_alias'))
    .count({ n: '*' })
    .first();
  return { dangling: Number(row?.['n'] ?? 0) };
}

export interface ReadSize {
  readonly people: number;
  readonly groups: number;
  readonly links: number;
}

export async function readSize(db: Database, plan: PlanId): Promise<ReadSize> {
  const count = async (table: string): Promise<number> => {
    const row = await db(table).where({ plan }).count({ n: '*' }).first();
    return Number(row?.['n'] ?? 0);
  };
  return {
    people: await count('staged_people'),
    groups: await count('staged_groups'),
    links: await count('staged_links'),
  };
}

/** People staged per container, for those that have one. */
export async function stagedContainers(db: Database, plan: PlanId): Promise<Record<string, number>> {
  const rows: { container: string; n: number }[] = await db('staged_people')
    .where({ plan })
    .whereNotNull('container')
    .groupBy('container')
    .select('container')
    .count({ n: '*' });
  return Object.fromEntries(rows.map(({ container, n }) => [container, n]));
}

/** How many of the people last known in the container were read, wherever they stand now. */
export async function stillThere(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  container: string,
): Promise<number> {
  const row = await db('external_people as p')
    .join('staged_people as s', (join) => {
      join.on('s.external_id', 'p.external_id').andOnVal('s.plan', plan);
    })
    .where({ 'p.connection': connection, 'p.container': container })
    .count({ n: '*' })
    .first();
  return Number(row?.['n'] ?? 0);
}

/** Present people, or groups, that were not read. */
export async function absentIds(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  kind: 'person' | 'group',
): Promise<{ readonly externalId: string; readonly missed: number }[]> {
  const [facts, staged] =
    kind === 'person' ? ['external_people', 'staged_people'] : ['external_groups', 'staged_groups'];
  const rows: { external_id: string; missed: number }[] = await db(`${facts} as f`)
    .where({ connection, present: 1 })
    .whereNotExists(db(`${staged} as s`).whereRaw('s.external_id = f.external_id').where('s.plan', plan))
    .orderBy('external_id')
    .select('external_id', 'missed');
  return rows.map((row) => ({ externalId: row.external_id, missed: row.missed }));
}

/** Counts a complete read in which these were missing, and forgets it for those who were read. */
export async function countMissed(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  kind: 'person' | 'group',
  missed: readonly string[],
): Promise<void> {
  const [facts, staged] =
    kind === 'person' ? ['external_people', 'staged_people'] : ['external_groups', 'staged_groups'];
  await db(facts)
    .where({ connection })
    .where('missed', '>', 0)
    .whereIn('external_id', db(staged).where({ plan }).select('external_id'))
    .update({ missed: 0 });
  for (const ids of inGroups(missed)) {
    await db(facts)
      .where({ connection })
      .whereIn('external_id', [...ids])
      .increment('missed', 1);
  }
}

/**
 * Finds whom a difference touches and deals them into pieces: leavers first, so that they free their seats; Owners
 * last, so that a successor's own changes come before the seat is empty.
 * @returns the number of pieces after the first, which is the groups' own.
 */
export async function findTouched(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  options: { readonly gone: readonly string[]; readonly complete: boolean; readonly pieceSize: number },
): Promise<number> {
  const touched = new Map<string, number>(options.gone.map((id) => [id, 1]));
  const differing: { external_id: string }[] = await db.raw(
    `SELECT s.external_id FROM staged_people s
       LEFT JOIN external_people p ON p.connection = ? AND p.external_id = s.external_id
      WHERE s.plan = ? AND (p.external_id IS NULL OR p.present = 0 OR p.active <> s.active
        OR ${['email', 'user_name', 'first_name', 'last_name', 'locator', 'container']
          .map((column) => `coalesce(p.${column}, '') <> coalesce(s.${column}, '')`)
          .join(' OR ')})
      UNION
     SELECT l.member FROM staged_links l
      WHERE l.plan = ? AND l.member_kind = 'person' AND NOT EXISTS (
        SELECT 1 FROM links k WHERE k.connection = ? AND k.member_kind = 'person'
           AND k.member = l.member AND k.in_group = l.in_group)
      ${options.complete ? MISSING_LINKS : ''}`,
    [connection, plan, plan, connection, ...(options.complete ? [plan, connection, plan] : [])],
  );
  for (const row of differing) if (!touched.has(row.external_id)) touched.set(row.external_id, 0);
  const owners = await ownersAmong(db, connection);
  const order = [...touched].sort(
    ([a, goneA], [b, goneB]) => Number(owners.has(a)) - Number(owners.has(b)) || goneB - goneA || (a < b ? -1 : 1),
  );
  const rows = order.map(([externalId, gone], at) => ({
    plan,
    external_id: externalId,
    piece: 1 + Math.floor(at / options.pieceSize),
    gone,
    account: null,
  }));
  await insert(db, 'staged_touched', rows);
  return Math.ceil(order.length / options.pieceSize);
}

/** Links that are known and were not read, of people who were. */
const MISSING_LINKS = `UNION
     SELECT k.member FROM links k
       JOIN staged_people s ON s.plan = ? AND s.external_id = k.member
      WHERE k.connection = ? AND k.member_kind = 'person' AND NOT EXISTS (
        SELECT 1 FROM staged_links l WHERE l.plan = ? AND l.member_kind = 'person'
           AND l.member = k.member AND l.in_group = k.in_group)`;

async function ownersAmong(db: Database, connection: ConnectionId): Promise<ReadonlySet<string>> {
  const rows: { external_id: string }[] = await db('external_people')
    .join('organizations', 'organizations.owner', 'external_people.account')
    .where({ connection })
    .select('external_id');
  return new Set(rows.map((row) => row.external_id));
}

/** Moves the touched people who are known to be in one of these groups into the first piece. */
export async function moveToFirstPiece(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  groups: readonly string[],
): Promise<void> {
  for (const ids of inGroups(groups)) {
    await db('staged_touched')
      .where({ plan })
      .whereIn(
        'external_id',
        db('links')
          .where({ connection, member_kind: 'person' })
          .whereIn('in_group', [...ids])
          .select('member'),
      )
      .update({ piece: 0 });
  }
}

export interface TouchedPerson {
  readonly externalId: string;
  readonly gone: boolean;
  /** The account id that the plan gave out, if it did. */
  readonly account: AccountId | null;
}

export async function touchedInPiece(db: Database, plan: PlanId, piece: number): Promise<TouchedPerson[]> {
  const rows: { external_id: string; gone: number; account: AccountId | null }[] = await db('staged_touched')
    .where({ plan, piece })
    .orderBy('external_id');
  return rows.map((row) => ({ externalId: row.external_id, gone: row.gone === 1, account: row.account }));
}

/** Remembers the account id that the plan shows for a person who has none yet. */
export async function rememberAccounts(
  db: Database,
  plan: PlanId,
  accounts: readonly { readonly externalId: string; readonly account: AccountId }[],
): Promise<void> {
  for (const { externalId, account } of accounts) {
    await db('staged_touched').where({ plan, external_id: externalId }).update({ account });
  }
}

/** What the read said of these people, their groups in full. */
export async function stagedPeople(db: Database, plan: PlanId, ids: readonly string[]): Promise<PersonSaid[]> {
  const said: PersonSaid[] = [];
  for (const group of inGroups(ids)) {
    const rows: StagedPersonRow[] = await db('staged_people')
      .where({ plan })
      .whereIn('external_id', [...group]);
    const links: { member: string; in_group: string }[] = await db('staged_links')
      .where({ plan, member_kind: 'person' })
      .whereIn('member', [...group])
      .select('member', 'in_group');
    const groups = Map.groupBy(links, ({ member }) => member);
    for (const row of rows) {
      said.push({
        externalId: row.external_id,
        active: row.active === 1,
        attributes: {
          email: row.email,
          userName: row.user_name,
          firstName: row.first_name,
          lastName: row.last_name,
          locator: row.locator,
        },
        groups: (groups.get(row.external_id) ?? []).map((link) => link.in_group),
      });
    }
  }
  return said;
}

interface StagedPersonRow {
  external_id: string;
  active: number;
  email: string | null;
  user_name: string | null;
  first_name: string | null;
  last_name: string | null;
  locator: string | null;
}

/** Groups that were read, and the links from group to group. */
export async function stagedGroups(
  db: Database,
  plan: PlanId,
): Promise<{ externalId: string; name: string; nameKey: string }[]> {
  const rows: { external_id: string; name: string; name_key: string }[] = await db('staged_groups')
    .where({ plan })
    .orderBy('external_id');
  return rows.map((row) => ({ externalId: row.external_id, name: row.name, nameKey: row.name_key }));
}

export async function stagedNesting(db: Database, plan: PlanId): Promise<{ group: string; member: string }[]> {
  const rows: { member: string; in_group: string }[] = await db('staged_links')
    .where({ plan, member_kind: 'group' })
    .select('member', 'in_group');
  return rows.map((row) => ({ group: row.in_group, member: row.member }));
}

export async function rememberGroupsGone(db: Database, plan: PlanId, ids: readonly string[]): Promise<void> {
  await insert(
    db,
    'staged_groups_gone',
    ids.map((id) => ({ plan, external_id: id })),
  );
}

export async function groupsGone(db: Database, plan: PlanId): Promise<string[]> {
  const rows: { external_id: string }[] = await db('staged_groups_gone').where({ plan }).select('external_id');
  return rows.map((row) => row.external_id);
}

/** Writes the containers of the people of a piece, beside the facts that the core knows. */
export async function writeContainers(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<void> {
  for (const group of inGroups(ids)) {
    await db('external_people')
      .where({ connection })
      .whereIn('external_id', [...group])
      .whereIn('external_id', db('staged_people').where({ plan }).select('external_id'))
      .update({
        container: db('staged_people as s')
          .whereRaw('s.external_id = external_people.external_id')
          .where('s.plan', plan)
          .select('container'),
      });
  }
}

/** Removes what was staged for the plan. */
export async function unstage(db: Database, plan: PlanId): Promise<void> {
  for (const table of TABLES) await db(table).where({ plan }).delete();
}

/** Plans of the connection, other than `except`, that still have staged rows: previews and runs that died. */
export async function staleStages(db: Database, connection: ConnectionId, except: PlanId): Promise<PlanId[]> {
  const rows: { id: PlanId }[] = await db('plans')
    .where({ connection })
    .whereNot({ id: except })
    .whereIn('id', db('staged_people').distinct('plan').union(db('staged_groups').distinct('plan')))
    .select('id');
  return rows.map(({ id }) => id);
}

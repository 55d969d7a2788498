// Staging: a directory as it was read, beside the facts, and the differences between the two, found set-wise. Nothing
// here is a fact yet; a read that fails leaves only rows that the next run sweeps away.
import type { ConnectionId, PlanId } from '../core/ids.ts';
import type { DirectoryItem } from '../core/reading.ts';
import type { Database } from './database.ts';
import type { Row } from './bulk.ts';
import { insertRows } from './bulk.ts';
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
  await insertRows(
    db,
    'staged_people',
    people.map((item) => personRow(plan, item)),
  );
  await insertRows(
    db,
    'staged_groups',
    groups.map(({ externalId, name, nameKey }) => ({ plan, external_id: externalId, name, name_key: nameKey })),
  );
  await insertRows(db, 'staged_aliases', aliases);
  await insertRows(
    db,
    'staged_references',
    links.map(({ group, member }) => ({ plan, group_alias: group, member_alias: member })),
  );
}

function personRow(plan: PlanId, { externalId, active, attributes, container }: PersonItem): Row {
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

/** Turns references by alias into links by id, and counts those that name nobody who was read. */
export async function resolveLinks(db: Database, plan: PlanId, nested: boolean): Promise<{ dangling: number }> {
  const kinds = nested ? ['person', 'group'] : ['person'];
  // CROSS JOIN, so that SQLite keeps the order: it would begin with all pairs of a group and a member.
  await db.raw(
    `INSERT INTO staged_links (plan, member_kind, member, in_group)
     SELECT r.plan, m.kind, m.external_id, g.external_id
       FROM staged_references r CROSS JOIN staged_aliases g CROSS JOIN staged_aliases m
      WHERE r.plan = ? AND g.plan = r.plan AND g.alias = r.group_alias AND g.kind = 'group'
        AND m.plan = r.plan AND m.alias = r.member_alias AND m.kind IN (${kinds.map(() => '?').join(', ')})
        AND NOT (m.kind = 'group' AND m.external_id = g.external_id)
      ON CONFLICT DO NOTHING`,
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

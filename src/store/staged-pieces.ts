// The pieces of a staged read: whom a difference touches, dealt out in the order of planning, and what was said of them.
import type { AccountId, ConnectionId, PlanId } from '../core/ids.ts';
import type { PersonSaid } from '../core/reading.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';
import { insertRows, putRows } from './bulk.ts';

/**
 * Finds whom a difference touches and deals them into pieces: leavers first, so that they free their seats; then whoever
 * gives an address up, so that a newcomer may have it; Owners last, so that a successor's own changes come before the seat is empty.
 * @returns the number of pieces after the first, which is the groups' own.
 */
export async function findTouched(
  db: Database,
  plan: PlanId,
  connection: ConnectionId,
  options: { readonly gone: readonly string[]; readonly complete: boolean; readonly pieceSize: number },
): Promise<number> {
  const touched = new Map<string, number>(options.gone.map((id) => [id, 1]));
  const query = db.raw(
    `(SELECT s.external_id FROM staged_people s
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
      ${options.complete ? MISSING_LINKS : ''}) AS differing`,
    [connection, plan, plan, connection, ...(options.complete ? [plan, connection, plan] : [])],
  );
  const differing: { external_id: string }[] = await db.select('external_id').from(query);
  const waiting = await waitingPeople(db, plan, connection);
  for (const row of [...differing, ...waiting]) if (!touched.has(row.external_id)) touched.set(row.external_id, 0);
  const moved = await movedPeople(db, plan, connection);
  const owners = await ownersAmong(db, connection);
  const order = [...touched].sort(
    ([a, goneA], [b, goneB]) =>
      Number(owners.has(a)) - Number(owners.has(b)) ||
      goneB - goneA ||
      Number(moved.has(b)) - Number(moved.has(a)) ||
      (a < b ? -1 : 1),
  );
  const rows = order.map(([externalId, gone], at) => ({
    plan,
    external_id: externalId,
    piece: 1 + Math.floor(at / options.pieceSize),
    gone,
    account: null,
  }));
  await insertRows(db, 'staged_touched', rows);
  return Math.ceil(order.length / options.pieceSize);
}

/** Links that are known and were not read, of people who were. */
const MISSING_LINKS = `UNION
     SELECT k.member FROM links k
       JOIN staged_people s ON s.plan = ? AND s.external_id = k.member
      WHERE k.connection = ? AND k.member_kind = 'person' AND NOT EXISTS (
        SELECT 1 FROM staged_links l WHERE l.plan = ? AND l.member_kind = 'person'
           AND l.member = k.member AND l.in_group = k.in_group)`;

/** People who could not be joined to an account: each read is another chance, since what stood in the way may be gone. */
async function waitingPeople(db: Database, plan: PlanId, connection: ConnectionId): Promise<{ external_id: string }[]> {
  return db('conflicts as c')
    .join('staged_people as s', 's.external_id', 'c.external_id')
    .where({ 'c.connection': connection, 'c.state': 'open', 's.plan': plan })
    .distinct('c.external_id as external_id');
}

/** People with an account whose address is another now. */
async function movedPeople(db: Database, plan: PlanId, connection: ConnectionId): Promise<ReadonlySet<string>> {
  const rows: { external_id: string }[] = await db('external_people as p')
    .join('staged_people as s', 's.external_id', 'p.external_id')
    .where({ 'p.connection': connection, 's.plan': plan })
    .whereNotNull('p.account')
    .whereRaw("coalesce(p.email, '') <> coalesce(s.email, '')")
    .select('p.external_id as external_id');
  return new Set(rows.map((row) => row.external_id));
}

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
  // Sorted here: asked for the order, SQLite would walk the whole plan in it.
  const rows: { external_id: string; gone: number; account: AccountId | null }[] = await db('staged_touched').where({
    plan,
    piece,
  });
  return rows
    .map((row) => ({ externalId: row.external_id, gone: row.gone === 1, account: row.account }))
    .sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
}

/** Remembers the account id that the plan shows for a person who has none yet. */
export async function rememberAccounts(
  db: Database,
  plan: PlanId,
  piece: number,
  accounts: readonly { readonly externalId: string; readonly account: AccountId }[],
): Promise<void> {
  const rows = accounts.map(({ externalId, account }) => ({ plan, external_id: externalId, piece, gone: 0, account }));
  await putRows(db, 'staged_touched', ['plan', 'external_id'], rows);
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
  await insertRows(
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
    const rows: { external_id: string; container: string | null }[] = await db('staged_people')
      .where({ plan })
      .whereIn('external_id', [...group])
      .select('external_id', 'container');
    // Few containers hold many people: one statement for each.
    for (const [container, people] of Map.groupBy(rows, (row) => row.container)) {
      await db('external_people')
        .where({ connection })
        .whereIn(
          'external_id',
          people.map((row) => row.external_id),
        )
        .update({ container });
    }
  }
}

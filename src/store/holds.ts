// Holds: what a brake stopped, one open hold per connection and organization; and keeps, what a person refused.
import type { AccountId, ConnectionId, HoldId, Instant, OrganizationId } from '../core/ids.ts';
import type { Brake } from '../core/brake.ts';
import type { Mask } from '../core/mask.ts';
import type { Change } from '../core/plan.ts';
import type { HeldRow } from '../core/review.ts';
import { changeRows } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson, inGroups } from './database.ts';
import { newId } from './ids.ts';
import { oneOf, rowsOf } from './statement.ts';

export interface Hold {
  readonly id: HoldId;
  readonly connection: ConnectionId | null;
  readonly organization: OrganizationId;
  /** Every brake that put a row here, the first one first. */
  readonly brakes: readonly Brake[];
  readonly state: 'open' | 'approved' | 'rejected' | 'moot';
  readonly createdAt: Instant;
  readonly decidedAt: Instant | null;
}

interface HoldRow {
  id: HoldId;
  connection: ConnectionId | null;
  organization: OrganizationId;
  brake: string;
  state: Hold['state'];
  created_at: Instant;
  decided_at: Instant | null;
}

function fromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    connection: row.connection,
    organization: row.organization,
    brakes: row.brake.split(' ') as Brake[],
    state: row.state,
    createdAt: row.created_at,
    decidedAt: row.decided_at,
  };
}

/** The open hold of the connection in the organization, opened now if there is none. */
export async function openHold(
  db: Database,
  { connection, organization }: { readonly connection: ConnectionId | null; readonly organization: OrganizationId },
  brakes: readonly Brake[],
  at: Instant,
): Promise<HoldId> {
  const key = { connection, organization };
  const row: HoldRow | undefined = await db('holds')
    .where({ ...key, state: 'open' })
    .first();
  if (row === undefined) {
    const id = newId<HoldId>();
    await db('holds').insert({ id, ...key, brake: brakes.join(' '), state: 'open', created_at: at, decided_at: null });
    return id;
  }
  const all = [...new Set([...row.brake.split(' '), ...brakes])];
  await db('holds')
    .where({ id: row.id })
    .update({ brake: all.join(' ') });
  return row.id;
}

export async function findHold(db: Database, id: string): Promise<Hold | null> {
  const row: HoldRow | undefined = await db('holds').where({ id }).first();
  return row === undefined ? null : fromRow(row);
}

/** All holds, newest last. */
export async function loadHolds(db: Database): Promise<Hold[]> {
  return ((await db('holds').orderBy('id')) as HoldRow[]).map(fromRow);
}

/** Puts planned rows into a hold; the mask that leaves the membership as it was stands on its organization row. */
export async function holdRows(
  db: Database,
  hold: HoldId,
  rows: readonly { readonly id: string; readonly masks: readonly Mask[] | null }[],
  at: Instant,
): Promise<void> {
  await changeRows(
    db,
    'changes',
    ['id'],
    rows.map(({ id, masks }) => ({ id, hold, state: 'held', mask: masks === null ? null : JSON.stringify(masks), at })),
  );
}

/** The masks of the rows that are held now, each naming its row. */
export async function heldMasks(db: Database, accounts: readonly AccountId[]): Promise<Mask[]> {
  if (accounts.length === 0) return [];
  const rows = await rowsOf<{ id: string; mask: string }>(
    db,
    `SELECT id, mask FROM changes
     WHERE ${oneOf(db, 'account')} AND state = 'held' AND mask IS NOT NULL ORDER BY id`,
    [accounts],
  );
  return rows.flatMap(({ id, mask }) => fromJson<Mask[]>(mask).map((one) => ({ ...one, row: id })));
}

/**
 * The held membership rows of these accounts, as the review needs them. Rows of a plan that is still being committed
 * are left out: the facts behind them are not written yet, so planning could not give them.
 */
export async function heldRows(
  db: Database,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, HeldRow[]>> {
  if (accounts.length === 0) return new Map();
  const rows = await rowsOf<HeldColumns>(
    db,
    `SELECT id, account, organization, connection, before_standing, after_standing, kind FROM changes
     WHERE ${oneOf(db, 'account')} AND state = 'held' AND target_kind = 'organization'
       AND plan NOT IN (SELECT id FROM plans WHERE state = 'committing') ORDER BY id`,
    [accounts],
  );
  return Map.groupBy(rows.map(heldFromRow), ({ account }) => account);
}

interface HeldColumns {
  id: string;
  account: AccountId;
  organization: OrganizationId;
  connection: ConnectionId | null;
  before_standing: string | null;
  after_standing: string | null;
  kind: HeldRow['kind'];
}

function heldFromRow(row: HeldColumns): HeldRow & { readonly account: AccountId } {
  return {
    id: row.id,
    account: row.account,
    organization: row.organization,
    connection: row.connection,
    before: row.before_standing === null ? null : fromJson(row.before_standing),
    after: row.after_standing === null ? null : fromJson(row.after_standing),
    kind: row.kind,
  };
}

/** The masks that hold the row. */
export async function masksOfRow(db: Database, id: string): Promise<Mask[]> {
  const row: { mask: string | null } | undefined = await db('changes').where({ id }).first('mask');
  return row === undefined || row.mask === null ? [] : fromJson<Mask[]>(row.mask);
}

/**
 * Strikes out held rows with the places held beside them; a hold with nothing left closes itself as moot.
 * @returns the holds that are closed by now.
 */
export async function strikeOut(
  db: Database,
  rows: readonly { readonly id: string }[],
  at: Instant,
): Promise<HoldId[]> {
  const closed = new Set<HoldId>();
  for (const { id } of rows) {
    const row: { hold: HoldId; organization: string; account: string } | undefined = await db('changes')
      .where({ id })
      .first('hold', 'organization', 'account');
    if (row === undefined) continue;
    await db('changes')
      .where({ ...row, state: 'held' })
      .update({ state: 'moot', at });
    if (await closeHoldIfEmpty(db, row.hold, 'moot', at)) closed.add(row.hold);
  }
  return [...closed];
}

/** Rewrites what a held row would do; it stays in its hold and is not counted again. */
export async function restate(db: Database, id: string, change: Change, at: Instant): Promise<void> {
  await db('changes')
    .where({ id })
    .update({
      before_standing: change.before === null ? null : JSON.stringify(change.before),
      after_standing: change.after === null ? null : JSON.stringify(change.after),
      because: JSON.stringify(change.because),
      reason: change.reason,
      at,
    });
}

/** Closes the hold if nothing in it is held any more. */
export async function closeHoldIfEmpty(
  db: Database,
  id: HoldId,
  state: 'approved' | 'rejected' | 'moot',
  at: Instant,
): Promise<boolean> {
  const left = await db('changes').where({ hold: id, state: 'held' }).first('id');
  if (left !== undefined) return false;
  await db('holds').where({ id, state: 'open' }).update({ state, decided_at: at });
  return true;
}

/** How many memberships are held in it, and whether the Owner's is among them. */
export async function countHeld(db: Database, id: HoldId): Promise<{ readonly held: number; readonly owner: boolean }> {
  const held = db('changes').where({ hold: id, state: 'held', target_kind: 'organization' });
  const row = await held.clone().count({ n: '*' }).first();
  const owner = await held.where({ seat: 'vacates' }).first('id');
  return { held: Number(row?.['n'] ?? 0), owner: owner !== undefined };
}

/** Whether the connection has an open hold that a suspect read made. */
export async function hasSuspectHold(db: Database, connection: ConnectionId): Promise<boolean> {
  const rows: { brake: string }[] = await db('holds').where({ connection, state: 'open' }).select('brake');
  return rows.some(({ brake }) => brake.split(' ').includes('suspect'));
}

export async function addKeep(db: Database, mask: Mask, at: Instant): Promise<void> {
  const { organization, account, connection } = mask;
  await db('keeps').insert({
    id: newId(),
    organization,
    account,
    connection,
    mask: JSON.stringify(mask),
    created_at: at,
    ended_at: null,
  });
}

/** Ends the keeps against the connection for accounts about whom its facts have changed. */
export async function endKeeps(
  db: Database,
  connection: ConnectionId,
  accounts: readonly AccountId[],
  at: Instant,
): Promise<void> {
  for (const group of inGroups(accounts)) {
    await db('keeps')
      .where({ connection })
      .whereIn('account', [...group])
      .whereNull('ended_at')
      .update({ ended_at: at });
  }
}

/** Accounts with a keep in the organization that has not ended. */
export async function loadKeeps(db: Database, organization: OrganizationId): Promise<AccountId[]> {
  const rows: { account: AccountId }[] = await db('keeps')
    .where({ organization })
    .whereNull('ended_at')
    .select('account');
  return rows.map(({ account }) => account);
}

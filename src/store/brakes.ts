// What each connection has spent of its budget in each organization since its window began (law 6).
import type { Window } from '../core/brake.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';
import { execute, oneOf, rowOf, rowsOf } from './statement.ts';

export interface WindowKey {
  readonly connection: ConnectionId | null;
  readonly organization: OrganizationId;
}

/**
 * Read inside the transaction that will charge it.
 * @param accounts those of whom it must be known whether they are counted already.
 */
export async function loadWindow(
  db: Database,
  { connection, organization }: WindowKey,
  accounts: readonly AccountId[],
): Promise<Window | null> {
  const key = [connection ?? '', organization];
  const row = await rowOf<{ started_at: Instant; base: number }>(
    db,
    'SELECT started_at, base FROM brake_windows WHERE connection = ? AND organization = ?',
    key,
  );
  if (row === null) return null;
  const ofWindow = 'FROM brake_spent WHERE connection = ? AND organization = ?';
  const counted = await rowOf<{ n: number }>(db, `SELECT count(*) AS n ${ofWindow}`, key);
  const among = await rowsOf<{ account: AccountId }>(db, `SELECT account ${ofWindow} AND ${oneOf(db, 'account')}`, [
    ...key,
    accounts,
  ]);
  const known = new Set(among.map(({ account }) => account));
  const spent = { size: counted?.n ?? 0, has: (account: AccountId) => known.has(account) };
  return { startedAt: row.started_at, base: row.base, spent };
}

/** Charges removals to the window; a window that starts forgets what was spent before. */
export async function chargeWindow(
  db: Database,
  { connection, organization }: WindowKey,
  window: { readonly startedAt: Instant; readonly base: number },
  accounts: readonly AccountId[],
): Promise<void> {
  const where = { connection: connection ?? '', organization };
  const row: { started_at: Instant } | undefined = await db('brake_windows').where(where).first();
  if (row?.started_at !== window.startedAt) {
    await db('brake_spent').where(where).delete();
    await db('brake_windows')
      .insert({ ...where, started_at: window.startedAt, base: window.base })
      .onConflict(['connection', 'organization'])
      .merge();
  }
  for (const group of inGroups(accounts)) {
    await db('brake_spent')
      .insert(group.map((account) => ({ ...where, account })))
      .onConflict(['organization', 'account', 'connection'])
      .ignore();
  }
}

/** People who are active again no longer count. */
export async function refund(
  db: Database,
  members: readonly { readonly organization: OrganizationId; readonly account: AccountId }[],
): Promise<void> {
  for (const [organization, list] of Map.groupBy(members, (member) => member.organization)) {
    const accounts = list.map(({ account }) => account);
    await execute(db, `DELETE FROM brake_spent WHERE organization = ? AND ${oneOf(db, 'account')}`, [
      organization,
      accounts,
    ]);
  }
}

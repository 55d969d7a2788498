// What each connection has spent of its budget in each organization since its window began (law 6).
import type { Window } from '../core/brake.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';
import { execute, oneOf } from './statement.ts';

export interface WindowKey {
  readonly connection: ConnectionId | null;
  readonly organization: OrganizationId;
}

/** Read inside the transaction that will charge it. */
export async function loadWindow(db: Database, { connection, organization }: WindowKey): Promise<Window | null> {
  const where = { connection: connection ?? '', organization };
  const row: { started_at: Instant; base: number } | undefined = await db('brake_windows').where(where).first();
  if (row === undefined) return null;
  const spent: { account: AccountId }[] = await db('brake_spent').where(where).select('account');
  return { startedAt: row.started_at, base: row.base, spent: new Set(spent.map(({ account }) => account)) };
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

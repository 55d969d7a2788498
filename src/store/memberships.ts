// Memberships as rows, the counts that brakes and seats need, and the lists that people read.
import type { Grant, RoleSource } from '../core/grant.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Membership, PersonGrant, Suspension } from '../core/membership.ts';
import type { GrantableRole, Status } from '../core/role.ts';
import { putRows } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { rowOf } from './statement.ts';

export interface MembershipRow {
  organization: OrganizationId;
  account: AccountId;
  role: GrantableRole;
  status: Status;
  source: RoleSource;
  because: string;
  suspended_by: string | null;
  waiting_since: Instant | null;
}

/** The columns of a membership. */
export const MEMBERSHIP = 'organization, account, role, status, source, because, suspended_by, waiting_since';

export function membershipFromRow(row: MembershipRow): Membership {
  return {
    organization: row.organization,
    account: row.account,
    role: row.role,
    status: row.status,
    source: row.source,
    because: fromJson<Grant[]>(row.because),
    suspendedBy: row.suspended_by === null ? null : fromJson<Suspension>(row.suspended_by),
    waitingSince: row.waiting_since,
  };
}

/** All memberships of the account, ended ones too. */
export async function membershipsOf(db: Database, account: AccountId): Promise<Membership[]> {
  const rows: MembershipRow[] = await db('memberships').where({ account }).orderBy('organization');
  return rows.map(membershipFromRow);
}

export async function writeMemberships(db: Database, memberships: readonly Membership[], at: Instant): Promise<void> {
  const rows = memberships.map((membership) => ({
    organization: membership.organization,
    account: membership.account,
    role: membership.role,
    status: membership.status,
    source: membership.source,
    because: JSON.stringify(membership.because),
    suspended_by: membership.suspendedBy === null ? null : JSON.stringify(membership.suspendedBy),
    waiting_since: membership.waitingSince,
    created_at: at,
    updated_at: at,
  }));
  await putRows(db, 'memberships', ['organization', 'account'], rows, ['created_at']);
}

/** Active members of the organization; with `most`, that number where there are more. */
export async function countActive(db: Database, organization: OrganizationId, most?: number): Promise<number> {
  const active = "FROM memberships WHERE organization = ? AND status = 'active'";
  const row = await rowOf<{ n: number }>(
    db,
    most === undefined
      ? `SELECT count(*) AS n ${active}`
      : `SELECT count(*) AS n FROM (SELECT 1 ${active} LIMIT ?) AS counted`,
    most === undefined ? [organization] : [organization, most],
  );
  return row?.n ?? 0;
}

/** Active members whom the connection grants something; with null, the organization's own settings, all of them. */
export async function countGranted(
  db: Database,
  organization: OrganizationId,
  connection: ConnectionId | null,
): Promise<number> {
  if (connection === null) return countActive(db, organization);
  // Both databases know `replace`; a because that it changes names the connection.
  const row = await db('memberships')
    .where({ organization, status: 'active' })
    .whereRaw("replace(because, ?, '') <> because", [`"connection":${JSON.stringify(connection)}`])
    .count({ n: '*' })
    .first();
  return Number(row?.['n'] ?? 0);
}

/** Accounts that wait for a seat, longest first. */
export async function waitingAccounts(db: Database, organization: OrganizationId, most: number): Promise<AccountId[]> {
  const rows: { account: AccountId }[] = await db('memberships')
    .where({ organization })
    .whereNotNull('waiting_since')
    .orderBy(['waiting_since', 'created_at', 'account'])
    .limit(most)
    .select('account');
  return rows.map(({ account }) => account);
}

/** One member as the lists show them. */
export interface Member extends Membership {
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

/** The members of an organization by e-mail, in pages so that a list of any length can be streamed. */
export async function* listMembers(db: Database, organization: OrganizationId): AsyncGenerator<Member> {
  let after = '';
  for (;;) {
    const rows: (MembershipRow & {
      email: string;
      email_key: string;
      first_name: string | null;
      last_name: string | null;
    })[] = await db('memberships')
      .join('accounts', 'accounts.id', 'memberships.account')
      .where({ organization })
      .where('accounts.email_key', '>', after)
      .orderBy('accounts.email_key')
      .limit(500)
      .select('memberships.*', 'accounts.email', 'accounts.email_key', 'accounts.first_name', 'accounts.last_name');
    for (const row of rows) {
      yield { ...membershipFromRow(row), email: row.email, firstName: row.first_name, lastName: row.last_name };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.email_key;
  }
}

/** Accounts of all members of the organization, in pages of `size` by id. */
export async function* memberAccounts(
  db: Database,
  organization: OrganizationId,
  size: number,
): AsyncGenerator<AccountId[]> {
  let after = '';
  for (;;) {
    const rows: { account: AccountId }[] = await db('memberships')
      .where({ organization })
      .where('account', '>', after)
      .orderBy('account')
      .limit(size)
      .select('account');
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ account }) => account);
    after = last.account;
  }
}

/** Accounts that a connection's word suspends in the organization. */
export async function suspendedAccounts(db: Database, organization: OrganizationId): Promise<AccountId[]> {
  const rows: { account: AccountId }[] = await db('memberships')
    .where({ organization, status: 'deactivated' })
    .whereNotNull('suspended_by')
    .orderBy('account')
    .select('account');
  return rows.map(({ account }) => account);
}

/** Gives or replaces the one person grant of the membership. */
export async function writePersonGrant(db: Database, grant: PersonGrant): Promise<void> {
  const { organization, account, ...fields } = grant;
  await db('person_grants')
    .insert({ organization, account, ...fields })
    .onConflict(['organization', 'account'])
    .merge(fields);
}

export async function writeBlock(
  db: Database,
  block: {
    organization: OrganizationId;
    account: AccountId;
    connection: ConnectionId | null;
    reason: string;
    since: Instant;
  },
): Promise<void> {
  await db('blocks').insert(block).onConflict(['organization', 'account']).ignore();
}

/** Membership rows, or those of people whom the connection knows. */
export async function countMembers(db: Database, connection: ConnectionId | null): Promise<number> {
  const query = db('memberships').count({ n: '*' });
  if (connection !== null) {
    void query.whereIn(
      'account',
      db('external_people').where({ connection }).whereNotNull('account').select('account'),
    );
  }
  const row = await query.first();
  return Number(row?.['n'] ?? 0);
}

/** Takes the person grant of the membership away. */
export async function endPersonGrant(
  db: Database,
  { organization, account }: { readonly organization: OrganizationId; readonly account: AccountId },
): Promise<void> {
  await db('person_grants').where({ organization, account }).delete();
}

/** Forgets a membership that nothing gives any more; its history stays. */
export async function deleteMembership(
  db: Database,
  { organization, account }: { readonly organization: OrganizationId; readonly account: AccountId },
): Promise<void> {
  for (const table of ['person_grants', 'blocks', 'keeps', 'placements', 'memberships']) {
    await db(table).where({ organization, account }).delete();
  }
}

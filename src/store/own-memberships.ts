// The organizations of one account: what a session or a token may open, and what each of them shows.
import { shown } from '../core/membership.ts';
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { GrantableRole, Role, Status } from '../core/role.ts';
import type { Database } from './database.ts';
import type { MembershipRow } from './memberships.ts';
import { membershipFromRow } from './memberships.ts';

export interface OrganizationSummary {
  readonly organization: OrganizationId;
  readonly title: string;
  readonly defaultRole: GrantableRole;
  readonly createdAt: Instant;
  readonly open: boolean;
}

export interface OwnMembership extends OrganizationSummary {
  /** As everybody sees it: `owner` for the Owner. */
  readonly role: Role;
  readonly status: Status;
  /** Whether the password alone does not open it, except to its Owner. */
  readonly requireSso: boolean;
}

interface Row extends MembershipRow {
  title: string;
  default_role: GrantableRole;
  founded_at: Instant;
  state: 'open' | 'closed';
  owner: AccountId | null;
  require_sso: number | null;
}

/** All memberships of the account, whatever their status, the longest-standing first. */
export async function ownMemberships(db: Database, account: AccountId): Promise<OwnMembership[]> {
  const rows: Row[] = await db('memberships')
    .join('organizations', 'organizations.id', 'memberships.organization')
    .leftJoin('sign_in_rules', 'sign_in_rules.organization', 'memberships.organization')
    .where('memberships.account', account)
    .orderBy(['memberships.created_at', 'memberships.organization'])
    .select(
      'memberships.*',
      'organizations.title as title',
      'organizations.default_role as default_role',
      'organizations.created_at as founded_at',
      'organizations.state as state',
      'organizations.owner as owner',
      'sign_in_rules.require_sso as require_sso',
    );
  return rows.map((row) => ({
    organization: row.organization,
    title: row.title,
    defaultRole: row.default_role,
    createdAt: row.founded_at,
    open: row.state === 'open',
    ...shown(membershipFromRow(row), row.owner === account),
    requireSso: row.require_sso === 1,
  }));
}

interface SummaryRow {
  id: OrganizationId;
  title: string;
  default_role: GrantableRole;
  created_at: Instant;
  state: 'open' | 'closed';
}

function summaryFromRow(row: SummaryRow): OrganizationSummary {
  const { id, title, default_role: defaultRole, created_at: createdAt, state } = row;
  return { organization: id, title, defaultRole, createdAt, open: state === 'open' };
}

const SUMMARY = ['id', 'title', 'default_role', 'created_at', 'state'] as const;

/** Every organization of the installation; for its operators. */
export async function listSummaries(db: Database): Promise<OrganizationSummary[]> {
  const rows: SummaryRow[] = await db('organizations').orderBy('id').select(SUMMARY);
  return rows.map(summaryFromRow);
}

export async function findSummary(db: Database, id: string): Promise<OrganizationSummary | null> {
  const row: SummaryRow | undefined = await db('organizations').where({ id }).first(SUMMARY);
  return row === undefined ? null : summaryFromRow(row);
}

/** Makes single sign-on required, or no longer. */
export async function saveSignInRule(db: Database, organization: OrganizationId, requireSso: boolean): Promise<void> {
  const fields = { require_sso: requireSso ? 1 : 0 };
  await db('sign_in_rules')
    .insert({ organization, ...fields })
    .onConflict('organization')
    .merge(fields);
}

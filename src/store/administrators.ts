// Who answers for an organization: its Owner first, then its active Administrators, longest-standing first.
import type { OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';

/** Their addresses, at most so many. */
export async function administratorAddresses(
  db: Database,
  organization: OrganizationId,
  most: number,
): Promise<string[]> {
  const members = db('memberships')
    .join('accounts', 'accounts.id', 'memberships.account')
    .where({ 'memberships.organization': organization, 'memberships.status': 'active' });
  const owner: { email: string }[] = await members
    .clone()
    .join('organizations', 'organizations.owner', 'memberships.account')
    .where({ 'organizations.id': organization })
    .select('accounts.email');
  const others: { email: string }[] = await members
    .clone()
    .where({ 'memberships.role': 'administrator' })
    .orderBy(['memberships.created_at', 'accounts.email_key'])
    .limit(most)
    .select('accounts.email');
  return [...new Set([...owner, ...others].map(({ email }) => email))].slice(0, most);
}

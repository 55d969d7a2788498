// Whom a person who was let go or blocked may turn to. They have proven who they are, and were a member.
import type { OrganizationId } from '../core/ids.ts';
import { loadAccounts } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import { loadOrganizations } from '../store/organizations.ts';

export async function whoCanHelp(db: Database, organization: OrganizationId | null): Promise<string> {
  const deactivated = 'Your access was deactivated.';
  if (organization === null) return `${deactivated} Ask whoever runs this installation.`;
  const [found] = await loadOrganizations(db, [organization]);
  const title = found?.title ?? organization;
  const owner = found?.owner == null ? null : (await loadAccounts(db, [found.owner])).get(found.owner);
  const who =
    owner == null ? `an administrator of ${title}` : `an administrator of ${title}, or its owner, ${owner.email}`;
  return `${deactivated} To get it back, ask ${who}.`;
}

// Founding an organization: its Owner has the seat from the first instant, and a person grant of Administrator beneath.
import type { AccountId, Instant } from '../core/ids.ts';
import { personalGrant } from '../core/membership.ts';
import type { Organization } from '../core/organization.ts';
import type { Database } from '../store/database.ts';
import { writeMembership, writePersonGrant } from '../store/memberships.ts';
import { saveOrganization } from '../store/organizations.ts';

/** Writes exactly what planning the organization gives, so that planning it again gives nothing (law 13). */
export async function found(
  db: Database,
  settings: Omit<Organization, 'owner' | 'vacancy'>,
  owner: AccountId,
  { declared, at }: { readonly declared: boolean; readonly at: Instant },
): Promise<void> {
  const organization = settings.id;
  const grant = { organization, account: owner, role: 'administrator', source: 'manual', since: at } as const;
  await saveOrganization(db, { ...settings, owner, vacancy: null }, { declared, at });
  await writePersonGrant(db, grant);
  await writeMembership(
    db,
    {
      organization,
      account: owner,
      role: 'administrator',
      status: 'active',
      source: 'manual',
      because: [personalGrant(grant)],
      suspendedBy: null,
      waitingSince: null,
    },
    at,
  );
}

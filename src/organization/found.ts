// Founding an organization: its Owner has the seat from the first instant, and a person grant of Administrator beneath.
import type { Instant } from '../core/ids.ts';
import type { Membership } from '../core/membership.ts';
import { personalGrant } from '../core/membership.ts';
import type { Organization } from '../core/organization.ts';
import type { Account } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import { writeMemberships, writePersonGrant } from '../store/memberships.ts';
import { saveOrganization } from '../store/organizations.ts';
import { recordSeat, seatChange } from '../sync/apply-change.ts';
import type { PlanRef, Sync } from '../sync/context.ts';

/** Writes exactly what planning the organization gives, so that planning it again gives nothing (law 13). */
export async function found(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  settings: Omit<Organization, 'owner' | 'vacancy'> & { readonly declared: boolean; readonly at: Instant },
  owner: Pick<Account, 'id' | 'email'>,
): Promise<void> {
  const { declared, at, ...rules } = settings;
  const organization = rules.id;
  const account = owner.id;
  const grant = { organization, account, role: 'administrator', source: 'manual', since: at } as const;
  const membership: Membership = {
    organization,
    account,
    role: 'administrator',
    status: 'active',
    source: 'manual',
    because: [personalGrant(grant)],
    suspendedBy: null,
    waitingSince: null,
  };
  await saveOrganization(db, { ...rules, owner: account, vacancy: null }, { declared, at });
  await writePersonGrant(db, grant);
  await writeMemberships(db, [membership], at);
  const seat = seatChange({ account, email: owner.email }, membership, 'founded the organization');
  await recordSeat(sync, db, plan, { ...seat, before: null, kind: 'added' });
}

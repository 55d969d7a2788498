// What an invitation's token opens, and accepting it. Two kinds look alike from outside: the organization's link, which
// anybody may follow, and the one mailed to a single address.
import { emailKey } from '../core/fact.ts';
import type { AccountId, OrganizationId } from '../core/ids.ts';
import type { Organization } from '../core/organization.ts';
import { membershipIn } from '../core/plan.ts';
import type { GrantableRole } from '../core/role.ts';
import { RollcallError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { proveAddress } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { closeInvitation, findInvitation, organizationOfLink } from '../store/invitations.ts';
import { loadOrganizations } from '../store/organizations.ts';
import type { Sync } from '../sync/context.ts';
import { grantRole } from './grant-role.ts';
import { hashToken } from './keys.ts';

export interface OpenInvitation {
  readonly organization: Organization;
  readonly role: GrantableRole;
  /** The one address it is for, and when it was sent there; null for the organization's link. */
  readonly mailed: { readonly id: string; readonly email: string; readonly sentAt: string } | null;
}

const LONGEST_TOKEN = 128;

/**
 * What the token invites to.
 * @throws RollcallError `invitation_invalid`, in the same words whether it was never given, is used, withdrawn, or old.
 */
export async function openInvitation(sync: Sync, db: Database, token: string): Promise<OpenInvitation> {
  const invitation = token.length > LONGEST_TOKEN ? null : await lookUp(sync, db, hashToken(token));
  if (invitation === null) {
    throw new RollcallError(
      'invitation_invalid',
      'this invitation is not valid: it was used or withdrawn, or it is too old; ask for a new one',
    );
  }
  return invitation;
}

async function lookUp(sync: Sync, db: Database, tokenHash: string): Promise<OpenInvitation | null> {
  const linked = await organizationOfLink(db, tokenHash);
  if (linked !== null) {
    const organization = await openOrganization(db, linked);
    return organization === null ? null : { organization, role: organization.defaultRole, mailed: null };
  }
  const found = await findInvitation(db, tokenHash);
  if (found === null || found.state !== 'open' || found.expiresAt <= sync.now()) return null;
  const organization = await openOrganization(db, found.organization);
  const { id, email, sentAt, role } = found;
  return organization === null ? null : { organization, role, mailed: { id, email, sentAt } };
}

/** Nobody is invited by hand where only directories give roles; an invitation sent before sleeps. */
async function openOrganization(db: Database, id: OrganizationId): Promise<Organization | null> {
  const [organization] = await loadOrganizations(db, [id]);
  return organization?.open === true && organization.roleAuthority === 'shared' ? organization : null;
}

/**
 * Joins the account to the organization, in the caller's transaction.
 * @throws RollcallError `invitation_invalid` for another's invitation; `access_ended` for whoever was deactivated there.
 */
export async function acceptInvitation(
  sync: Sync,
  db: Database,
  account: Pick<Account, 'id' | 'email'>,
  invitation: OpenInvitation,
): Promise<void> {
  const { organization, role, mailed } = invitation;
  if (mailed !== null && emailKey(mailed.email) !== emailKey(account.email)) {
    throw new RollcallError(
      'invitation_invalid',
      'this invitation is for another address: sign in with the account that it was sent to',
    );
  }
  const standing = await standingOf(db, account.id, organization.id);
  const { membership } = standing;
  const suspension = membership?.suspendedBy ?? null;
  // Whoever invites by name after the departure re-admits by hand; the link re-admits nobody, and lifts no block.
  const readmits = suspension !== null && suspension.reason !== 'block' && (mailed?.sentAt ?? '') > suspension.since;
  if (suspension !== null && !readmits) {
    throw new RollcallError(
      'access_ended',
      `your access to ${organization.title} was ended: its Administrators can let you in again`,
    );
  }
  if (mailed !== null && !(await closeInvitation(db, mailed.id, 'accepted'))) {
    throw new RollcallError('invitation_invalid', 'this invitation was used already');
  }
  if (mailed !== null) await proveAddress(db, account.id, sync.now());
  // The link brings people in; it takes no role away from somebody who is in.
  const inAlready = membership !== null && membership.status !== 'deactivated';
  if (organization.owner === account.id || (mailed === null && inAlready)) return;
  await grantRole(sync, db, { organization: organization.id, account: account.id, role, source: 'invitation' });
}

async function standingOf(db: Database, account: AccountId, organization: OrganizationId) {
  const [dossier] = await loadDossiers(db, [account]);
  return { membership: dossier === undefined ? null : membershipIn(dossier, organization) };
}

// Invitations: one link per organization that anybody may follow, and links mailed to one address with a role chosen.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import { emailKey } from '../core/fact.ts';
import type { GrantableRole } from '../core/role.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';

export interface Invitation {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly email: string;
  readonly role: GrantableRole;
  readonly invitedBy: AccountId;
  readonly sentAt: Instant;
  readonly expiresAt: Instant;
  readonly state: 'open' | 'accepted' | 'revoked';
}

interface InvitationRow {
  id: string;
  organization: OrganizationId;
  email: string;
  email_key: string;
  role: GrantableRole;
  invited_by: AccountId;
  sent_at: Instant;
  expires_at: Instant;
  state: Invitation['state'];
}

function fromRow(row: InvitationRow): Invitation {
  return {
    id: row.id,
    organization: row.organization,
    email: row.email,
    role: row.role,
    invitedBy: row.invited_by,
    sentAt: row.sent_at,
    expiresAt: row.expires_at,
    state: row.state,
  };
}

/** Invites an address, or invites it again: the link mailed before no longer opens anything. */
export async function saveInvitation(
  db: Database,
  tokenHash: string,
  invitation: Omit<Invitation, 'id' | 'state'>,
): Promise<void> {
  const fields = {
    email: invitation.email,
    role: invitation.role,
    token_hash: tokenHash,
    invited_by: invitation.invitedBy,
    sent_at: invitation.sentAt,
    expires_at: invitation.expiresAt,
    state: 'open',
  };
  const { organization, email } = invitation;
  await db('invitations')
    .insert({ id: newId(), organization, email_key: emailKey(email), ...fields })
    .onConflict(['organization', 'email_key'])
    .merge(fields);
}

export async function findInvitation(db: Database, tokenHash: string): Promise<Invitation | null> {
  const row: InvitationRow | undefined = await db('invitations').where({ token_hash: tokenHash }).first();
  return row === undefined ? null : fromRow(row);
}

export async function invitationOf(
  db: Database,
  organization: OrganizationId,
  email: string,
): Promise<Invitation | null> {
  const row: InvitationRow | undefined = await db('invitations')
    .where({ organization, email_key: emailKey(email) })
    .first();
  return row === undefined ? null : fromRow(row);
}

/** Closes an open invitation; false where somebody else has closed it before. */
export async function closeInvitation(db: Database, id: string, state: 'accepted' | 'revoked'): Promise<boolean> {
  return (await db('invitations').where({ id, state: 'open' }).update({ state })) === 1;
}

/** The organization's link: the serial from which its token is derived. */
export async function linkSerial(db: Database, organization: OrganizationId): Promise<string | null> {
  const row: { serial: string } | undefined = await db('invitation_links').where({ organization }).first('serial');
  return row?.serial ?? null;
}

/** Gives the organization a new link; the old one dies. */
export async function saveLink(
  db: Database,
  organization: OrganizationId,
  link: { readonly serial: string; readonly tokenHash: string; readonly createdAt: Instant },
): Promise<void> {
  const fields = { serial: link.serial, token_hash: link.tokenHash, created_at: link.createdAt };
  await db('invitation_links')
    .insert({ organization, ...fields })
    .onConflict('organization')
    .merge(fields);
}

export async function organizationOfLink(db: Database, tokenHash: string): Promise<OrganizationId | null> {
  const row: { organization: OrganizationId } | undefined = await db('invitation_links')
    .where({ token_hash: tokenHash })
    .first('organization');
  return row?.organization ?? null;
}

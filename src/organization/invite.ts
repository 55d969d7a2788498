// Inviting: the organization's link, and mails with a role chosen up front. Owner and Administrators do it, and not where
// only directories give roles.
import { DAY_MS, shift } from '../core/instant.ts';
import type { OrganizationId } from '../core/ids.ts';
import { membershipIn } from '../core/plan.ts';
import type { GrantableRole, Role } from '../core/role.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { findAccount } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { closeInvitation, invitationOf, linkSerial, saveInvitation, saveLink } from '../store/invitations.ts';
import { loadOrganizations } from '../store/organizations.ts';
import type { Caller } from './caller.ts';
import { workingIn } from './caller.ts';
import type { AccountsContext, Mail } from './context.ts';
import { hashToken, invitationToken, newToken } from './keys.ts';
import { invitationMail, linkTo } from './mails.ts';
import { mayMail } from './throttle.ts';

const GOOD_FOR_MS = 7 * DAY_MS;
/** Invited at once; each is a mail. */
const MOST_AT_ONCE = 100;

export interface InvitationLink {
  readonly token: string;
  readonly url: string;
}

/**
 * The organization's link, made when it is first asked for.
 * @throws RollcallError `forbidden`; `conflict` where only directories give roles.
 */
export async function invitationLink(context: AccountsContext, caller: Caller): Promise<InvitationLink> {
  const { organization } = workingIn(caller, 'administrator');
  return inTransaction(context.sync.db, async (db) => {
    await refuseDirectory(db, organization);
    const serial = await linkSerial(db, organization);
    return serial === null ? newLink(context, db, organization) : link(context, organization, serial);
  });
}

/** Gives the organization a new link; whoever has the old one is refused from now on. */
export async function resetLink(context: AccountsContext, caller: Caller): Promise<InvitationLink> {
  const { sync } = context;
  const { organization } = workingIn(caller, 'administrator');
  return inTransaction(sync.db, async (db) => {
    await refuseDirectory(db, organization);
    const event = { kind: 'invitation_link_reset', account: caller.account.id, organization, detail: '' } as const;
    await noteEvent(db, event, sync.now());
    return newLink(context, db, organization);
  });
}

async function newLink(context: AccountsContext, db: Database, organization: OrganizationId): Promise<InvitationLink> {
  const serial = newToken();
  const made = link(context, organization, serial);
  await saveLink(db, organization, { serial, tokenHash: hashToken(made.token), createdAt: context.sync.now() });
  return made;
}

function link(context: AccountsContext, organization: OrganizationId, serial: string): InvitationLink {
  const token = invitationToken(context.keys, organization, serial);
  return { token, url: linkTo(context, 'signup', token) };
}

/**
 * Invites addresses, all or none; whoever was invited before gets a new link, and the old one dies.
 * @returns the addresses that were mailed too often of late: they are invited, and no mail went out.
 * @throws RollcallError `input_invalid`; `forbidden`; `conflict` for members, and where only directories give roles.
 */
export async function invite(
  context: AccountsContext,
  caller: Caller,
  wish: { readonly emails: readonly string[]; readonly role: Role },
): Promise<readonly string[]> {
  const { sync } = context;
  const { organization, title } = workingIn(caller, 'administrator');
  const { role, emails } = wish;
  if (role === 'owner') {
    throw new RollcallError(
      'input_invalid',
      'role: nobody is invited as Owner; the Owner hands over to an Administrator',
    );
  }
  if (emails.length === 0 || emails.length > MOST_AT_ONCE) {
    throw new RollcallError('input_invalid', `emails: from one to ${MOST_AT_ONCE} addresses`);
  }
  const mails = await inTransaction(sync.db, async (db) => {
    await refuseDirectory(db, organization);
    const made: Mail[] = [];
    for (const email of emails) {
      await refuseMember(db, organization, email);
      made.push(await invitation(context, db, caller, { organization, title, email, role }));
    }
    return made;
  });
  const held: string[] = [];
  for (const mail of mails) {
    if (await mayMail(sync, mail.to, 'invitation')) context.sendMail(mail);
    else held.push(mail.to);
  }
  return held;
}

async function invitation(
  context: AccountsContext,
  db: Database,
  { account }: Caller,
  wish: {
    readonly organization: OrganizationId;
    readonly title: string;
    readonly email: string;
    readonly role: GrantableRole;
  },
): Promise<Mail> {
  const at = context.sync.now();
  const { organization, email, role, title } = wish;
  const token = newToken();
  const expiresAt = shift(at, GOOD_FOR_MS);
  const invited = { organization, email, role, invitedBy: account.id, sentAt: at, expiresAt };
  await saveInvitation(db, hashToken(token), invited);
  await noteEvent(db, { kind: 'invited', account: account.id, organization, detail: role }, at);
  return invitationMail(email, title, linkTo(context, 'signup', token));
}

/**
 * Withdraws the invitation of an address.
 * @throws RollcallError `forbidden`; `not_found` for one that was never invited, or has accepted.
 */
export async function revokeInvitation({ sync }: AccountsContext, caller: Caller, email: string): Promise<void> {
  const { organization } = workingIn(caller, 'administrator');
  await inTransaction(sync.db, async (db) => {
    const found = await invitationOf(db, organization, email);
    if (found === null || !(await closeInvitation(db, found.id, 'revoked'))) {
      throw new RollcallError('not_found', 'there is no open invitation for this address');
    }
    const event = { kind: 'invitation_revoked', account: caller.account.id, organization, detail: found.role } as const;
    await noteEvent(db, event, sync.now());
  });
}

async function refuseDirectory(db: Database, id: OrganizationId): Promise<void> {
  const [organization] = await loadOrganizations(db, [id]);
  if (organization?.roleAuthority === 'directory') {
    throw new RollcallError(
      'conflict',
      'only directories give roles in this organization: add people to a mapped group',
    );
  }
}

async function refuseMember(db: Database, organization: OrganizationId, email: string): Promise<void> {
  const account = await findAccount(db, email);
  const [dossier] = account === null ? [] : await loadDossiers(db, [account.id]);
  const membership = dossier === undefined ? null : membershipIn(dossier, organization);
  if (membership === null) return;
  if (membership.status !== 'deactivated') {
    throw new RollcallError('conflict', `${email} is a member already: set their role on the members page`);
  }
  if (membership.suspendedBy?.reason === 'block') {
    throw new RollcallError(
      'conflict',
      `${email} was deactivated by a person here: lift that on the members page first`,
    );
  }
}

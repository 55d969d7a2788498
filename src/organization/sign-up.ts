// Signing up: without an invitation a person founds an organization and owns it, with one they join an existing one
// (organizations.md section 1). It signs in at once; the address is proven by the mail that follows.
import { DAY_MS } from '../core/instant.ts';
import { emailKey } from '../core/fact.ts';
import type { AccountId, OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { addAccounts, findAccount } from '../store/accounts.ts';
import { noteEvent } from '../store/account-events.ts';
import { loadCredentials, setPassword } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import type { AccountsContext } from './context.ts';
import { found } from './found.ts';
import { acceptInvitation, openInvitation } from './invitation.ts';
import { linkTo, verificationMail } from './mails.ts';
import { newMailedLink } from './mailed-link.ts';
import { checkPassword, hashPassword } from './password.ts';
import type { Sync } from '../sync/context.ts';
import { beginPlan } from '../sync/push.ts';
import type { OpenedSession, Visitor } from './session.ts';
import { openSession } from './session.ts';
import { mayMail } from './throttle.ts';

const VERIFICATION_MS = 2 * DAY_MS;

export interface SignUp {
  readonly email: string;
  readonly password: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** The token of the link; null: a new organization is founded. */
  readonly invitation: string | null;
}

/**
 * @throws RollcallError `signup_closed`; `invitation_invalid`; `input_invalid` for the password; `conflict` where the
 * address has an account.
 */
export async function signUp(context: AccountsContext, wish: SignUp, visitor: Visitor): Promise<OpenedSession> {
  const { sync } = context;
  mayFound(context, wish.invitation);
  if (wish.invitation !== null) await openInvitation(sync, sync.db, wish.invitation);
  const password = await hashPassword(checkPassword(wish.password, wish.email));
  const { account, session } = await inTransaction(sync.db, async (db) => {
    const invitation = wish.invitation === null ? null : await openInvitation(sync, db, wish.invitation);
    if (invitation?.mailed !== undefined && invitation.mailed !== null)
      refuseOther(invitation.mailed.email, wish.email);
    if ((await findAccount(db, wish.email)) !== null) {
      throw new RollcallError(
        'conflict',
        'nobody can sign up with this address: if it is yours, sign in or choose a new password',
      );
    }
    const at = sync.now();
    const fresh = { id: newId<AccountId>(), email: wish.email, firstName: wish.firstName, lastName: wish.lastName };
    await addAccounts(db, [fresh], at);
    await setPassword(db, fresh.id, password);
    if (invitation === null) await foundOwn(sync, db, fresh, at);
    else await acceptInvitation(sync, db, fresh, invitation);
    await noteEvent(db, { kind: 'signed_up', account: fresh.id, organization: null, detail: '' }, at);
    const opened = await openSession(
      sync,
      db,
      fresh.id,
      { connection: null, organization: null, until: null },
      visitor,
    );
    return { account: fresh, session: opened };
  });
  await sendVerification(context, account);
  return session;
}

/** @throws RollcallError `signup_closed` where people come by invitation only and there is none. */
export function mayFound({ signup }: Pick<AccountsContext, 'signup'>, invitation: string | null): void {
  if (invitation === null && signup === 'invitation-only') {
    throw new RollcallError('signup_closed', 'people join by invitation here: ask an Administrator for one');
  }
}

function refuseOther(invited: string, email: string): void {
  if (emailKey(invited) === emailKey(email)) return;
  throw new RollcallError(
    'invitation_invalid',
    'this invitation is for another address: sign up with the one it was sent to',
  );
}

/** An organization of the person's own, called by their address until they rename it. */
async function foundOwn(sync: Sync, db: Database, owner: Account, at: string): Promise<void> {
  const plan = await beginPlan(sync, db, null, 'people');
  await found(
    sync,
    db,
    plan,
    {
      id: newId<OrganizationId>(),
      title: owner.email,
      successor: null,
      roleAuthority: 'shared',
      defaultRole: 'not_activated',
      seats: null,
      open: true,
      declared: false,
      at,
    },
    owner,
  );
}

/** Mails the link that proves the address, unless it is proven or was mailed too often of late. */
export async function sendVerification(
  context: AccountsContext,
  account: Pick<Account, 'id' | 'email'>,
): Promise<void> {
  const { sync } = context;
  if (
    (await loadCredentials(sync.db, account.id)).provenAt !== null ||
    !(await mayMail(sync, account.email, 'account'))
  )
    return;
  const token = await newMailedLink(sync, account, 'verify', VERIFICATION_MS);
  context.sendMail(verificationMail(account.email, linkTo(context, 'verify', token)));
}

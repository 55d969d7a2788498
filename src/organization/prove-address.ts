// The links that are mailed to an address, or printed for the first Owner: each good once. Following one proves that
// the address is its holder's; a new password ends every session that the old one had opened.
import { HOUR_MS } from '../core/instant.ts';
import type { AccountId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import type { Account } from '../store/accounts.ts';
import { findAccount, loadAccounts } from '../store/accounts.ts';
import type { LinkPurpose } from '../store/credentials.ts';
import {
  endActivations,
  endMailedLinks,
  findActivation,
  findMailedLink,
  proveAddress,
  setPassword,
} from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { endSessionsOf } from '../store/sessions.ts';
import type { AccountsContext } from './context.ts';
import { hashToken } from './keys.ts';
import { linkTo, resetMail } from './mails.ts';
import { newMailedLink } from './mailed-link.ts';
import { checkPassword, hashPassword } from './password.ts';
import type { SignIn } from './sign-in.ts';
import { enterWith } from './sign-in.ts';
import type { Visitor } from './session.ts';
import { mayMail } from './throttle.ts';

const RESET_MS = HOUR_MS;
const LONGEST_TOKEN = 128;

/** Where a password is chosen: by a mailed reset, or by the one-time activation that a command printed. */
export type PasswordLink = 'reset' | 'activate';

/** Mails a reset link, if the address has an account and was not mailed too often; whether it did is not told. */
export async function askForReset(context: AccountsContext, email: string): Promise<void> {
  const { sync } = context;
  const allowed = await mayMail(sync, email, 'account');
  const account = await findAccount(sync.db, email);
  if (account === null || !allowed) return;
  const token = await newMailedLink(sync, account, 'reset', RESET_MS);
  // To the address that is stored, not to the one that was typed: two that compare alike may be delivered apart.
  context.sendMail(resetMail(account.email, linkTo(context, 'password-reset', token)));
}

/** @throws RollcallError `link_invalid`, in the same words for one that never was, was used, or is too old. */
export async function accountOfLink(context: AccountsContext, link: PasswordLink, token: string): Promise<Account> {
  return holder(context, context.sync.db, link, token);
}

/**
 * Sets the password, ends the account's sessions and signs in.
 * @throws RollcallError `link_invalid`; `input_invalid` for the password, and the link stays good.
 */
export async function choosePassword(
  context: AccountsContext,
  wish: { readonly link: PasswordLink; readonly token: string; readonly password: string },
  visitor: Visitor,
): Promise<SignIn> {
  const { sync } = context;
  const { email } = await holder(context, sync.db, wish.link, wish.token);
  const password = await hashPassword(checkPassword(wish.password, email));
  const account = await inTransaction(sync.db, async (db) => {
    const found = await holder(context, db, wish.link, wish.token);
    const at = sync.now();
    await setPassword(db, found.id, password);
    await proveAddress(db, found.id, at);
    await endActivations(db, found.id, at);
    for (const purpose of ['reset', 'verify'] as const) await endMailedLinks(db, found.id, purpose);
    await endSessionsOf(db, found.id);
    await noteEvent(db, { kind: 'password_set', account: found.id, organization: null, detail: wish.link }, at);
    return found;
  });
  return enterWith(context, { account, connection: null, stored: password }, { ...visitor, session: null });
}

/**
 * The address is proven.
 * @throws RollcallError `link_invalid`.
 */
export async function verifyAddress(context: AccountsContext, token: string): Promise<Account> {
  const { sync } = context;
  return inTransaction(sync.db, async (db) => {
    const account = await holder(context, db, 'verify', token);
    await proveAddress(db, account.id, sync.now());
    await endMailedLinks(db, account.id, 'verify');
    return account;
  });
}

/** Whose the verification link is, without using it. */
export async function accountToVerify(context: AccountsContext, token: string): Promise<Account> {
  return holder(context, context.sync.db, 'verify', token);
}

async function holder(
  { sync }: AccountsContext,
  db: Database,
  link: LinkPurpose | 'activate',
  token: string,
): Promise<Account> {
  const id = token.length > LONGEST_TOKEN ? null : await lookUp(db, link, hashToken(token), sync.now());
  const account = id === null ? undefined : (await loadAccounts(db, [id])).get(id);
  if (account === undefined) {
    throw new RollcallError('link_invalid', 'this link is not valid: it was used already, or it is too old');
  }
  return account;
}

async function lookUp(
  db: Database,
  link: LinkPurpose | 'activate',
  hash: string,
  at: string,
): Promise<AccountId | null> {
  return link === 'activate' ? findActivation(db, hash) : findMailedLink(db, hash, link, at);
}

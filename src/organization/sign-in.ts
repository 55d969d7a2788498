// Signing in with a password of one's own, or with a directory's. Every refusal looks and takes the same, whether the
// address is unknown, has no password or has another one.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Account } from '../store/accounts.ts';
import { findAccount, loadAccounts } from '../store/accounts.ts';
import { noteEvent } from '../store/account-events.ts';
import { findConnection } from '../store/connections.ts';
import { loadCredentials, proveAddress, setPassword } from '../store/credentials.ts';
import { inTransaction } from '../store/database.ts';
import { linkedAccount } from '../store/external-people.ts';
import { ownMemberships } from '../store/own-memberships.ts';
import type { OwnMembership } from '../store/own-memberships.ts';
import { speaksFor } from '../sync/join.ts';
import { push } from '../sync/push.ts';
import { isOperator } from './caller.ts';
import type { AccountsContext, DirectoryAnswer } from './context.ts';
import { hashPassword, isOutdated, verifyPassword } from './password.ts';
import type { OpenedSession, Visitor } from './session.ts';
import { openSession } from './session.ts';
import { absolve, admit } from './throttle.ts';

export type SignIn =
  | { readonly kind: 'in'; readonly session: OpenedSession }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  /** The password is right, and nothing is left that it could open; says who can help. */
  | { readonly kind: 'ended'; readonly help: string }
  | { readonly kind: 'unavailable' };

/** An address is no longer than this, and neither is a name in a directory. */
const LONGEST_LOGIN = 256;

export async function signIn(
  context: AccountsContext,
  login: { readonly name: string; readonly password: string },
  visitor: Visitor,
): Promise<SignIn> {
  const { sync } = context;
  const attempt = { login: login.name, address: visitor.address };
  const refused = await admit(sync, attempt);
  if (refused !== null) return { kind: 'throttled', ...refused };
  const answer = await check(context, login);
  // A directory that does not answer takes nothing back: the password was compared with the account's own all the same.
  if (answer.kind === 'wrong' || answer.kind === 'unavailable') return answer;
  await absolve(sync, attempt);
  return answer.kind === 'known' ? enter(context, answer, visitor) : answer;
}

interface Known {
  readonly kind: 'known';
  readonly account: Account;
  /** Null: the password of the account itself. */
  readonly connection: ConnectionId | null;
  /** The hash that the password was compared with. */
  readonly stored: string | null;
  /** When the session ends at the identity provider that signed them in, if it says so. */
  readonly until?: Instant | null;
}

async function check(
  context: AccountsContext,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<Known | Exclude<SignIn, { kind: 'in' } | { kind: 'throttled' }>> {
  const { sync, directory } = context;
  // An empty password would be an anonymous bind, which every directory grants.
  if (password === '' || name.length > LONGEST_LOGIN) return { kind: 'wrong' };
  const account = await findAccount(sync.db, name);
  const stored = account === null ? null : (await loadCredentials(sync.db, account.id)).password;
  if ((await verifyPassword(stored, password)) && account !== null && stored !== null) {
    return { kind: 'known', account, connection: null, stored: await renewed(context, account, stored, password) };
  }
  if (directory === null) return { kind: 'wrong' };
  const answer = await directory.signIn({ name, password });
  return answer.kind === 'known' ? joinFromDirectory(context, answer) : answer;
}

/** The hash, made anew where it was made with parameters that are no longer enough. */
async function renewed({ sync }: AccountsContext, account: Account, stored: string, password: string): Promise<string> {
  if (!isOutdated(stored)) return stored;
  const fresh = await hashPassword(password.normalize('NFKC'));
  await setPassword(sync.db, account.id, fresh);
  return fresh;
}

/** What the directory says of the person goes the way of every reading; then the account is the one they are linked to. */
async function joinFromDirectory(
  { sync }: AccountsContext,
  { connection, externalId, reading }: Extract<DirectoryAnswer, { kind: 'known' }>,
): Promise<Known | Extract<SignIn, { kind: 'ended' }>> {
  await push(sync, reading);
  if (reading.people.some((person) => person.externalId === externalId && !person.active)) {
    return { kind: 'ended', help: 'Your account in the directory is disabled: ask whoever runs the directory.' };
  }
  const id = await linkedAccount(sync.db, connection, externalId);
  const account = id === null ? undefined : (await loadAccounts(sync.db, [id])).get(id);
  if (account !== undefined) return { kind: 'known', account, connection, stored: null };
  return {
    kind: 'ended',
    help: 'Your directory knows you, but nothing here is open to you yet: ask an Administrator of your organization.',
  };
}

/** In one transaction, so that whoever is deactivated, or claimed, between the check and here does not slip in. */
async function enter(context: AccountsContext, known: Known, visitor: Visitor): Promise<SignIn> {
  const { sync } = context;
  const { account, connection, stored, until = null } = known;
  return inTransaction(sync.db, async (db): Promise<SignIn> => {
    const { password, provenAt } = await loadCredentials(db, account.id);
    if (connection === null && password !== stored) return { kind: 'wrong' };
    const through = connection === null ? null : await findConnection(db, connection);
    const organization = through?.organization ?? null;
    const memberships = (await ownMemberships(db, account.id)).filter(
      (one) => organization === null || one.organization === organization,
    );
    const operator = connection === null && provenAt !== null && isOperator(context.operators, account.email);
    const help = operator ? null : endedBy(memberships, connection);
    if (help !== null) return { kind: 'ended', help };
    // Single sign-on proves an address only where the connection may speak for it (organizations.md section 5).
    if (through !== null && (await speaksFor(db, through, account.email)))
      await proveAddress(db, account.id, sync.now());
    if (connection === null) {
      for (const own of memberships.filter((one) => one.requireSso && one.role === 'owner')) {
        const event = { kind: 'sso_bypassed', account: account.id, organization: own.organization } as const;
        await noteEvent(db, { ...event, detail: 'the Owner signed in with a password' }, sync.now());
      }
    }
    const entered = { kind: 'signed_in', account: account.id, organization } as const;
    await noteEvent(db, { ...entered, detail: connection ?? 'password' }, sync.now());
    return {
      kind: 'in',
      session: await openSession(sync, db, account.id, { connection, organization, until }, visitor),
    };
  });
}

/** Whoever was deactivated has nothing to open. Whoever is nowhere yet may come by password, to follow an invitation. */
function endedBy(memberships: readonly OwnMembership[], connection: ConnectionId | null): string | null {
  if (memberships.some(({ status }) => status !== 'deactivated')) return null;
  if (memberships.length === 0) {
    return connection === null ? null : 'Nothing here is open to you yet: ask an Administrator of your organization.';
  }
  const titles = memberships.map(({ title }) => title).join(', ');
  return `Your access to ${titles} has ended. An Administrator there can let you in again.`;
}

/** Opens a session for somebody whom another door has signed in: single sign-on, or a link that set the password. */
export async function enterWith(
  context: AccountsContext,
  known: Omit<Known, 'kind'>,
  visitor: Visitor,
): Promise<SignIn> {
  return enter(context, { kind: 'known', ...known }, visitor);
}

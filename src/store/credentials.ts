// What an account signs in with, whether its address was ever proven to be its holder's, and the links mailed for it.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface Credentials {
  readonly account: AccountId;
  /** The hash with its parameters; null: no password was ever set. */
  readonly password: string | null;
  /** When last a mailed link was followed, or a connection that may speak for the address joined the account. */
  readonly provenAt: Instant | null;
  /** The organization that the person chose last. */
  readonly activeOrganization: OrganizationId | null;
}

interface CredentialsRow {
  account: AccountId;
  password: string | null;
  proven_at: Instant | null;
  active_organization: OrganizationId | null;
}

export async function loadCredentials(db: Database, account: AccountId): Promise<Credentials> {
  const row: CredentialsRow | undefined = await db('credentials').where({ account }).first();
  return {
    account,
    password: row?.password ?? null,
    provenAt: row?.proven_at ?? null,
    activeOrganization: row?.active_organization ?? null,
  };
}

export async function setPassword(db: Database, account: AccountId, password: string | null): Promise<void> {
  await merge(db, account, { password });
}

export async function proveAddress(db: Database, account: AccountId, at: Instant): Promise<void> {
  await merge(db, account, { proven_at: at });
}

export async function chooseOrganization(
  db: Database,
  account: AccountId,
  organization: OrganizationId | null,
): Promise<void> {
  await merge(db, account, { active_organization: organization });
}

async function merge(db: Database, account: AccountId, fields: Partial<CredentialsRow>): Promise<void> {
  const insert = db('credentials')
    .insert({ account, password: null, proven_at: null, active_organization: null, ...fields })
    .onConflict('account');
  await (Object.keys(fields).length === 0 ? insert.ignore() : insert.merge(fields));
}

export type LinkPurpose = 'verify' | 'reset';

/** Stores the hash of a mailed link; those mailed before for the same purpose no longer open anything. */
export async function addMailedLink(
  db: Database,
  link: {
    readonly tokenHash: string;
    readonly purpose: LinkPurpose;
    readonly account: AccountId;
    readonly emailKey: string;
    readonly expiresAt: Instant;
  },
): Promise<void> {
  const { tokenHash, purpose, account, emailKey, expiresAt } = link;
  await db('mailed_links').where({ account, purpose }).delete();
  await db('mailed_links').insert({
    token_hash: tokenHash,
    purpose,
    account,
    email_key: emailKey,
    expires_at: expiresAt,
  });
}

/** The account of a link that is good now: not used, not expired, and the account still has the address it went to. */
export async function findMailedLink(
  db: Database,
  tokenHash: string,
  purpose: LinkPurpose,
  at: Instant,
): Promise<AccountId | null> {
  const row: { account: AccountId } | undefined = await db('mailed_links')
    .join('accounts', 'accounts.id', 'mailed_links.account')
    .where({ token_hash: tokenHash, purpose })
    .where('mailed_links.expires_at', '>', at)
    .whereRaw('accounts.email_key = mailed_links.email_key')
    .first('mailed_links.account as account');
  return row?.account ?? null;
}

/** Ends the account's mailed links of that purpose: one was used. */
export async function endMailedLinks(db: Database, account: AccountId, purpose: LinkPurpose): Promise<void> {
  await db('mailed_links').where({ account, purpose }).delete();
}

/** The account of an unused one-time activation. */
export async function findActivation(db: Database, tokenHash: string): Promise<AccountId | null> {
  const row: { account: AccountId } | undefined = await db('account_activations')
    .where({ token_hash: tokenHash })
    .whereNull('used_at')
    .first('account');
  return row?.account ?? null;
}

export async function endActivations(db: Database, account: AccountId, at: Instant): Promise<void> {
  await db('account_activations').where({ account }).whereNull('used_at').update({ used_at: at });
}

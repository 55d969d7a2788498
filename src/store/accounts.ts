// Accounts: one per person who signs in; the external people of the connections are linked to them.
import type { AccountId, Instant } from '../core/ids.ts';
import { emailKey } from '../core/fact.ts';
import { insertRows } from './bulk.ts';
import type { Database } from './database.ts';
import { oneOf, rowsOf } from './statement.ts';

export interface Account {
  readonly id: AccountId;
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

interface AccountRow {
  id: AccountId;
  email: string;
  first_name: string | null;
  last_name: string | null;
}

function fromRow(row: AccountRow): Account {
  return { id: row.id, email: row.email, firstName: row.first_name, lastName: row.last_name };
}

/** The account with that address, compared without case. */
export async function findAccount(db: Database, email: string): Promise<Account | null> {
  const row: AccountRow | undefined = await db('accounts')
    .where({ email_key: emailKey(email) })
    .first();
  return row === undefined ? null : fromRow(row);
}

export async function loadAccounts(db: Database, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Account>> {
  if (ids.length === 0) return new Map();
  const rows = await rowsOf<AccountRow>(
    db,
    `SELECT id, email, first_name, last_name FROM accounts WHERE ${oneOf(db, 'id')}`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, fromRow(row)]));
}

/** Account ids by compared address, for the addresses that have one. */
export async function accountsByEmail(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, AccountId>> {
  if (keys.length === 0) return new Map();
  const rows = await rowsOf<{ id: AccountId; email_key: string }>(
    db,
    `SELECT id, email_key FROM accounts WHERE ${oneOf(db, 'email_key')}`,
    [keys],
  );
  return new Map(rows.map((row) => [row.email_key, row.id]));
}

export async function addAccounts(db: Database, accounts: readonly Account[], at: Instant): Promise<void> {
  const rows = accounts.map((account) => ({
    id: account.id,
    email: account.email,
    email_key: emailKey(account.email),
    first_name: account.firstName,
    last_name: account.lastName,
    created_at: at,
  }));
  await insertRows(db, 'accounts', rows);
}

export async function setEmail(db: Database, account: AccountId, email: string): Promise<void> {
  await db('accounts')
    .where({ id: account })
    .update({ email, email_key: emailKey(email) });
}

/** Gives an account that has no name the one that its connection knows; a name once set stays. */
export async function fillNames(
  db: Database,
  account: AccountId,
  { firstName, lastName }: { readonly firstName: string | null; readonly lastName: string | null },
): Promise<void> {
  if (firstName === null && lastName === null) return;
  await db('accounts')
    .where({ id: account, first_name: null, last_name: null })
    .update({ first_name: firstName, last_name: lastName });
}

/** Names that the person chose; no connection changes them. */
export async function setNames(
  db: Database,
  account: AccountId,
  names: { readonly first_name?: string | null; readonly last_name?: string | null },
): Promise<void> {
  await db('accounts').where({ id: account }).update(names);
}

/** Stores the hash of a one-time activation token; the token itself is shown once and never kept. */
export async function addActivation(db: Database, account: AccountId, tokenHash: string, at: Instant): Promise<void> {
  await db('account_activations').insert({ token_hash: tokenHash, account, created_at: at, used_at: null });
}

/** All account ids, in pages. */
export async function* allAccounts(db: Database, size: number): AsyncGenerator<AccountId[]> {
  let after = '';
  for (;;) {
    const rows: { id: AccountId }[] = await db('accounts')
      .where('id', '>', after)
      .orderBy('id')
      .limit(size)
      .select('id');
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ id }) => id);
    after = last.id;
  }
}

// Accounts: one per person who signs in; the external people of the connections are linked to them.
import type { AccountId, Instant } from '../core/ids.ts';
import { emailKey } from '../core/fact.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';

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
  const found = new Map<AccountId, Account>();
  for (const group of inGroups(ids)) {
    const rows: AccountRow[] = await db('accounts').whereIn('id', [...group]);
    for (const row of rows) found.set(row.id, fromRow(row));
  }
  return found;
}

/** Account ids by compared address, for the addresses that have one. */
export async function accountsByEmail(db: Database, keys: readonly string[]): Promise<ReadonlyMap<string, AccountId>> {
  const found = new Map<string, AccountId>();
  for (const group of inGroups(keys)) {
    const rows: { id: AccountId; email_key: string }[] = await db('accounts')
      .whereIn('email_key', [...group])
      .select('id', 'email_key');
    for (const row of rows) found.set(row.email_key, row.id);
  }
  return found;
}

export async function addAccounts(db: Database, accounts: readonly Account[], at: Instant): Promise<void> {
  for (const group of inGroups(accounts)) {
    await db('accounts').insert(
      group.map((account) => ({
        id: account.id,
        email: account.email,
        email_key: emailKey(account.email),
        first_name: account.firstName,
        last_name: account.lastName,
        created_at: at,
      })),
    );
  }
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

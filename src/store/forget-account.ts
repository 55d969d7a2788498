// What is left of a deleted account: its row, under an opaque id, for the history to point at.
import { emailKey } from '../core/fact.ts';
import type { AccountId, ConnectionId } from '../core/ids.ts';
import type { Account } from './accounts.ts';
import { loadCredentials } from './credentials.ts';
import type { Database } from './database.ts';
import { endSessionsOf } from './sessions.ts';
import { endTokensOf } from './tokens.ts';

/** Connections that are not closed and report the person present and active. */
export async function holdersOf(db: Database, account: AccountId): Promise<ConnectionId[]> {
  const rows: { id: ConnectionId }[] = await db('external_people')
    .join('connections', 'connections.id', 'external_people.connection')
    .where({ account, present: 1, active: 1 })
    .whereNot('connections.state', 'closed')
    .distinct('connections.id as id')
    .orderBy('connections.id');
  return rows.map(({ id }) => id);
}

/** Takes everything away that names the person or lets them in; memberships have ended before. */
export async function forgetAccount(db: Database, { id, email }: Pick<Account, 'id' | 'email'>): Promise<void> {
  await endSessionsOf(db, id);
  await endTokensOf(db, id);
  const { provenAt } = await loadCredentials(db, id);
  for (const table of ['credentials', 'mailed_links', 'account_activations']) {
    await db(table).where({ account: id }).delete();
  }
  // Of an address that was never proven to be theirs, the invitations are somebody else's.
  if (provenAt !== null) {
    await db('invitations')
      .where({ email_key: emailKey(email) })
      .delete();
  }
  await db('organizations').where({ successor: id }).update({ successor: null });
  // A person who comes back to a directory is a new one: the link would revive an account that nobody can enter.
  await db('external_people').where({ account: id }).update({ account: null, linked_at: null });
  await db('conflicts').where({ account: id }).update({ account: null });
  await db('changes').where({ account: id }).update({ email: id });
  await db('accounts').where({ id }).update({ email: id, email_key: id, first_name: null, last_name: null });
}

// Link conflicts: external people who could not be joined to an account, listed until somebody decides.
import type { LinkConflict } from '../core/account-link.ts';
import type { Person } from '../core/fact.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';
import { execute, oneOf } from './statement.ts';

export interface Conflict {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly externalId: string;
  readonly email: string | null;
  readonly reason: LinkConflict;
  /** The account that holds the address. */
  readonly account: AccountId | null;
  readonly state: 'open' | 'linked' | 'discarded' | 'moot';
  readonly createdAt: Instant;
}

interface ConflictRow {
  id: string;
  connection: ConnectionId;
  external_id: string;
  email: string | null;
  reason: LinkConflict;
  account: AccountId | null;
  state: Conflict['state'];
  facts: string;
  created_at: Instant;
}

function fromRow(row: ConflictRow): Conflict {
  return {
    id: row.id,
    connection: row.connection,
    externalId: row.external_id,
    email: row.email,
    reason: row.reason,
    account: row.account,
    state: row.state,
    createdAt: row.created_at,
  };
}

/** Open conflicts, oldest first. */
export async function loadConflicts(db: Database): Promise<Conflict[]> {
  return ((await db('conflicts').where({ state: 'open' }).orderBy('id')) as ConflictRow[]).map(fromRow);
}

/** Open conflicts about people who carry this address. */
export async function conflictsOfAddress(db: Database, emailKey: string): Promise<Conflict[]> {
  const rows: ConflictRow[] = await db('external_people')
    .join('conflicts', (join) => {
      join
        .on('conflicts.connection', 'external_people.connection')
        .andOn('conflicts.external_id', 'external_people.external_id');
    })
    .where({ 'external_people.email_key': emailKey, 'conflicts.state': 'open' })
    .orderBy('conflicts.id')
    .select('conflicts.*');
  return rows.map(fromRow);
}

/** Open conflicts about somebody whom no account has yet, that name this account, or none and its address. */
export async function conflictsOf(
  db: Database,
  holder: { readonly account: AccountId; readonly emailKey: string },
): Promise<Conflict[]> {
  const open = db('conflicts')
    .join('external_people', (join) => {
      join
        .on('external_people.connection', 'conflicts.connection')
        .andOn('external_people.external_id', 'conflicts.external_id');
    })
    .where({ 'conflicts.state': 'open', 'external_people.present': 1 })
    .whereNull('external_people.account')
    .orderBy('conflicts.id')
    .limit(MOST_OF_ONE)
    .select('conflicts.*');
  const named: ConflictRow[] = await open.clone().where({ 'conflicts.account': holder.account });
  const unnamed: ConflictRow[] = await open
    .clone()
    .whereNull('conflicts.account')
    .where({ 'external_people.email_key': holder.emailKey });
  return [...named, ...unnamed].map(fromRow);
}

/** More than anybody is asked about at once. */
const MOST_OF_ONE = 20;

export async function findConflict(db: Database, id: string): Promise<Conflict | null> {
  const row: ConflictRow | undefined = await db('conflicts').where({ id }).first();
  return row === undefined ? null : fromRow(row);
}

/** Lists the conflict; one that was discarded stays so until the person's facts change. */
export async function noteConflict(
  db: Database,
  person: Person,
  reason: LinkConflict,
  account: AccountId | null,
  at: Instant,
): Promise<void> {
  const { connection, externalId } = person;
  const facts = JSON.stringify([person.attributes, person.present, person.active]);
  const known: ConflictRow | undefined = await db('conflicts')
    .where({ connection, external_id: externalId })
    .whereIn('state', ['open', 'discarded'])
    .first();
  if (known?.state === 'discarded' && known.facts === facts) return;
  if (known?.state === 'open') {
    if (known.facts === facts && known.reason === reason && known.account === account) return;
    await db('conflicts').where({ id: known.id }).update({ reason, account, email: person.attributes.email, facts });
    return;
  }
  if (known !== undefined) await db('conflicts').where({ id: known.id }).update({ state: 'moot', decided_at: at });
  await db('conflicts').insert({
    id: newId(),
    connection,
    external_id: externalId,
    reason,
    account,
    email: person.attributes.email,
    state: 'open',
    facts,
    created_at: at,
  });
}

export async function decideConflict(
  db: Database,
  id: string,
  state: 'linked' | 'discarded',
  at: Instant,
): Promise<void> {
  await db('conflicts').where({ id }).update({ state, decided_at: at });
}

/** Closes what became moot because the person was joined after all, or is gone. */
export async function closeConflicts(
  db: Database,
  connection: ConnectionId,
  externalIds: readonly string[],
  at: Instant,
): Promise<void> {
  if (externalIds.length === 0) return;
  await execute(
    db,
    `UPDATE conflicts SET state = 'moot', decided_at = ?
     WHERE connection = ? AND ${oneOf(db, 'external_id')} AND state = 'open'`,
    [at, connection, externalIds],
  );
}

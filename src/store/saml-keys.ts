// Our own key pairs, one connection each: the current one signs and decrypts; the next one is published before it is
// used, and the previous one still decrypts, so that a rollover locks nobody out.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';
import type { SealingKey } from './sealed.ts';
import { seal, unseal } from './sealed.ts';

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM (PKCS #8). */
  readonly privateKey: string;
}

export type KeyState = 'next' | 'current' | 'previous';

export interface StoredKeyPair extends KeyPair {
  readonly state: KeyState;
}

interface KeyRow {
  id: string;
  certificate: string;
  private_key: string;
  state: KeyState;
}

export async function loadKeys(db: Database, connection: ConnectionId, key: SealingKey): Promise<StoredKeyPair[]> {
  const rows: KeyRow[] = await db('saml_keys').where({ connection }).orderBy('id');
  return rows.map(({ certificate, private_key: sealed, state }) => ({
    certificate,
    privateKey: unseal(key, sealed, purposeOf(connection)),
    state,
  }));
}

/** Stores a pair in that state, in place of the one that has it. */
export async function saveKey(
  db: Database,
  connection: ConnectionId,
  pair: StoredKeyPair,
  key: SealingKey,
  at: Instant,
): Promise<void> {
  await db('saml_keys').where({ connection, state: pair.state }).delete();
  await db('saml_keys').insert({
    id: newId(),
    connection,
    certificate: pair.certificate,
    private_key: seal(key, pair.privateKey, purposeOf(connection)),
    state: pair.state,
    created_at: at,
  });
}

/** The next pair becomes the current one, and the current one the previous. @returns false without a next one. */
export async function promoteNextKey(db: Database, connection: ConnectionId): Promise<boolean> {
  const next: KeyRow | undefined = await db('saml_keys').where({ connection, state: 'next' }).first();
  if (next === undefined) return false;
  await db('saml_keys').where({ connection, state: 'previous' }).delete();
  await db('saml_keys').where({ connection, state: 'current' }).update({ state: 'previous' });
  await db('saml_keys').where({ id: next.id }).update({ state: 'current' });
  return true;
}

/** Ends the rollover: the previous pair decrypts no more. @returns false without a previous one. */
export async function dropPreviousKey(db: Database, connection: ConnectionId): Promise<boolean> {
  return (await db('saml_keys').where({ connection, state: 'previous' }).delete()) > 0;
}

/** Binds the ciphertext to its row: a key of one connection can't be put in another's place. */
function purposeOf(connection: ConnectionId): string {
  return `saml key of ${connection}`;
}

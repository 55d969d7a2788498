// Bearer tokens of SCIM connections: stored hashed, several at once so that they can be rotated.
import type { ConnectionKind, ConnectionState } from '../core/connection.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';
import { rowOf } from './statement.ts';

export interface ScimToken {
  readonly id: string;
  readonly connection: ConnectionId;
  /** The configuration file states it. */
  readonly declared: boolean;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  readonly revokedAt: Instant | null;
}

interface TokenRow {
  id: string;
  token_hash: string;
  connection: ConnectionId;
  declared: number;
  created_at: Instant;
  expires_at: Instant | null;
  last_used_at: Instant | null;
  revoked_at: Instant | null;
}

function fromRow(row: TokenRow): ScimToken {
  return {
    id: row.id,
    connection: row.connection,
    declared: row.declared === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

export async function addScimToken(
  db: Database,
  token: { readonly connection: ConnectionId; readonly hash: string; readonly expiresAt: Instant | null },
  at: Instant,
): Promise<string> {
  const id = newId();
  await db('scim_tokens').insert({
    id,
    token_hash: token.hash,
    connection: token.connection,
    declared: 0,
    created_at: at,
    expires_at: token.expiresAt,
  });
  return id;
}

export async function findScimToken(db: Database, hash: string): Promise<ScimToken | null> {
  const row: TokenRow | undefined = await db('scim_tokens').where({ token_hash: hash }).first();
  return row === undefined ? null : fromRow(row);
}

/** The token, and what its connection is by now; asked at every request. */
export async function findScimCaller(
  db: Database,
  hash: string,
): Promise<{ readonly token: ScimToken; readonly kind: ConnectionKind; readonly state: ConnectionState } | null> {
  const row = await rowOf<TokenRow & { kind: ConnectionKind; state: ConnectionState }>(
    db,
    `SELECT id, token_hash, connection, declared, created_at, expires_at, last_used_at, revoked_at,
       (SELECT c.kind FROM connections c WHERE c.id = t.connection) AS kind,
       (SELECT c.state FROM connections c WHERE c.id = t.connection) AS state
     FROM scim_tokens t WHERE token_hash = ?`,
    [hash],
  );
  return row === null ? null : { token: fromRow(row), kind: row.kind, state: row.state };
}

export async function loadScimTokens(db: Database): Promise<ScimToken[]> {
  const rows: TokenRow[] = await db('scim_tokens').orderBy('id');
  return rows.map(fromRow);
}

export async function touchScimToken(db: Database, id: string, at: Instant): Promise<void> {
  await db('scim_tokens').where({ id }).update({ last_used_at: at });
}

/** False when there is no such token, or it is revoked already. */
export async function revokeScimToken(db: Database, id: string, at: Instant): Promise<boolean> {
  return (await db('scim_tokens').where({ id, revoked_at: null }).update({ revoked_at: at })) > 0;
}

/**
 * Makes this the connection's one declared token; null: none. Tokens that were made by command stay.
 * @throws RollcallError `conflict` when another connection has the same token.
 */
export async function declareScimToken(
  db: Database,
  connection: ConnectionId,
  hash: string | null,
  at: Instant,
): Promise<void> {
  const known = hash === null ? null : await findScimToken(db, hash);
  if (known !== null && known.connection !== connection) {
    throw new RollcallError(
      'conflict',
      `connections.${connection}: its token is the token of ${known.connection} too; a token names one connection, so give each its own`,
    );
  }
  await db('scim_tokens')
    .where({ connection, declared: 1, revoked_at: null })
    .whereNot({ token_hash: hash ?? '' })
    .update({ revoked_at: at });
  if (hash === null) return;
  await db('scim_tokens')
    .insert({ id: newId(), token_hash: hash, connection, declared: 1, created_at: at })
    .onConflict('token_hash')
    .merge({ declared: 1, revoked_at: null });
}

// Sign-ins and sign-outs under way, and the ids that were used up. Both are shared by all processes on one database:
// a sign-in begun on one ends on another, and its replay is refused on either.
import { createHash } from 'node:crypto';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';

export type RequestPurpose = 'login' | 'try' | 'logout';

export interface SamlRequest {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly purpose: RequestPurpose;
  /** The value of the cookie that names the browser; only its hash is stored. */
  readonly browser: string;
  readonly returnTo: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
}

export type OpenRequest = Pick<SamlRequest, 'id' | 'purpose' | 'returnTo' | 'createdAt'>;

/** A browser with more requests under way is a script; the oldest go first. */
const OPEN_PER_BROWSER = 20;

interface RequestRow {
  id: string;
  purpose: RequestPurpose;
  return_to: string;
  created_at: Instant;
}

function fromRow(row: RequestRow): OpenRequest {
  return { id: row.id, purpose: row.purpose, returnTo: row.return_to, createdAt: row.created_at };
}

export async function addRequest(db: Database, request: SamlRequest): Promise<void> {
  await db('saml_requests').insert({
    id: request.id,
    connection: request.connection,
    purpose: request.purpose,
    browser: hash(request.browser),
    return_to: request.returnTo,
    created_at: request.createdAt,
    expires_at: request.expiresAt,
  });
}

/** What this browser asked of this connection and was not answered yet, newest first. */
export async function openRequests(
  db: Database,
  wanted: { readonly connection: ConnectionId; readonly browser: string; readonly at: Instant },
): Promise<OpenRequest[]> {
  const rows: RequestRow[] = await db('saml_requests')
    .where({ connection: wanted.connection, browser: hash(wanted.browser) })
    .where('expires_at', '>', wanted.at)
    .orderBy('created_at', 'desc')
    .limit(OPEN_PER_BROWSER);
  return rows.map(fromRow);
}

/** Uses the request up. @returns false when somebody else did: of two answers only one counts. */
export async function consumeRequest(db: Database, id: string): Promise<boolean> {
  return (await db('saml_requests').where({ id }).delete()) === 1;
}

/** Uses an id of a message up, until the message itself has expired. @returns false for a replay. */
export async function consumeId(
  db: Database,
  used: { readonly connection: ConnectionId; readonly id: string; readonly expiresAt: Instant },
): Promise<boolean> {
  const row = { connection: used.connection, id: hash(used.id), expires_at: used.expiresAt };
  const inserted: unknown[] = await db('saml_used_ids')
    .insert(row)
    .onConflict(['connection', 'id'])
    .ignore()
    .returning('id');
  return inserted.length === 1;
}

/** Forgets what has expired anyhow. */
export async function pruneRequests(db: Database, at: Instant): Promise<void> {
  await db('saml_requests').where('expires_at', '<=', at).delete();
  await db('saml_used_ids').where('expires_at', '<=', at).delete();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

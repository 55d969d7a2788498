// Which session was opened for which subject of a provider: what a logout of either side needs.
import { createHash } from 'node:crypto';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';

export interface StoredNameId {
  readonly value: string;
  readonly format: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
}

export interface SamlSession {
  readonly session: string;
  readonly connection: ConnectionId;
  readonly account: AccountId;
  readonly nameId: StoredNameId;
  readonly sessionIndex: string | null;
}

interface SessionRow {
  session: string;
  connection: ConnectionId;
  account: AccountId;
  name_id: string;
  session_index: string | null;
}

function fromRow(row: SessionRow): SamlSession {
  return {
    session: row.session,
    connection: row.connection,
    account: row.account,
    nameId: fromJson<StoredNameId>(row.name_id),
    sessionIndex: row.session_index,
  };
}

export async function saveSamlSession(db: Database, session: SamlSession, at: Instant): Promise<void> {
  const fields = {
    account: session.account,
    name_id: JSON.stringify(session.nameId),
    name_key: nameKey(session.nameId.value),
    session_index: session.sessionIndex,
    created_at: at,
  };
  await db('saml_sessions')
    .insert({ session: session.session, connection: session.connection, ...fields })
    .onConflict(['session', 'connection'])
    .merge(fields);
}

export async function findSamlSession(
  db: Database,
  session: string,
  connection: ConnectionId,
): Promise<SamlSession | null> {
  const row: SessionRow | undefined = await db('saml_sessions').where({ session, connection }).first();
  return row === undefined ? null : fromRow(row);
}

/** Sessions that this connection opened for this subject; the qualifiers are for the caller to compare. */
export async function sessionsOfSubject(
  db: Database,
  connection: ConnectionId,
  nameId: string,
): Promise<SamlSession[]> {
  const rows: SessionRow[] = await db('saml_sessions').where({ connection, name_key: nameKey(nameId) });
  return rows.map(fromRow);
}

export async function dropSamlSession(db: Database, session: string, connection: ConnectionId): Promise<void> {
  await db('saml_sessions').where({ session, connection }).delete();
}

/** What one session was opened for goes over to another with its openings, so that a logout still finds it. */
export async function moveSamlSessions(db: Database, from: string, into: string): Promise<void> {
  // What the other one was opened for by the same connection is the later word.
  const later = db('saml_sessions').where({ session: into }).select('connection');
  await db('saml_sessions').where({ session: from }).whereIn('connection', later).delete();
  await db('saml_sessions').where({ session: from }).update({ session: into });
}

/** All that were opened to a session, the last first; forgotten with it. */
export async function takeSamlSessions(db: Database, session: string): Promise<SamlSession[]> {
  const rows: SessionRow[] = await db('saml_sessions').where({ session }).orderBy('created_at', 'desc');
  await db('saml_sessions').where({ session }).delete();
  return rows.map(fromRow);
}

export async function pruneSamlSessions(db: Database, before: Instant): Promise<void> {
  await db('saml_sessions').where('created_at', '<', before).delete();
}

function nameKey(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

// Sessions: who is signed in, through which doors, and until when. The cookie's token is kept as a hash only.
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';

/** One way in that a session went. */
export interface Opening {
  /** The connection that signed the person in; null for the password. */
  readonly connection: ConnectionId | null;
  /** The one organization that it opens; null for all of the account's. */
  readonly organization: OrganizationId | null;
  readonly openedAt: Instant;
  /** When the connection's own session ends, if it says so: then this opening has ended. */
  readonly until: Instant | null;
}

export interface Session {
  readonly id: string;
  readonly account: AccountId;
  /** What the browser called itself at sign-in, shown to the owner of the session only. */
  readonly agent: string;
  readonly address: string;
  readonly createdAt: Instant;
  readonly seenAt: Instant;
  readonly expiresAt: Instant;
  readonly openings: readonly Opening[];
}

interface SessionRow {
  id: string;
  account: AccountId;
  agent: string;
  address: string;
  created_at: Instant;
  seen_at: Instant;
  expires_at: Instant;
}

interface OpeningRow {
  session: string;
  connection: ConnectionId | '';
  organization: OrganizationId | null;
  opened_at: Instant;
  until: Instant | null;
}

/** Writes a session that begins now; gives its id, by which its owner ends it. */
export async function addSession(
  db: Database,
  tokenHash: string,
  session: Omit<Session, 'id' | 'seenAt'>,
): Promise<string> {
  const id = newId<string>();
  await db('sessions').insert({
    id,
    token_hash: tokenHash,
    account: session.account,
    agent: session.agent,
    address: session.address,
    created_at: session.createdAt,
    seen_at: session.createdAt,
    expires_at: session.expiresAt,
  });
  await addOpenings(db, id, session.openings);
  return id;
}

/** The session with that token, if it was seen since `idleSince` and has not expired at `at`. */
export async function findSession(
  db: Database,
  tokenHash: string,
  { at, idleSince }: { readonly at: Instant; readonly idleSince: Instant },
): Promise<Session | null> {
  const rows: SessionRow[] = await db('sessions')
    .where({ token_hash: tokenHash })
    .where('expires_at', '>', at)
    .where('seen_at', '>', idleSince)
    .limit(1);
  return (await withOpenings(db, rows, at))[0] ?? null;
}

/** The account's live sessions, the newest first. */
export async function listSessions(
  db: Database,
  account: AccountId,
  { at, idleSince }: { readonly at: Instant; readonly idleSince: Instant },
): Promise<Session[]> {
  const rows: SessionRow[] = await db('sessions')
    .where({ account })
    .where('expires_at', '>', at)
    .where('seen_at', '>', idleSince)
    .orderBy('id', 'desc');
  return withOpenings(db, rows, at);
}

/** With what each still opens at that moment; a session that opens nothing any more is none. */
async function withOpenings(db: Database, rows: readonly SessionRow[], at: Instant): Promise<Session[]> {
  const openings: OpeningRow[] = await db('session_openings')
    .whereIn(
      'session',
      rows.map(({ id }) => id),
    )
    .where((open) => void open.whereNull('until').orWhere('until', '>', at))
    .orderBy('opened_at');
  const bySession = Map.groupBy(openings, ({ session }) => session);
  const live = rows.filter(({ id }) => bySession.has(id));
  return live.map((row) => ({
    id: row.id,
    account: row.account,
    agent: row.agent,
    address: row.address,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
    openings: (bySession.get(row.id) ?? []).map((one) => ({
      connection: one.connection === '' ? null : one.connection,
      organization: one.organization,
      openedAt: one.opened_at,
      until: one.until,
    })),
  }));
}

export async function touchSession(db: Database, id: string, at: Instant): Promise<void> {
  await db('sessions').where({ id }).update({ seen_at: at });
}

/** The session opens these too; what it opens already stays as it is. */
export async function addOpenings(db: Database, into: string, openings: readonly Opening[]): Promise<void> {
  for (const { connection, organization, openedAt, until } of openings) {
    await db('session_openings')
      .insert({ session: into, connection: connection ?? '', organization, opened_at: openedAt, until })
      .onConflict(['session', 'connection'])
      .ignore();
  }
}

/** Takes back what a connection opened; a session with nothing left ends. */
export async function endOpening(db: Database, session: string, connection: ConnectionId): Promise<void> {
  await db('session_openings').where({ session, connection }).delete();
  const left: { session: string } | undefined = await db('session_openings').where({ session }).first('session');
  if (left === undefined) await endSessions(db, [session]);
}

/** Ends the sessions with these ids. */
export async function endSessions(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db('session_openings')
    .whereIn('session', [...ids])
    .delete();
  await db('sessions')
    .whereIn('id', [...ids])
    .delete();
}

/** Ends the account's sessions, all but `except`; gives how many there were. */
export async function endSessionsOf(db: Database, account: AccountId, except: string | null = null): Promise<number> {
  const query = db('sessions').where({ account });
  if (except !== null) void query.whereNot({ id: except });
  const rows: { id: string }[] = await query.select('id');
  await endSessions(
    db,
    rows.map(({ id }) => id),
  );
  return rows.length;
}

/** Ends the account's sessions that a connection of the organization opened, also those that opened others since. */
export async function endSessionsThrough(
  db: Database,
  account: AccountId,
  organization: OrganizationId,
): Promise<void> {
  const rows: { id: string }[] = await db('sessions')
    .join('session_openings', 'session_openings.session', 'sessions.id')
    .where({ account, organization })
    .distinct('sessions.id as id');
  await endSessions(
    db,
    rows.map(({ id }) => id),
  );
}

/** Forgets sessions that nobody can use any more, at most `most` at once. */
export async function sweepSessions(
  db: Database,
  { at, idleSince, most }: { readonly at: Instant; readonly idleSince: Instant; readonly most: number },
): Promise<void> {
  const rows: { id: string }[] = await db('sessions')
    .where((dead) => void dead.where('expires_at', '<=', at).orWhere('seen_at', '<=', idleSince))
    .limit(most)
    .select('id');
  if (rows.length > 0) {
    await endSessions(
      db,
      rows.map(({ id }) => id),
    );
  }
}

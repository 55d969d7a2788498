// Opening, finding and ending sessions. Each sign-in gives a new token, so that one planted or seen before it opens
// nothing; what the session opens grows with each further sign-in of the same person in the same browser.
import { DAY_MS, MINUTE_MS, shift, span } from '../core/instant.ts';
import type { AccountId, Instant } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { moveSamlSessions } from '../store/saml-sessions.ts';
import type { Opening, Session } from '../store/sessions.ts';
import {
  addOpenings,
  addSession,
  endSessions,
  findSession,
  listSessions,
  sweepSessions,
  touchSession,
} from '../store/sessions.ts';
import type { Sync } from '../sync/context.ts';
import { hashToken, newToken } from './keys.ts';

/** A session that nobody uses for so long ends. */
const IDLE_MS = 7 * DAY_MS;
/** And each ends after so long, used or not. */
const LONGEST_MS = 30 * DAY_MS;
/** When a session was last used is told this exactly. */
const SEEN_MS = MINUTE_MS;
/** More than anybody has browsers; the oldest end. */
const PER_ACCOUNT = 50;
/** Rows of dead sessions taken away with each sign-in: more than it adds. */
const SWEPT = 20;
const AGENT_LENGTH = 200;

/** Where a sign-in comes from. */
export interface Visitor {
  readonly agent: string;
  readonly address: string;
  /** The session that the browser has already. */
  readonly session: Session | null;
}

export interface OpenedSession {
  readonly id: string;
  /** For the cookie; never stored. */
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Opens a session for a person whom `opening` has just signed in; `db` may be a transaction of the caller. */
export async function openSession(
  sync: Sync,
  db: Database,
  account: AccountId,
  opening: Omit<Opening, 'openedAt'>,
  visitor: Visitor,
): Promise<OpenedSession> {
  const at = sync.now();
  const previous = visitor.session;
  const openings = new Map<string, Opening>();
  // Somebody else at the same browser begins anew.
  for (const one of previous?.account === account ? previous.openings : []) openings.set(one.connection ?? '', one);
  openings.set(opening.connection ?? '', { ...opening, openedAt: at });
  if (previous !== null) await endSessions(db, [previous.id]);
  await sweepSessions(db, { at, idleSince: shift(at, -IDLE_MS), most: SWEPT });
  const token = newToken();
  const expiresAt = shift(at, LONGEST_MS);
  const id = await addSession(db, hashToken(token), {
    account,
    agent: visitor.agent.slice(0, AGENT_LENGTH),
    address: visitor.address,
    createdAt: at,
    expiresAt,
    openings: [...openings.values()],
  });
  if (previous?.account === account) await moveSamlSessions(db, previous.id, id);
  const all = await liveSessions(sync, db, account);
  await endSessions(
    db,
    all.slice(PER_ACCOUNT).map((old) => old.id),
  );
  return { id, token, expiresAt };
}

/** The session of a cookie, or null where it has ended. */
export async function resumeSession(sync: Sync, token: string): Promise<Session | null> {
  const at = sync.now();
  const session = await findSession(sync.db, hashToken(token), { at, idleSince: shift(at, -IDLE_MS) });
  if (session !== null && span(session.seenAt, at) > SEEN_MS) await touchSession(sync.db, session.id, at);
  return session;
}

/**
 * Joins the session that the browser had to the one that it has come back with from an identity provider: the answer is
 * posted from another site, so the door that took it could not see the old one.
 * @returns the session that the browser has from now on.
 */
export async function arrive(sync: Sync, token: string, previous: Session | null): Promise<Session | null> {
  const arrived = await resumeSession(sync, token);
  if (arrived === null || previous === null || previous.id === arrived.id) return arrived ?? previous;
  await inTransaction(sync.db, async (db) => {
    // Read anew, among the arrived person's own: nothing of somebody else, nor of what has ended meanwhile, is added.
    const live = (await liveSessions(sync, db, arrived.account)).find(({ id }) => id === previous.id);
    await addOpenings(db, arrived.id, live?.openings ?? []);
    if (live !== undefined) await moveSamlSessions(db, previous.id, arrived.id);
    await endSessions(db, [previous.id]);
  });
  return resumeSession(sync, token);
}

/** The account's live sessions, the newest first. */
export async function liveSessions(sync: Sync, db: Database, account: AccountId): Promise<Session[]> {
  const at = sync.now();
  return listSessions(db, account, { at, idleSince: shift(at, -IDLE_MS) });
}

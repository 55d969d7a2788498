// What a sign-in door asks of the sessions: to open one for somebody, to know the one that a request carries, and to take
// back what a connection opened.
import type { Request, Response } from 'express';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';

export interface Opened {
  readonly account: AccountId;
  readonly connection: ConnectionId;
  /** The one organization that this sign-in opens; null for an operator's connection, which opens all of the account's. */
  readonly organization: OrganizationId | null;
  /** When the session at the provider ends, if it says so: ours should not outlive it. */
  readonly until: Instant | null;
}

export interface SessionOpener {
  /** Sets the cookie, or adds to the session that the browser has. @returns the session's id, as the store knows it. */
  readonly open: (request: Request, response: Response, opened: Opened) => Promise<string>;
  /** The id of the session that the request carries. */
  readonly current: (request: Request) => Promise<string | null>;
  /** Takes back what the connection opened; a session with nothing left ends. */
  readonly close: (session: string, connection: ConnectionId) => Promise<void>;
}

// The sessions that single sign-on opens, for the doors of the identity providers: they have verified who somebody is
// and brought in what the provider says; here it becomes a session, or is refused.
import type { Request, Response } from 'express';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { AccountsContext } from '../organization/context.ts';
import { resumeSession } from '../organization/session.ts';
import { enterWith } from '../organization/sign-in.ts';
import { loadAccounts } from '../store/accounts.ts';
import { inTransaction } from '../store/database.ts';
import { endOpening } from '../store/sessions.ts';
import { readCookie } from './cookies.ts';
import { cookieSettings, giveArrival, visitorOf } from './visit.ts';

export interface SignOnSessions {
  /**
   * @returns the session's id, as the store knows it.
   * @throws RollcallError `access_ended` for somebody who was deactivated meanwhile.
   */
  readonly open: (
    request: Request,
    response: Response,
    opened: { readonly account: AccountId; readonly connection: ConnectionId; readonly until?: Instant | null },
  ) => Promise<string>;
  /** The id of the session that the request carries. */
  readonly current: (request: Request) => Promise<string | null>;
  /** Takes back what the connection opened; a session with nothing left ends. */
  readonly close: (session: string, connection: ConnectionId) => Promise<void>;
}

export function signOnSessions(context: AccountsContext): SignOnSessions {
  const { sync } = context;
  return {
    open: async (request, response, { account: id, connection, until = null }) => {
      const account = (await loadAccounts(sync.db, [id])).get(id);
      if (account === undefined) throw new RollcallError('access_ended', 'this account was deleted');
      const visitor = { ...visitorOf(request), session: null };
      const answer = await enterWith(context, { account, connection, stored: null, until }, visitor);
      if (answer.kind !== 'in') {
        throw new RollcallError('access_ended', answer.kind === 'ended' ? answer.help : 'this sign-in is not possible');
      }
      giveArrival(context, response, answer.session);
      return answer.session.id;
    },
    current: async (request) => {
      const settings = cookieSettings(context);
      const token = readCookie(request, 'arrival', settings) ?? readCookie(request, 'session', settings);
      return token === null ? null : ((await resumeSession(sync, token))?.id ?? null);
    },
    close: async (session, connection) => inTransaction(sync.db, async (db) => endOpening(db, session, connection)),
  };
}

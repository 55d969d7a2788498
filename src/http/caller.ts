// The caller of a route that needs one.
import type { Request } from 'express';
import { RollcallError } from '../errors.ts';
import type { Caller } from '../organization/caller.ts';
import { isWhole } from '../organization/caller.ts';
import type { Session } from '../store/sessions.ts';
import { visitOf } from './visit.ts';

/** @throws RollcallError `unauthenticated`, with what is wrong about the token that was sent. */
export function callerOf(request: Request): Caller {
  const { caller, refusal } = visitOf(request);
  if (caller !== null) return caller;
  throw new RollcallError(
    'unauthenticated',
    refusal ?? 'nobody is signed in: sign in at /user/login, or send a token in the Authorization header',
  );
}

/**
 * The session of a caller whom a token does not stand for: what concerns the account itself is no program's business.
 * @throws RollcallError `unauthenticated`; `forbidden` for a token.
 */
export function sessionOf(request: Request): { readonly caller: Caller; readonly session: Session } {
  const caller = callerOf(request);
  if (caller.via.kind === 'session') return { caller, session: caller.via.session };
  throw new RollcallError('forbidden', 'this concerns the account, not one membership: sign in at /user/login for it');
}

/**
 * The caller where the account as a whole is concerned.
 * @throws RollcallError `forbidden` also for a session that an organization's own connection opened.
 */
export function wholeSessionOf(request: Request): { readonly caller: Caller; readonly session: Session } {
  const found = sessionOf(request);
  if (isWhole(found.caller.via)) return found;
  throw new RollcallError(
    'forbidden',
    'your organization signed you in, and this concerns more than it: sign in with your password too, or choose one by mail first',
  );
}

// A visit: who calls, what their session or token opens, and the token that their forms must carry. Found once a
// request, before any route of people or programs.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import type { AccountsContext } from '../organization/context.ts';
import type { Caller } from '../organization/caller.ts';
import { findCaller } from '../organization/caller.ts';
import { newToken } from '../organization/keys.ts';
import type { OpenedSession, Visitor } from '../organization/session.ts';
import { arrive, resumeSession } from '../organization/session.ts';
import type { Session } from '../store/sessions.ts';
import { authorize, HEADERS } from './authorization.ts';
import type { CookieSettings } from './cookies.ts';
import { clearCookie, readCookie, setCookie } from './cookies.ts';

export interface Visit {
  readonly caller: Caller | null;
  readonly session: Session | null;
  /** The caller sent an Authorization header: no browser does that by itself, so no form can be forged with it. */
  readonly byToken: boolean;
  /** Why a token that was sent is not good, and which header or call is right; null where none was sent, or a good one. */
  readonly refusal: string | null;
  /** What the forms of this browser must carry; null where it has no cookie yet. */
  readonly formToken: string | null;
}

const visits = new WeakMap<Request, Visit>();

/** The visit behind the request; `visited` must have run. */
export function visitOf(request: Request): Visit {
  const visit = visits.get(request);
  if (visit === undefined) throw new Error(`no visit was found for ${request.path}`);
  return visit;
}

/** Finds the visit of every request that passes. */
export function visited(context: AccountsContext): RequestHandler {
  const settings = cookieSettings(context);
  return async (request, response, next) => {
    const visit = await findVisit(context, request, response);
    visits.set(request, visit);
    response.setHeader('Cache-Control', 'no-store');
    if (visit.formToken !== null) response.setHeader('X-CSRF-Token', visit.formToken);
    if (visit.session === null && !visit.byToken && readCookie(request, 'session', settings) !== null) {
      clearCookie(response, 'session', settings);
    }
    next();
  };
}

async function findVisit(context: AccountsContext, request: Request, response: Response): Promise<Visit> {
  const header = request.headers.authorization ?? '';
  // Browsers repeat what they know of other schemes by themselves, so only these two prove that a program is calling.
  if (/^(bearer|token) /i.test(header)) {
    const answer = await authorize(context, header);
    const none = { session: null, byToken: true, formToken: null };
    return answer.kind === 'caller'
      ? { ...none, caller: answer.caller, refusal: null }
      : { ...none, caller: null, refusal: answer.help };
  }
  const settings = cookieSettings(context);
  const { session, cookie } = await findSession(context, request, response);
  const caller =
    session === null ? null : await findCaller(context.sync.db, { kind: 'session', session }, context.operators);
  const secret = session === null ? readCookie(request, 'visit', settings) : cookie;
  const refusal = header === '' ? null : HEADERS;
  return { caller, session, byToken: false, refusal, formToken: secret === null ? null : formTokenOf(secret) };
}

/** The browser's session; one that single sign-on has just opened takes the place of the one before. */
async function findSession(
  context: AccountsContext,
  request: Request,
  response: Response,
): Promise<{ readonly session: Session | null; readonly cookie: string | null }> {
  const { sync } = context;
  const settings = cookieSettings(context);
  const cookie = readCookie(request, 'session', settings);
  const before = cookie === null ? null : await resumeSession(sync, cookie);
  const arrival = readCookie(request, 'arrival', settings);
  if (arrival === null) return { session: before, cookie };
  const session = await arrive(sync, arrival, before);
  clearCookie(response, 'arrival', settings);
  if (session === null || session.id === before?.id) return { session, cookie };
  setCookie(response, 'session', arrival, { ...settings, expires: new Date(session.expiresAt) });
  return { session, cookie: arrival };
}

/**
 * Bound to the cookie, which no other site can read or plant: whoever knows the token has the cookie. Signing in changes
 * the cookie, and with it the token.
 */
function formTokenOf(secret: string): string {
  return createHash('sha256').update(`form ${secret}`).digest('base64url');
}

/** The token for a form on the page that is about to be sent; a browser without a cookie gets one. */
export function needFormToken(context: AccountsContext, request: Request, response: Response): string {
  const visit = visitOf(request);
  if (visit.formToken !== null) return visit.formToken;
  const secret = newToken();
  const formToken = formTokenOf(secret);
  setCookie(response, 'visit', secret, { ...cookieSettings(context), expires: null });
  response.setHeader('X-CSRF-Token', formToken);
  visits.set(request, { ...visit, formToken });
  return formToken;
}

export function isFormToken(visit: Visit, given: unknown): boolean {
  if (typeof given !== 'string' || visit.formToken === null) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(visit.formToken)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Who signs in, as their session will remember them. */
export function visitorOf(request: Request): Visitor {
  return {
    agent: (request.headers['user-agent'] ?? '').replace(/\p{Cc}/gu, ' '),
    address: clientAddress(request),
    session: visits.get(request)?.session ?? null,
  };
}

/** As Express finds it: what a proxy says is believed only of proxies that the installation names, and if it is an address. */
export function clientAddress({ ip = '', socket }: Request): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

/** Gives the browser its session. */
export function giveSession(context: AccountsContext, response: Response, session: OpenedSession): void {
  const settings = cookieSettings(context);
  setCookie(response, 'session', session.token, { ...settings, expires: new Date(session.expiresAt) });
  clearCookie(response, 'visit', settings);
  response.setHeader('X-CSRF-Token', formTokenOf(session.token));
}

/**
 * Gives the browser a session that an answer posted from another site has opened. The session it has is not seen in such
 * a request (SameSite), so the two are joined when it next asks for something itself.
 */
export function giveArrival(context: AccountsContext, response: Response, session: OpenedSession): void {
  setCookie(response, 'arrival', session.token, { ...cookieSettings(context), expires: null });
}

export function takeSession(context: AccountsContext, response: Response): void {
  clearCookie(response, 'session', cookieSettings(context));
}

export function cookieSettings({ publicUrl }: AccountsContext): CookieSettings {
  return { secure: publicUrl.startsWith('https:') };
}

// No other site may act for somebody who is signed in here. What changes something must come from our own pages, with
// the token of their forms; what carries an Authorization header was sent by a program on purpose.
import type { RequestHandler } from 'express';
import type { AccountsContext } from '../organization/context.ts';
import { isFormToken, visitOf } from './visit.ts';
import { sendRefusal } from './refusal.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The field of a form; programs that hold a session send the header `X-CSRF-Token`. */
export const FORM_TOKEN_FIELD = '_csrf';

/** To run after the body was read. */
export function sameSite(context: AccountsContext): RequestHandler {
  const { origin } = new URL(context.publicUrl);
  return (request, response, next) => {
    const visit = visitOf(request);
    // A call without a session has nothing that another site could use; a form without one signs somebody in.
    const idle = visit.session === null && request.originalUrl.startsWith('/api/');
    if (SAFE.has(request.method) || visit.byToken || idle) return next();
    const site = request.headers['sec-fetch-site'];
    const from = request.headers.origin;
    // A browser that says which site a request comes from is believed: no page can make it say another.
    const ours = site === undefined ? from === undefined || from === origin : site === 'same-origin' || site === 'none';
    const body: unknown = request.body;
    const field = typeof body === 'object' && body !== null && FORM_TOKEN_FIELD in body ? body[FORM_TOKEN_FIELD] : null;
    if (ours && isFormToken(visit, request.headers['x-csrf-token'] ?? field)) return next();
    const help = visit.session === null ? 'go back, load the page again and send it once more' : 'load the page again';
    sendRefusal(request, response, {
      status: 403,
      code: 'form_token_wrong',
      detail: `this form is too old or not from this site: ${help}`,
    });
  };
}

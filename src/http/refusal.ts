// A refusal, to people as a page and to programs as problem+json, with one status for both.
import type { ErrorRequestHandler, Request, Response } from 'express';
import { RollcallError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { sendProblem } from './problem.ts';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

/** Statuses of the refusals that a caller can cause; everything else is unforeseen. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  input_invalid: 400,
  link_invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  invitation_invalid: 403,
  access_ended: 403,
  signup_closed: 403,
  connection_paused: 403,
  not_found: 404,
  conflict: 409,
  declared_in_file: 409,
  too_many_attempts: 429,
  busy: 503,
};

/** The refusal that an error of ours stands for; null for one that nobody foresaw. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof RollcallError)) return null;
  const status = STATUS[error.code];
  if (status === undefined) return null;
  const { code, message, retryAfterMs } = error;
  return { status, code, detail: message, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
}

export function sendRefusal(request: Request, response: Response, refusal: Refusal): void {
  setRetryAfter(response, refusal);
  if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (!wantsPage(request)) sendProblem(response, refusal.status, refusal.code, refusal.detail);
  else {
    sendPage(response, refusal.status, {
      title: 'That did not work',
      body: html`<p class="notice bad" role="alert">${sentence(refusal.detail)}</p>
        <p class="links">
          ${refusal.code === 'link_invalid' && html`<a href="/user/password-reset">Have a new link mailed</a>`}
          <a href="/user/login">Sign in</a> <a href="/">Start page</a>
        </p>`,
    });
  }
}

export function setRetryAfter(response: Response, { retryAfterMs }: Pick<Refusal, 'retryAfterMs'>): void {
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
}

/** Pages of people answer with pages, unless somebody asks for JSON. */
export function wantsPage(request: Request): boolean {
  return request.originalUrl.startsWith('/user') && request.accepts(['html', 'json']) === 'html';
}

/** Turns what a command refused into an answer; what nobody foresaw goes on. */
export const refusals: ErrorRequestHandler = (error: unknown, request, response, next) => {
  const refusal = response.headersSent ? null : (refusalOf(error) ?? unreadable(error));
  if (refusal === null) next(error);
  else sendRefusal(request, response, refusal);
};

/** What the parser of a body refuses. */
function unreadable(error: unknown): Refusal | null {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : null;
  if (status === 413) return { status, code: 'too_large', detail: 'what was sent is too large' };
  if (typeof status !== 'number' || status < 400 || status >= 500) return null;
  return { status, code: 'input_invalid', detail: 'what was sent cannot be read' };
}

/** As people read it: a capital first, a full stop last. */
export function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

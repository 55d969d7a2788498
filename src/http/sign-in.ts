// `/user/login` and `/user/logout`. An address alone leads to the identity provider of its domain; with a password it
// signs in. Every refusal of a password reads the same.
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { ConnectionId } from '../core/ids.ts';
import type { AccountsContext } from '../organization/context.ts';
import type { SignIn } from '../organization/sign-in.ts';
import { tooMany } from '../organization/throttle.ts';
import { signIn } from '../organization/sign-in.ts';
import { endSessions } from '../store/sessions.ts';
import type { SignInWay } from '../store/sign-in-ways.ts';
import { connectionsForEmail, findWay } from '../store/sign-in-ways.ts';
import { textField } from './fields.ts';
import { field, form, hidden, plainNote, problemNote, submit } from './form.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { sendProblem } from './problem.ts';
import type { Refusal } from './refusal.ts';
import { setRetryAfter, wantsPage } from './refusal.ts';
import { returnPath } from './return-to.ts';
import { rememberedWay } from './saml-browser.ts';
import { giveSession, needFormToken, takeSession, visitOf, visitorOf } from './visit.ts';

/**
 * Where the browser of an ended session goes on to, so that the provider that opened it ends its own too; null where
 * there is none to tell.
 */
export type TellProvider = (session: string, request: Request, response: Response) => Promise<string | null>;

export function signInRouter(context: AccountsContext, tellProvider: TellProvider | null): Router {
  const router = Router();
  router.get('/user/login', async (request, response) => sendSignInPage(context, request, response, 200, {}));
  router.post('/user/login', async (request, response) => {
    const name = textField(request.body, 'email').trim();
    const password = textField(request.body, 'password');
    if (password === '') return leadOn(context, request, response, name);
    const answer = await signIn(context, { name, password }, visitorOf(request));
    if (answer.kind === 'in') {
      giveSession(context, response, answer.session);
      response.redirect(303, returnPath(wishOf(request)));
    } else await refuse(context, request, response, name, refusalOfSignIn(answer));
  });
  router.post('/user/logout', async (request, response) => {
    const { session } = visitOf(request);
    if (session !== null) await endSessions(context.sync.db, [session.id]);
    takeSession(context, response);
    const provider = session === null ? null : await tellProvider?.(session.id, request, response);
    response.redirect(303, provider ?? '/user/login');
  });
  router.get('/user/logout', (request, response) => {
    if (visitOf(request).session === null) return response.redirect(303, '/user/login');
    sendPage(response, 200, {
      title: 'Sign out',
      body: html`<p>You stay signed in until you say so.</p>
        ${form('/user/logout', needFormToken(context, request, response), submit('Sign out'))}`,
    });
  });
  return router;
}

/** Longer than any page's address; it is repeated in the form. */
const LONGEST_WISH = 2048;

/** Where to go on: of the page's address, or of the form that was sent. */
function wishOf(request: Request): string {
  const wish = textField(request.query, 'return_to') || textField(request.body, 'return_to');
  return wish.length > LONGEST_WISH ? '' : wish;
}

/** An address without a password: to the connection of its domain, or on to the password. */
async function leadOn(context: AccountsContext, request: Request, response: Response, name: string): Promise<void> {
  const ways = name.length > 256 ? [] : await connectionsForEmail(context.sync.db, name);
  const [only] = ways;
  if (only === undefined)
    return sendSignInPage(context, request, response, 200, {
      name,
      askPassword: true,
      note: 'No organization here signs you in by this address alone: write your password too.',
    });
  const leads = (way: SignInWay): string => leadTo(way.connection, request);
  if (ways.length === 1) return response.redirect(303, leads(only));
  sendPage(response, 200, {
    title: 'Where do you want to go?',
    body: html`<p>There is more than one way in for this address.</p>
      <ul class="rows">
        ${ways.map((way) => html`<li><a href="${leads(way)}">${nameOf(way, ways)}</a></li>`)}
      </ul>`,
  });
}

/** Its organization's title; of several ways into one organization each is told by its connection too. */
function nameOf({ connection, organization, title }: SignInWay, ways: readonly SignInWay[]): string {
  return ways.filter((way) => way.organization === organization).length > 1 ? `${title} (${connection})` : title;
}

function leadTo(connection: ConnectionId, request: Request): string {
  const wish = wishOf(request);
  return `/saml/${encodeURIComponent(connection)}/login${wish === '' ? '' : `?return_to=${encodeURIComponent(wish)}`}`;
}

/** The refusal that the outcome of a sign-in stands for. */
export function refusalOfSignIn(answer: Exclude<SignIn, { kind: 'in' }>): Refusal {
  switch (answer.kind) {
    case 'wrong':
      return {
        status: 401,
        code: 'credentials_wrong',
        detail: 'This address and this password do not belong together.',
      };
    case 'ended':
      return { status: 403, code: 'access_ended', detail: answer.help };
    case 'unavailable':
      return {
        status: 503,
        code: 'directory_unavailable',
        detail: 'Your directory does not answer: try again in a minute.',
        retryAfterMs: 60_000,
      };
    case 'throttled':
      return {
        status: 429,
        code: 'too_many_attempts',
        detail: tooMany(answer.retryAfterMs),
        retryAfterMs: answer.retryAfterMs,
      };
  }
}

async function refuse(
  context: AccountsContext,
  request: Request,
  response: Response,
  name: string,
  refusal: Refusal,
): Promise<void> {
  setRetryAfter(response, refusal);
  if (!wantsPage(request)) return sendProblem(response, refusal.status, refusal.code, refusal.detail);
  return sendSignInPage(context, request, response, refusal.status, {
    name,
    askPassword: true,
    problem: refusal.detail,
  });
}

interface SignInPage {
  readonly name?: string;
  readonly askPassword?: boolean;
  readonly problem?: string;
  readonly note?: string;
}

async function sendSignInPage(
  context: AccountsContext,
  request: Request,
  response: Response,
  status: number,
  { name = '', askPassword = false, problem, note }: SignInPage,
): Promise<void> {
  const { caller } = visitOf(request);
  // Whoever comes to enter a password is not led elsewhere; and who is signed in wants another way.
  const way = caller === null && !askPassword ? await wayBefore(context, request) : null;
  const wish = wishOf(request);
  const byName = context.directory !== null;
  sendPage(response, status, {
    title: 'Sign in',
    body: html`
      ${problemNote(problem === undefined ? null : { field: null, words: problem })}
      ${plainNote(note ?? null)}
      ${
        caller !== null &&
        html`<p class="lead">You are signed in as <strong>${caller.account.email}</strong>. A further sign-in opens more of your organizations.</p>`
      }
      ${
        way !== null &&
        html`<p class="way"><a class="button" href="${leadTo(way, request)}">Sign in through your organization</a></p>
          <p class="hint">As last time in this browser; or with your e-mail:</p>`
      }
      ${form(
        '/user/login',
        needFormToken(context, request, response),
        hidden('return_to', wish),
        field({
          name: 'email',
          label: byName ? 'E-mail or user name' : 'E-mail',
          type: byName ? 'text' : 'email',
          autocomplete: 'username',
          value: name.slice(0, 256),
          focus: !askPassword && way === null,
        }),
        field({
          name: 'password',
          label: 'Password',
          type: 'password',
          autocomplete: 'current-password',
          optional: 'untold',
          focus: askPassword,
          hint: 'Leave it empty to sign in through your organization.',
        }),
        submit('Sign in'),
      )}
      <p class="links">
        <a href="/user/password-reset">Forgot your password?</a>
        ${context.signup === 'open' && html`<a href="/user/signup">Create an organization</a>`}
      </p>
    `,
  });
}

/** The connection by which somebody got in here last. It is not named: whoever writes the cookie would learn whose it is. */
async function wayBefore(context: AccountsContext, request: Request): Promise<ConnectionId | null> {
  const remembered = rememberedWay(request);
  return remembered === null ? null : findWay(context.sync.db, remembered);
}

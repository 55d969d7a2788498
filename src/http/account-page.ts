// `/user`: the organizations that the session opens, with the switcher, and the browsers that are signed in.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { isWhole, reaches, switchTo } from '../organization/caller.ts';
import type { Caller } from '../organization/caller.ts';
import type { AccountsContext } from '../organization/context.ts';
import type { OwnConflict } from '../organization/own-conflicts.ts';
import { ownConflicts } from '../organization/own-conflicts.ts';
import { liveSessions } from '../organization/session.ts';
import { noteEvent } from '../store/account-events.ts';
import type { OwnMembership } from '../store/own-memberships.ts';
import type { Session } from '../store/sessions.ts';
import { endSessions } from '../store/sessions.ts';
import { browserName } from './browser-name.ts';
import { sessionOf } from './caller.ts';
import { textField } from './fields.ts';
import { form, goodNote, hidden, submit } from './form.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { conflictSection } from './own-conflicts.ts';
import { sendPage } from './page.ts';
import { returnPath, signInPath } from './return-to.ts';
import { needFormToken, takeSession, visitOf } from './visit.ts';

export function accountPageRouter(context: AccountsContext): Router {
  const router = Router();
  const { sync } = context;

  router.get('/user', async (request, response) => {
    const { caller, session } = visitOf(request);
    if (caller === null || session === null) return response.redirect(302, signInPath(request.originalUrl));
    const sessions = await manageable(session);
    const conflicts = await ownConflicts(sync, caller);
    sendAccountPage(context, request, response, { caller, sessions, own: session.id, conflicts });
  });
  router.post('/user/switch', async (request, response) => {
    const { caller } = sessionOf(request);
    await switchTo(sync.db, caller, textField(request.body, 'organization'));
    response.redirect(303, returnPath(textField(request.body, 'return_to')));
  });
  router.post('/user/sessions/end', async (request, response) => {
    const { session } = sessionOf(request);
    const id = textField(request.body, 'session');
    // Only one's own can be named: another's id finds nothing.
    const mine = (await manageable(session)).filter((one) => one.id === id);
    await endSessions(
      sync.db,
      mine.map((one) => one.id),
    );
    if (id === session.id) takeSession(context, response);
    response.redirect(303, '/user');
  });
  router.post('/user/sessions/end-others', async (request, response) => {
    const { caller, session } = sessionOf(request);
    const others = (await manageable(session)).filter(({ id }) => id !== session.id).map(({ id }) => id);
    await endSessions(sync.db, others);
    const event = { kind: 'sessions_ended', account: caller.account.id, organization: null } as const;
    await noteEvent(sync.db, { ...event, detail: String(others.length) }, sync.now());
    response.redirect(303, '/user');
  });

  router.get('/api/current-user/sessions', async (request, response) => {
    const { session } = sessionOf(request);
    const sessions = await manageable(session);
    response.json(
      sessions.map((one) => ({
        id: one.id,
        browser: browserName(one.agent),
        address: one.address,
        created_at: one.createdAt,
        seen_at: one.seenAt,
        expires_at: one.expiresAt,
        current: one.id === session.id,
      })),
    );
  });
  router.delete('/api/current-user/sessions/:id', async (request, response) => {
    const { session } = sessionOf(request);
    const mine = (await manageable(session)).filter((one) => one.id === request.params.id);
    await endSessions(
      sync.db,
      mine.map((one) => one.id),
    );
    response.status(mine.length === 0 ? 404 : 204).end();
  });
  return router;

  async function manageable(own: Session): Promise<Session[]> {
    return (await liveSessions(sync, sync.db, own.account)).filter((other) => reaches(own, other));
  }
}

interface AccountPage {
  readonly caller: Caller;
  readonly sessions: readonly Session[];
  /** The session that looks at the page. */
  readonly own: string;
  readonly conflicts: readonly OwnConflict[];
}

function sendAccountPage(context: AccountsContext, request: Request, response: Response, page: AccountPage): void {
  const { caller, sessions, own, conflicts } = page;
  const token = needFormToken(context, request, response);
  const name = [caller.account.firstName, caller.account.lastName].filter((part) => part !== null).join(' ');
  sendPage(response, 200, {
    title: name === '' ? 'Your account' : `Hello, ${name}`,
    wide: true,
    head: html`<div class="who"><span>${caller.account.email}</span>${form('/user/logout', token, submit('Sign out', 'quiet'))}</div>`,
    body: html`
      ${goodNote(textField(request.query, 'sent') === '1' ? 'A link is on its way to your address.' : null)}
      ${
        !caller.proven &&
        html`<section class="card split" aria-labelledby="confirm">
          <div><h2 id="confirm">Confirm your address</h2>
            <p class="meta">We mailed a link to ${caller.account.email}. Follow it to show that the address is yours.</p></div>
          ${form('/user/verify/send', token, submit('Send it again', 'quiet'))}
        </section>`
      }
      ${conflictSection(conflicts, token)}
      <section class="card" aria-labelledby="organizations">
        <h2 id="organizations">Organizations</h2>
        <p class="meta">Where you work now is marked. Switching changes what you see, not what you may do.</p>
        <ul class="rows">
          ${caller.memberships.map((one) => organizationRow(caller, one, token))}
          ${caller.shut.map(shutRow)}
          ${!isWhole(caller.via) && OTHERS}
        </ul>
        ${
          caller.memberships.length + caller.shut.length === 0 &&
          html`<p>You are in no organization. Follow an invitation link to join one.</p>`
        }
      </section>
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">Signed-in browsers</h2>
        <p class="meta">Sign out what you do not know, and <a href="/user/password-reset">choose a new password</a>.</p>
        <ul class="rows">${sessions.map((one) => sessionRow(one, one.id === own, token))}</ul>
        ${sessions.length > 1 && form('/user/sessions/end-others', token, submit('Sign out everywhere else', 'danger'))}
      </section>
    `,
  });
}

const ROLE_NAMES = {
  owner: 'Owner',
  administrator: 'Administrator',
  manager: 'Manager',
  reviewer: 'Reviewer',
  annotator: 'Annotator',
  not_activated: 'No role yet',
} as const;

function organizationRow({ active }: Caller, one: OwnMembership, token: string): Html {
  const here = one.organization === active;
  const state =
    one.status === 'active'
      ? ROLE_NAMES[one.role]
      : one.status === 'pending'
        ? 'An Administrator has to give you a role, or a seat has to become free'
        : 'Deactivated: an Administrator there can let you in again';
  return html`<li>
    <div><span class="name">${one.title}</span>${here && html`<span class="badge now">Current</span>`}
      ${one.status === 'pending' && html`<span class="badge">Waiting</span>`}
      <p class="meta">${state}</p></div>
    ${
      one.status === 'active' &&
      !here &&
      form(
        '/user/switch',
        token,
        hidden('organization', one.organization),
        hidden('return_to', '/user'),
        html`<button class="quiet" type="submit" aria-label="Switch to ${one.title}">Switch</button>`,
      )
    }
  </li>`;
}

/** What else there is, if anything, is not told to a session that one organization's identity provider opened. */
const OTHERS = html`<li>
  <div><span class="name">Other organizations</span><p class="meta">Needs a further sign-in</p></div>
  <a href="${signInPath('/user')}">Sign in to another organization</a>
</li>`;

/** The session does not open it: the organization asks for its own single sign-on. */
function shutRow(one: OwnMembership): Html {
  return html`<li>
    <div><span class="name">${one.title}</span><p class="meta">Needs a further sign-in</p></div>
    <a href="${signInPath('/user')}">Sign in to ${one.title}</a>
  </li>`;
}

function sessionRow(session: Session, current: boolean, token: string): Html {
  const seen = session.seenAt.slice(0, 16).replace('T', ' ');
  return html`<li>
    <div><span class="name">${browserName(session.agent)}</span>${current && html`<span class="badge now">This browser</span>`}
      <p class="meta">${session.address} · last used <time datetime="${session.seenAt}">${seen} UTC</time></p></div>
    ${
      !current &&
      form(
        '/user/sessions/end',
        token,
        hidden('session', session.id),
        html`<button class="quiet" type="submit" aria-label="Sign out ${browserName(session.agent)}, last used ${seen}">Sign out</button>`,
      )
    }
  </li>`;
}

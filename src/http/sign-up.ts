// `/user/signup`: without a token a person founds an organization; with one, the invitation link, they join an existing
// one, whether they have an account already or not.
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Caller } from '../organization/caller.ts';
import { isWhole } from '../organization/caller.ts';
import type { AccountsContext } from '../organization/context.ts';
import type { OpenInvitation } from '../organization/invitation.ts';
import { acceptInvitation, openInvitation } from '../organization/invitation.ts';
import { SHORTEST } from '../organization/password.ts';
import type { SignUp } from '../organization/sign-up.ts';
import { mayFound, signUp } from '../organization/sign-up.ts';
import { withinLimits } from '../organization/throttle.ts';
import { chooseOrganization } from '../store/credentials.ts';
import { inTransaction } from '../store/database.ts';
import { wholeSessionOf } from './caller.ts';
import { emailField, nameField, textField, tokenOf } from './fields.ts';
import type { Fault } from './form.ts';
import { faultOf, field, form, hidden, problemNote, submit } from './form.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { refusalOf, wantsPage } from './refusal.ts';
import { signInPath } from './return-to.ts';
import { clientAddress, giveSession, needFormToken, visitOf, visitorOf } from './visit.ts';

export function signUpRouter(context: AccountsContext): Router {
  const router = Router();
  const { sync } = context;

  router.get('/user/signup', async (request, response) => {
    const token = tokenOf(request.query, undefined);
    mayFound(context, token);
    const invitation =
      token === null
        ? null
        : await withinLimits(sync, clientAddress(request), () => openInvitation(sync, sync.db, token));
    const { caller } = visitOf(request);
    if (invitation !== null && token !== null && caller !== null && isWhole(caller.via)) {
      return sendJoinPage(context, request, response, { invitation, token, email: caller.account.email });
    }
    sendSignUpPage(context, request, response, 200, { invitation, token });
  });

  router.post('/user/signup', async (request, response) => {
    const token = tokenOf(request.query, request.body);
    const { caller } = visitOf(request);
    // Whoever is signed in joins with their account, unless they make another one.
    if (caller !== null && token !== null && textField(request.body, 'email') === '') {
      wholeSessionOf(request);
      await withinLimits(sync, clientAddress(request), () => join(context, caller, token));
      return response.redirect(303, '/');
    }
    try {
      // Each costs a hash and a transaction, and tells whether an address has an account.
      const session = await withinLimits(sync, clientAddress(request), () =>
        signUp(context, wishOf(request, token), visitorOf(request)),
      );
      giveSession(context, response, session);
      response.redirect(303, '/');
    } catch (error) {
      const refusal = refusalOf(error);
      const mendable = refusal !== null && (refusal.status === 400 || refusal.status === 409);
      if (!mendable || !wantsPage(request)) throw error;
      const invitation = token === null ? null : await openInvitation(sync, sync.db, token);
      sendSignUpPage(context, request, response, refusal.status, {
        invitation,
        token,
        fault: faultOf(refusal.detail),
      });
    }
  });
  return router;
}

async function join({ sync }: AccountsContext, { account }: Caller, token: string): Promise<void> {
  await inTransaction(sync.db, async (db) => {
    const invitation = await openInvitation(sync, db, token);
    await acceptInvitation(sync, db, account, invitation);
    await chooseOrganization(db, account.id, invitation.organization.id);
  });
}

function wishOf({ body }: Request, invitation: string | null): SignUp {
  return {
    email: emailField(body),
    password: textField(body, 'password'),
    firstName: nameField(body, 'first_name'),
    lastName: nameField(body, 'last_name'),
    invitation,
  };
}

interface SignUpPage {
  readonly invitation: OpenInvitation | null;
  readonly token: string | null;
  readonly fault?: Fault;
}

function sendSignUpPage(
  context: AccountsContext,
  request: Request,
  response: Response,
  status: number,
  { invitation, token, fault }: SignUpPage,
): void {
  const mailedTo = invitation?.mailed?.email ?? null;
  const signInLink = token === null ? '/user/login' : signInPath(`/user/signup?token=${token}`);
  sendPage(response, status, {
    title: invitation === null ? 'Create your organization' : `Join ${invitation.organization.title}`,
    body: html`
      ${problemNote(fault ?? null)}
      <p class="lead">${
        invitation === null
          ? 'You will own a new organization. To join an existing one, use its invitation link.'
          : 'You are invited. Create your account to accept.'
      }</p>
      ${form(
        '/user/signup',
        needFormToken(context, request, response),
        token !== null && hidden('token', token),
        field(
          {
            name: 'email',
            label: 'E-mail',
            type: 'email',
            autocomplete: 'username',
            value: mailedTo ?? textField(request.body, 'email').slice(0, 254),
            readOnly: mailedTo !== null,
            focus: mailedTo === null,
          },
          fault,
        ),
        html`<div class="pair">
          ${field({ name: 'first_name', label: 'First name', type: 'text', autocomplete: 'given-name', optional: true, value: textField(request.body, 'first_name').slice(0, 100) }, fault)}
          ${field({ name: 'last_name', label: 'Last name', type: 'text', autocomplete: 'family-name', optional: true, value: textField(request.body, 'last_name').slice(0, 100) }, fault)}
        </div>`,
        field(
          {
            name: 'password',
            label: 'Password',
            type: 'password',
            autocomplete: 'new-password',
            hint: `${SHORTEST} or more characters. A few words in a row are easy to keep and hard to guess.`,
          },
          fault,
        ),
        submit(invitation === null ? 'Create organization' : 'Join'),
      )}
      <p class="links"><a href="${signInLink}">I have an account: sign in</a></p>
    `,
  });
}

function sendJoinPage(
  context: AccountsContext,
  request: Request,
  response: Response,
  { invitation, token, email }: { readonly invitation: OpenInvitation; readonly token: string; readonly email: string },
): void {
  const { title } = invitation.organization;
  sendPage(response, 200, {
    title: `Join ${title}`,
    body: html`<p class="lead">You are signed in as <strong>${email}</strong> and will join ${title} with this account. Your other organizations stay as they are.</p>
      ${form('/user/signup', needFormToken(context, request, response), hidden('token', token), submit(`Join ${title}`))}
      <p class="links"><a href="/">Not now</a></p>`,
  });
}

// `/user/activate`, `/user/verify` and `/user/password-reset`: pages that a link opens. Looking at one uses nothing up,
// since mail programs look at links before people do; sending its form does.
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { AccountsContext } from '../organization/context.ts';
import { SHORTEST } from '../organization/password.ts';
import type { PasswordLink } from '../organization/prove-address.ts';
import {
  accountOfLink,
  accountToVerify,
  askForReset,
  choosePassword,
  verifyAddress,
} from '../organization/prove-address.ts';
import { sendVerification } from '../organization/sign-up.ts';
import { admitCostly, withinLimits } from '../organization/throttle.ts';
import type { Account } from '../store/accounts.ts';
import { sessionOf } from './caller.ts';
import { emailField, textField, tokenOf } from './fields.ts';
import type { Fault } from './form.ts';
import { faultOf, field, form, goodNote, hidden, problemNote, submit } from './form.ts';
import { html } from './html.ts';
import { sendPage } from './page.ts';
import { refusalOf, sendRefusal, wantsPage } from './refusal.ts';
import { refusalOfSignIn } from './sign-in.ts';
import { clientAddress, giveSession, needFormToken, visitOf, visitorOf } from './visit.ts';

const PAGES: readonly { readonly path: string; readonly link: PasswordLink; readonly title: string }[] = [
  { path: '/user/activate', link: 'activate', title: 'Activate your account' },
  { path: '/user/password-reset', link: 'reset', title: 'Choose a new password' },
];

export function passwordRouter(context: AccountsContext): Router {
  const router = Router();
  const { sync } = context;

  for (const { path, link, title } of PAGES) {
    router.get(path, async (request, response) => {
      const given = tokenOf(request.query, undefined);
      if (given === null && link === 'reset') return sendAskPage(context, request, response, { status: 200 });
      const token = given ?? '';
      const account = await withinLimits(sync, clientAddress(request), () => accountOfLink(context, link, token));
      sendChoosePage(context, request, response, 200, { path, title, token, account, fault: null });
    });

    router.post(path, async (request, response) => {
      const given = tokenOf(request.query, request.body);
      if (given === null && link === 'reset') return ask(context, request, response);
      const token = given ?? '';
      const account = await withinLimits(sync, clientAddress(request), () => accountOfLink(context, link, token));
      try {
        const password = textField(request.body, 'password');
        const answer = await choosePassword(context, { link, token, password }, visitorOf(request));
        if (answer.kind !== 'in') return sendRefusal(request, response, refusalOfSignIn(answer));
        giveSession(context, response, answer.session);
        response.redirect(303, '/');
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal?.code !== 'input_invalid' || !wantsPage(request)) throw error;
        const fault = faultOf(refusal.detail);
        sendChoosePage(context, request, response, refusal.status, { path, title, token, account, fault });
      }
    });
  }

  router.get('/user/verify', async (request, response) => {
    const token = tokenOf(request.query, undefined) ?? '';
    const account = await withinLimits(sync, clientAddress(request), () => accountToVerify(context, token));
    // The browser that signed up is the person; any other, a mail program among them, is asked first.
    if (visitOf(request).caller?.account.id === account.id) {
      await verifyAddress(context, token);
      return sendVerified(request, response, account);
    }
    sendPage(response, 200, {
      title: 'Confirm your address',
      body: html`<p class="lead">Is <strong>${account.email}</strong> your address, and did you sign up with it?</p>
        ${form('/user/verify', needFormToken(context, request, response), hidden('token', token), submit('Yes, confirm'))}
        <p class="hint">If you did not sign up, close this page: nothing happens.</p>`,
    });
  });
  router.post('/user/verify', async (request, response) => {
    const token = tokenOf(request.query, request.body) ?? '';
    const account = await withinLimits(sync, clientAddress(request), () => verifyAddress(context, token));
    sendVerified(request, response, account);
  });
  router.post('/user/verify/send', async (request, response) => {
    const { caller } = sessionOf(request);
    await sendVerification(context, caller.account);
    response.redirect(303, '/user?sent=1');
  });
  return router;
}

/** The same answer whether the address has an account, and as fast: what becomes of it is not waited for. */
async function ask(context: AccountsContext, request: Request, response: Response): Promise<void> {
  let email: string;
  try {
    email = emailField(request.body);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null || !wantsPage(request)) throw error;
    return sendAskPage(context, request, response, { status: refusal.status, fault: faultOf(refusal.detail) });
  }
  await admitCostly(context.sync, clientAddress(request));
  void askForReset(context, email).catch(context.unforeseen);
  if (wantsPage(request)) sendAskPage(context, request, response, { status: 200, sentTo: email });
  else response.json({ detail: 'if the address has an account, a link is on its way' });
}

function sendAskPage(
  context: AccountsContext,
  request: Request,
  response: Response,
  { status, sentTo = null, fault = null }: { status: number; sentTo?: string | null; fault?: Fault | null },
): void {
  sendPage(response, status, {
    title: 'Forgot your password?',
    body: html`
      ${
        sentTo !== null &&
        goodNote(`If ${sentTo} has an account, a link is on its way. It is good for an hour and works once.`)
      }
      <p class="lead">Write your address and we mail you a link to choose a new password.</p>
      ${form(
        '/user/password-reset',
        needFormToken(context, request, response),
        field(
          {
            name: 'email',
            label: 'E-mail',
            type: 'email',
            autocomplete: 'username',
            value: fault === null ? '' : textField(request.body, 'email').slice(0, 254),
            focus: sentTo === null,
          },
          fault,
        ),
        submit('Send the link'),
      )}
      <p class="links"><a href="/user/login">Back to sign in</a></p>
    `,
  });
}

interface ChoosePage {
  readonly path: string;
  readonly title: string;
  readonly token: string;
  readonly account: Account;
  readonly fault: Fault | null;
}

function sendChoosePage(
  context: AccountsContext,
  request: Request,
  response: Response,
  status: number,
  { path, title, token, account, fault }: ChoosePage,
): void {
  sendPage(response, status, {
    title,
    body: html`
      ${problemNote(fault)}
      <p class="lead">For <strong>${account.email}</strong>. Wherever you are signed in now, you will be signed out.</p>
      ${form(
        path,
        needFormToken(context, request, response),
        hidden('token', token),
        // Password managers file the new password under this name.
        html`<input class="away" type="text" name="username" autocomplete="username" value="${account.email}" readonly tabindex="-1" aria-hidden="true" />`,
        field(
          {
            name: 'password',
            label: 'New password',
            type: 'password',
            autocomplete: 'new-password',
            focus: true,
            hint: `${SHORTEST} or more characters. A few words in a row are easy to keep and hard to guess.`,
          },
          fault,
        ),
        submit('Set password and sign in'),
      )}
    `,
  });
}

function sendVerified(request: Request, response: Response, { email }: Account): void {
  if (!wantsPage(request)) {
    response.json({ email, email_verified: true });
    return;
  }
  sendPage(response, 200, {
    title: 'Address confirmed',
    body: html`${goodNote(`${email} is yours. Thank you.`)}
      <p class="links"><a href="/">Go on</a></p>`,
  });
}

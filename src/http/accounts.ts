// Everything by which people and programs get in: pages under /user, and the calls that concern the caller under /api.
// To be mounted before the other routers of /api and the console: they find the visit that this one has found.
import { fileURLToPath } from 'node:url';
import express, { Router } from 'express';
import type { AccountsContext } from '../organization/context.ts';
import { accountPageRouter } from './account-page.ts';
import { tokenExchangeRouter, tokenRouter } from './api-tokens.ts';
import { currentUserRouter } from './current-user.ts';
import { invitationRouter } from './invitations.ts';
import { organizationsRouter } from './organizations.ts';
import { ownConflictRouter } from './own-conflicts.ts';
import { passwordRouter } from './passwords.ts';
import { refusals } from './refusal.ts';
import { sameSite } from './same-site.ts';
import type { TellProvider } from './sign-in.ts';
import { signInRouter } from './sign-in.ts';
import { signUpRouter } from './sign-up.ts';
import { visited, visitOf } from './visit.ts';

/** Pages and calls of people. Other doors (/scim, /saml) have their own bodies and their own proof of who calls. */
const PATHS = ['/user', '/api'];

/** A form has a handful of fields; a list of addresses to invite is the longest body. */
const BODY = '64kb';
const FIELDS = 50;

const PARTS = [
  signUpRouter,
  passwordRouter,
  accountPageRouter,
  ownConflictRouter,
  currentUserRouter,
  tokenRouter,
  organizationsRouter,
  invitationRouter,
];

const ASSETS = fileURLToPath(new URL('assets', import.meta.url));

/** @param tellProvider where somebody who signs out is led, if they came through an identity provider. */
export function accountsRouter(context: AccountsContext, tellProvider: TellProvider | null = null): Router {
  const router = Router();
  router.use('/user/assets', express.static(ASSETS, { index: false, maxAge: '1h', redirect: false }));
  router.use(PATHS, visited(context));
  router.use(PATHS, express.urlencoded({ extended: false, limit: BODY, parameterLimit: FIELDS }));
  router.use(PATHS, express.json({ limit: BODY }));
  router.use(tokenExchangeRouter(context));
  router.use(PATHS, sameSite(context));
  router.use(signInRouter(context, tellProvider));
  for (const part of PARTS) router.use(part(context));
  router.use(PATHS, refusals);
  return router;
}

/** The start page, for as long as no console is mounted before it. */
export function startRouter(context: AccountsContext): Router {
  const router = Router();
  router.get('/', visited(context), (request, response) => {
    const signedIn = visitOf(request).session !== null;
    response.redirect(302, signedIn ? '/user' : '/user/login?return_to=%2F');
  });
  return router;
}

// `/api/token` and `/api/jwt/settings`: the tokens of programs, in the shapes that existing clients speak.
import { Router } from 'express';
import type { Request, Response } from 'express';
import { blacklist, createPersonalToken, exchange, rotate } from '../organization/api-tokens.ts';
import { workingIn } from '../organization/caller.ts';
import type { AccountsContext } from '../organization/context.ts';
import { setTokenSettings } from '../organization/token-settings.ts';
import { withinLimits } from '../organization/throttle.ts';
import { RollcallError } from '../errors.ts';
import type { TokenSettings } from '../store/tokens.ts';
import { listTokens, loadTokenSettings } from '../store/tokens.ts';
import { callerOf, sessionOf } from './caller.ts';
import { booleanField, fieldOf, textField } from './fields.ts';
import { sendProblem } from './problem.ts';
import { clientAddress } from './visit.ts';

/** Calls whose body is the credential: no cookie gives them anything, so there is nothing to forge. */
export function tokenExchangeRouter(context: AccountsContext): Router {
  const router = Router();

  router.post('/api/token/refresh', async (request, response) => {
    const access = await ofToken(context, request, (refresh) => exchange(context, refresh));
    if (access !== null) response.json({ access });
    else {
      response.setHeader('WWW-Authenticate', 'Bearer');
      const detail =
        'this refresh token is not good: it was ended or has expired, or personal access tokens are switched off; make a new one';
      sendProblem(response, 401, 'token_invalid', detail);
    }
  });
  router.post('/api/token/rotate', async (request, response) => {
    const refresh = await ofToken(context, request, (old) => rotate(context, old));
    if (refresh !== null) response.json({ refresh });
    else sendProblem(response, 400, 'token_invalid', 'this refresh token is dead already: make a new one');
  });
  router.post('/api/token/blacklist', async (request, response) => {
    const ended = await ofToken(context, request, async (refresh) => (await blacklist(context, refresh)) || null);
    if (ended !== null) response.status(204).end();
    else sendProblem(response, 404, 'token_invalid', 'this refresh token is unknown, or dead already');
  });
  return router;
}

/** @throws RollcallError `input_invalid` without a token. */
async function ofToken<T>(
  { sync }: AccountsContext,
  request: Request,
  act: (refresh: string) => Promise<T | null>,
): Promise<T | null> {
  const refresh = textField(request.body, 'refresh');
  if (refresh === '') throw new RollcallError('input_invalid', 'refresh: the refresh token, as {"refresh": "…"}');
  return withinLimits(sync, clientAddress(request), () => act(refresh));
}

export function tokenRouter(context: AccountsContext): Router {
  const router = Router();
  const { sync } = context;

  router.get('/api/token', async (request, response) => {
    const caller = callerOf(request);
    const { organization } = workingIn(caller, 'annotator');
    const tokens = await listTokens(sync.db, { organization, account: caller.account.id }, 'personal', sync.now());
    response.json(
      tokens.map(({ id, hint, createdAt, expiresAt, lastUsedAt }) => ({
        id,
        token: `…${hint}`,
        created_at: createdAt,
        expires_at: expiresAt,
        last_used_at: lastUsedAt,
      })),
    );
  });
  router.post('/api/token', async (request, response) => {
    const { caller } = sessionOf(request);
    const { organization } = workingIn(caller, 'annotator');
    const { secret, stored } = await createPersonalToken(context, { organization, account: caller.account.id });
    const { id, createdAt, expiresAt } = stored;
    // Two names for one thing: existing clients read `token`, and what it is exchanged as is `refresh`.
    response.status(201).json({ id, token: secret, refresh: secret, created_at: createdAt, expires_at: expiresAt });
  });

  router.get('/api/jwt/settings', async (request, response) => {
    const { organization } = workingIn(callerOf(request), 'annotator');
    sendSettings(response, await loadTokenSettings(sync.db, organization));
  });
  router.post('/api/jwt/settings', async (request, response) => {
    const { body } = request;
    const has = (name: string): boolean => fieldOf(body, name) !== undefined;
    const wish = {
      ...(has('api_tokens_enabled') ? { personal: booleanField(body, 'api_tokens_enabled') } : {}),
      ...(has('legacy_api_tokens_enabled') ? { legacy: booleanField(body, 'legacy_api_tokens_enabled') } : {}),
      ...(has('api_token_ttl_days') ? { days: Number(fieldOf(body, 'api_token_ttl_days')) } : {}),
    };
    sendSettings(response, await setTokenSettings(sync, callerOf(request), wish));
  });
  return router;
}

function sendSettings(response: Response, { personal, legacy, days }: TokenSettings): void {
  response.json({ api_tokens_enabled: personal, legacy_api_tokens_enabled: legacy, api_token_ttl_days: days });
}

// The SAML routes: /saml/{connection}/login, acs, metadata and logout.
import express, { Router } from 'express';
import type { NextFunction, Request, Response } from 'express';
import { RollcallError } from '../errors.ts';
import { spMetadata } from '../saml/sp-metadata.ts';
import { answerSignIn } from './saml-answer.ts';
import type { PostedResponse } from './saml-answer.ts';
import { Attempt } from './saml-attempt.ts';
import type { SamlConnection, SamlDoor } from './saml-door.ts';
import { findSamlConnection } from './saml-door.ts';
import { keysOf } from './saml-keys.ts';
import { beginSignIn } from './saml-login.ts';
import { answerLogout } from './saml-logout.ts';
import { sendLater, sendPage } from './saml-page.ts';
import { senderOf } from './saml-sender.ts';
import { sendProblem } from './problem.ts';

/** 5,000 groups are 430 KB of XML, and a third more in base64; an encrypted assertion is encoded twice. */
const LARGEST_BODY = 1024 * 1024;

type Handler = (saml: SamlConnection, request: Request, response: Response) => Promise<void>;

export function samlRouter(door: SamlDoor): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: LARGEST_BODY, parameterLimit: 20 });

  /** Finds the connection, and tells a visitor of a provider that can't be had as plainly as of a refusal. */
  const at =
    (handler: Handler) =>
    async (request: Request, response: Response): Promise<void> => {
      const { connection: id } = request.params;
      const saml = typeof id === 'string' ? await findSamlConnection(door, id) : null;
      if (saml === null) {
        sendProblem(response, 404, 'not_found', 'there is no such SAML connection');
        return;
      }
      try {
        await handler(saml, request, response);
      } catch (error) {
        if (!(error instanceof RollcallError)) throw error;
        door.log(`saml ${saml.connection.id}: ${error.message}`);
        sendPage(response, 409, 'Sign-in is not set up', [
          'This way to sign in is not set up completely. Ask your administrator.',
        ]);
      }
    };

  router.get('/saml/:connection/metadata', at(metadataHandler(door)));
  router.get(
    '/saml/:connection/login',
    at((saml, request, response) => beginSignIn(door, saml, request, response)),
  );
  router.get(
    '/saml/:connection/logout',
    at((saml, request, response) => answerLogout(door, saml, request, response)),
  );
  router.post(
    '/saml/:connection/acs',
    at(async (saml, request, response) => {
      const sender = await senderOf(door, saml, request, 'sign-in');
      if (sender.spent !== null) return sendLater(response, sender.spent.retryAfterMs);
      const attempt = new Attempt(door, saml, request, response, sender);
      if (!request.is('application/x-www-form-urlencoded')) {
        const type = request.headers['content-type'] ?? 'none';
        return attempt.refuse('isAForm', `a body of type ${type} is not taken`, 415);
      }
      const failure = await parsed(form, request, response);
      if (failure !== null) {
        return attempt.refuse('isShort', `the body cannot be read: ${failure.reason}`, failure.status);
      }
      return answerSignIn(door, saml, postedIn(request.body), sender, { attempt, request, response });
    }),
  );
  router.all(
    ['/saml/:connection/login', '/saml/:connection/logout', '/saml/:connection/metadata'],
    (_request, response) => {
      response.set('Allow', 'GET');
      sendProblem(response, 405, 'method_not_allowed', 'only GET is answered here');
    },
  );
  router.all('/saml/:connection/acs', (_request, response) => {
    response.set('Allow', 'POST');
    sendProblem(response, 405, 'method_not_allowed', 'only POST is answered here');
  });
  return router;
}

/** Needs no provider: it is what the provider is set up with. */
function metadataHandler(door: SamlDoor): Handler {
  return async ({ connection, addresses }, _request, response) => {
    const [current, ...others] = await keysOf(door, connection.id);
    const next = others.filter(({ state }) => state === 'next');
    const signing = [current, ...next].map(({ certificate }) => certificate);
    const xml = spMetadata(addresses, { signing, encryption: current.certificate });
    response.type('application/samlmetadata+xml').send(xml);
  };
}

/** Runs the body parser; null when it could read the body. */
async function parsed(
  parser: express.RequestHandler,
  request: Request,
  response: Response,
): Promise<{ readonly status: number; readonly reason: string } | null> {
  return new Promise((resolve) => {
    const next: NextFunction = (error?: unknown) => {
      if (error === undefined) resolve(null);
      else resolve({ status: statusOf(error), reason: error instanceof Error ? error.message : 'unknown' });
    };
    void parser(request, response, next);
  });
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 400;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 400;
}

function postedIn(body: unknown): PostedResponse {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { SAMLResponse: samlResponse, RelayState: relayState } = fields;
  return {
    samlResponse: typeof samlResponse === 'string' ? samlResponse : null,
    relayState: typeof relayState === 'string' ? relayState : null,
  };
}

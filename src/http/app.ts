// The Express application: security headers first, then each door's router, then what nobody answers.
import express from 'express';
import type { Express, RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { notFound, unforeseen } from './problem.ts';

export interface AppOptions {
  readonly routers: readonly Router[];
  readonly log: (line: string) => void;
  /** Addresses and networks of the proxies in front; none by default. */
  readonly trustProxy?: readonly string[];
}

/** No script, no style and no frame but our own files; nobody may frame us. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
  // A form is sent to us, and single sign-on leads on from there: browsers hold the rule against that too.
  formAction: ["'self'", 'https:', 'http://localhost:*', 'http://127.0.0.1:*'],
};

export function createApp({ routers, log, trustProxy = [] }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  // Whose address a request comes from: a proxy is believed only where the installation names it.
  app.set('trust proxy', trustProxy.length > 0 && [...trustProxy]);
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: POLICY } }));
  app.use(readable);
  for (const router of routers) app.use(router);
  app.use(notFound);
  app.use(unforeseen(log));
  return app;
}

/** A NUL stands in no id of ours, and a database can't be asked for one. SCIM says so in its own words. */
const readable: RequestHandler = (request, response, next) => {
  if (request.path.includes('%00') && !request.path.startsWith('/scim/')) notFound(request, response, next);
  else next();
};

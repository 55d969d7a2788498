// The Express application: security headers first, then each door's router, then what nobody answers.
import express from 'express';
import type { Express, Router } from 'express';
import helmet from 'helmet';
import { notFound, unforeseen } from './problem.ts';

export interface AppOptions {
  readonly routers: readonly Router[];
  readonly log: (line: string) => void;
}

export function createApp({ routers, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  for (const router of routers) app.use(router);
  app.use(notFound);
  app.use(unforeseen(log));
  return app;
}

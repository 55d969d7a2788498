// Whether the process lives (/healthz) and whether it can serve (/readyz): a balancer asks often, so both are cheap.
import { Router } from 'express';
import type { Database } from '../store/database.ts';
import { migrationState } from '../store/migrate.ts';
import { sendProblem } from './problem.ts';

export interface HealthOptions {
  readonly db: Database;
  /** Set while the process ends: what is under way is finished, nothing new should come. */
  readonly stopping: () => boolean;
}

export function healthRouter({ db, stopping }: HealthOptions): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const state = stopping() ? null : await migrationState(db).catch(() => null);
    if (stopping()) sendProblem(response, 503, 'stopping', 'this process is ending: ask another');
    else if (state === null) sendProblem(response, 503, 'database_unreachable', 'the database does not answer');
    else if (state.missing.length > 0) sendProblem(response, 503, 'schema_outdated', 'run rollcall migrate');
    else response.json({ status: 'ok' });
  });
  return router;
}

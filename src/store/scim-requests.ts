// What was sent, and what came of it: every SCIM request for a set time, redacted and bounded by whoever writes it.
import type { ConnectionId, Instant, PlanId, RunId } from '../core/ids.ts';
import { insertRows } from './bulk.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';
import { newId } from './ids.ts';

export interface ScimRequest {
  readonly connection: ConnectionId;
  readonly token: string;
  readonly at: Instant;
  readonly tookMs: number;
  readonly method: string;
  readonly path: string;
  readonly request: string | null;
  readonly status: number;
  readonly answer: string | null;
  /** What it caused; null where it changed nothing. */
  readonly run: RunId | null;
  readonly plan: PlanId | null;
}

interface RequestRow {
  id: string;
  connection: ConnectionId;
  token: string;
  at: Instant;
  took_ms: number;
  method: string;
  path: string;
  request: string | null;
  status: number;
  answer: string | null;
  run: RunId | null;
  plan: PlanId | null;
}

export async function addScimRequests(db: Database, requests: readonly ScimRequest[]): Promise<void> {
  for (const group of inGroups(requests, 100)) {
    await insertRows(
      db,
      'scim_requests',
      group.map(({ tookMs, ...request }) => ({ id: newId(), took_ms: tookMs, ...request })),
    );
  }
}

/** The latest requests of the connection, newest first. */
export async function loadScimRequests(
  db: Database,
  connection: ConnectionId,
  limit: number,
): Promise<(ScimRequest & { readonly id: string })[]> {
  const rows: RequestRow[] = await db('scim_requests').where({ connection }).orderBy('id', 'desc').limit(limit);
  return rows.map(({ took_ms: tookMs, ...row }) => ({ ...row, tookMs }));
}

/** Forgets what is older; gives how many. */
export async function pruneScimRequests(db: Database, before: Instant): Promise<number> {
  return db('scim_requests').where('at', '<', before).delete();
}

// Runs: what was read or edited, when, and how it ended. At most one sync of a connection is under way; the one
// whose process is gone is replaced.
import { hostname } from 'node:os';
import type { ConnectionId, Instant, PlanId, RunId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { newId } from './ids.ts';

export type RunKind = 'sync' | 'apply' | 'push' | 'people';

/** A run that gave no sign for this long is dead, wherever its process was. */
export const RUN_LEASE_MS = 60_000;

export interface Run {
  readonly id: RunId;
  readonly connection: ConnectionId | null;
  readonly kind: RunKind;
  readonly state: 'reading' | 'committing' | 'done' | 'failed';
  readonly startedAt: Instant;
  readonly holder: string;
  readonly heartbeatAt: Instant;
}

interface RunRow {
  id: RunId;
  connection: ConnectionId | null;
  kind: RunKind;
  state: Run['state'];
  started_at: Instant;
  holder: string;
  heartbeat_at: Instant;
  summary: string | null;
}

function fromRow(row: RunRow): Run {
  return {
    id: row.id,
    connection: row.connection,
    kind: row.kind,
    state: row.state,
    startedAt: row.started_at,
    holder: row.holder,
    heartbeatAt: row.heartbeat_at,
  };
}

/** This process, as it stands in a lease. */
function holder(): string {
  return `${hostname()} ${process.pid}`;
}

export async function addRun(
  db: Database,
  run: { readonly connection: ConnectionId | null; readonly kind: RunKind },
  at: Instant,
): Promise<RunId> {
  const id = newId<RunId>();
  await db('runs').insert({ id, ...run, state: 'reading', started_at: at, holder: holder(), heartbeat_at: at });
  return id;
}

/** The sync of the connection that is under way, alive or not. */
export async function unfinishedSync(db: Database, connection: ConnectionId): Promise<Run | null> {
  const row: RunRow | undefined = await db('runs')
    .where({ connection, kind: 'sync' })
    .whereIn('state', ['reading', 'committing'])
    .first();
  return row === undefined ? null : fromRow(row);
}

/** Whether the process that holds the run can still be at it. */
export function isAlive(run: Run, now: Instant): boolean {
  if (Date.parse(now) - Date.parse(run.heartbeatAt) > RUN_LEASE_MS) return false;
  const [host, pid] = run.holder.split(' ');
  return host !== hostname() || processExists(Number(pid));
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function takeOver(db: Database, id: RunId, at: Instant): Promise<void> {
  await db('runs').where({ id }).update({ holder: holder(), heartbeat_at: at });
}

export async function heartbeat(db: Database, id: RunId, at: Instant): Promise<void> {
  await db('runs').where({ id }).update({ heartbeat_at: at });
}

export async function setRunState(
  db: Database,
  id: RunId,
  state: Run['state'],
  at: Instant,
  summary?: unknown,
): Promise<void> {
  const finished = state === 'done' || state === 'failed' ? { finished_at: at } : {};
  await db('runs')
    .where({ id })
    .update({
      state,
      heartbeat_at: at,
      ...finished,
      ...(summary === undefined ? {} : { summary: JSON.stringify(summary) }),
    });
}

/** What the run wrote down of itself when it began to commit, or ended. */
export async function runSummary<T>(db: Database, id: RunId): Promise<T | null> {
  const row: { summary: string | null } | undefined = await db('runs').where({ id }).first('summary');
  return row === undefined || row.summary === null ? null : fromJson<T>(row.summary);
}

/** The plan of a run, with the piece that is committed next. */
export async function planOfRun(
  db: Database,
  run: RunId,
): Promise<{ readonly id: PlanId; readonly state: string; readonly piece: number } | null> {
  const row: { id: PlanId; state: string; piece: number } | undefined = await db('plans').where({ run }).first();
  return row ?? null;
}

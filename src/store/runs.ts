// Runs: what was read or edited, when, and how it ended. At most one sync of a connection is under way; who may be
// at it is said by its lease (leases.ts).
import type { ConnectionId, Instant, PlanId, RunId } from '../core/ids.ts';
import { insertRows } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { newId } from './ids.ts';
import { rowOf } from './statement.ts';

export type RunKind = 'sync' | 'apply' | 'push' | 'people';

export interface Run {
  readonly id: RunId;
  readonly connection: ConnectionId | null;
  readonly kind: RunKind;
  readonly state: 'reading' | 'committing' | 'done' | 'failed';
  readonly startedAt: Instant;
}

interface RunRow {
  id: RunId;
  connection: ConnectionId | null;
  kind: RunKind;
  state: Run['state'];
  started_at: Instant;
}

function fromRow(row: RunRow): Run {
  return {
    id: row.id,
    connection: row.connection,
    kind: row.kind,
    state: row.state,
    startedAt: row.started_at,
  };
}

/** The lease under which a connection is read. */
export function syncLease(connection: ConnectionId): string {
  return `sync ${connection}`;
}

/**
 * A run that begins now, or that is over in the transaction that writes it.
 * @param run.id that of a run whose transaction was rolled back; without it a fresh one.
 */
export async function addRun(
  db: Database,
  run: {
    readonly id?: RunId;
    readonly connection: ConnectionId | null;
    readonly kind: RunKind;
    readonly state: Extract<Run['state'], 'reading' | 'done'>;
  },
  at: Instant,
): Promise<RunId> {
  const { id = newId<RunId>() } = run;
  await insertRows(db, 'runs', [{ ...run, id, started_at: at, finished_at: run.state === 'done' ? at : null }]);
  return id;
}

/** The sync of the connection that has not ended, whether or not anybody is still at it. */
export async function unfinishedSync(db: Database, connection: ConnectionId): Promise<Run | null> {
  // By these words the index knows itself: pushes are runs too, and there may be a million.
  const row = await rowOf<RunRow>(
    db,
    `SELECT id, connection, kind, state, started_at FROM runs
     WHERE connection = ? AND kind = 'sync' AND state IN ('reading', 'committing')`,
    [connection],
  );
  return row === null ? null : fromRow(row);
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

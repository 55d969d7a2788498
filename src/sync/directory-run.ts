// A directory run: read and stage, find the differences, plan everybody whom one touches, judge the whole, then
// commit the stored plan piece by piece. A killed read starts again; a killed commit goes on from the stored plan.
import type { ConnectionId, PlanId, RunId } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { findConnection } from '../store/connections.ts';
import { inTransaction } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { addPlan, setPlanState } from '../store/plans.ts';
import type { Run } from '../store/runs.ts';
import {
  addRun,
  heartbeat,
  isAlive,
  planOfRun,
  runSummary,
  setRunState,
  takeOver,
  unfinishedSync,
} from '../store/runs.ts';
import { staleStages, unstage } from '../store/staging.ts';
import { commitPlan } from './directory-commit.ts';
import { planDirectory } from './directory-plan.ts';
import type { DirectoryPlan } from './directory-plan.ts';
import { readDirectory } from './directory-read.ts';
import { holdPlan } from './judge.ts';
import type { PlanRef, Sync } from './context.ts';
import { tellRunEnded } from './tell.ts';

export interface RunOptions {
  /** Stop before the commit: the plan is stored and shown. */
  readonly preview: boolean;
  /** Told as the work goes on. */
  readonly progress?: (step: string, done: number, of: number | null) => void;
}

/** What a run did; its rows are read from the plan. */
export interface RunResult extends DirectoryPlan {
  readonly ref: PlanRef;
  readonly preview: boolean;
}

/**
 * One run of a directory.
 * @throws RollcallError `already_running`, `connection_paused`, or what the reading throws; then nothing has changed.
 */
export async function runDirectory(sync: Sync, reading: DirectoryReading, options: RunOptions): Promise<RunResult> {
  const { db } = sync;
  await refuseUnlessReady(sync, reading.connection);
  await finishKilledRun(sync, reading.connection);
  const ref = await begin(sync, reading.connection);
  const progress = options.progress ?? (() => undefined);
  const speakers = new Set([reading.connection]);
  let committing = false;
  try {
    const beat = async (step: string, done: number, of: number | null = null): Promise<void> => {
      progress(step, done, of);
      await heartbeat(db, ref.run, sync.now());
    };
    const read = await readDirectory(sync, ref, reading, beat);
    const plan = await planDirectory(sync, ref, reading, read, beat);
    if (options.preview || plan.observed) {
      await inTransaction(db, (trx) => holdPlan(sync, trx, ref, { suspect: plan.suspect, preview: true, speakers }));
      if (options.preview) {
        await setPlanState(db, ref.id, 'preview');
        await setRunState(db, ref.run, 'done', sync.now(), plan);
        return { ...plan, ref, preview: true };
      }
    }
    await inTransaction(db, async (trx) => {
      if (!plan.observed) await holdPlan(sync, trx, ref, { suspect: plan.suspect, preview: false, speakers });
      await setPlanState(trx, ref.id, 'committing', 0);
      await setRunState(trx, ref.run, 'committing', sync.now(), plan);
    });
    committing = true;
    await commitPlan(sync, ref, plan, 0, beat);
    return { ...plan, ref, preview: false };
  } catch (error) {
    // A commit that was begun is gone on with by the next run; before that nothing has been written.
    if (!committing) {
      await unstage(db, ref.id);
      const reason = error instanceof Error ? error.message : 'unforeseen';
      await inTransaction(db, async (trx) => {
        await setRunState(trx, ref.run, 'failed', sync.now(), { reason });
        // Whoever asks for a preview is there to read why it failed.
        if (!options.preview) await tellRunEnded(sync, trx, ref, reading.connection, { outcome: 'failed', reason });
      });
    }
    throw error;
  }
}

async function refuseUnlessReady(sync: Sync, id: ConnectionId): Promise<void> {
  const connection = await findConnection(sync.db, id);
  if (connection === null)
    throw new RollcallError('not_found', `connection ${id} is not stored: run \`rollcall apply\` first`);
  if (connection.state === 'paused' || connection.state === 'closed') {
    throw new RollcallError(
      'connection_paused',
      `connection ${id} is ${connection.state}: nothing is read. To go on: rollcall connections activate ${id}`,
    );
  }
}

/** A run whose process is gone: what it had begun to commit is finished, what it had only read is forgotten. */
async function finishKilledRun(sync: Sync, connection: ConnectionId): Promise<void> {
  const unfinished = await unfinishedSync(sync.db, connection);
  if (unfinished === null) return;
  if (isAlive(unfinished, sync.now())) throw alreadyRunning(connection, unfinished);
  await takeOver(sync.db, unfinished.id, sync.now());
  const stored = await planOfRun(sync.db, unfinished.id);
  if (unfinished.state === 'committing' && stored !== null) {
    const plan = await runSummary<DirectoryPlan>(sync.db, unfinished.id);
    if (plan !== null) {
      await commitPlan(sync, { id: stored.id, run: unfinished.id }, plan, stored.piece, () => Promise.resolve());
      return;
    }
  }
  if (stored !== null) await unstage(sync.db, stored.id);
  await setRunState(sync.db, unfinished.id, 'failed', sync.now(), { reason: 'the process ended before the commit' });
}

function alreadyRunning(connection: ConnectionId, run: Run): RollcallError {
  return new RollcallError(
    'already_running',
    `already running: ${connection} has been read since ${run.startedAt}; wait for that run to end`,
  );
}

/** The lease and the empty plan. Stages of older plans go: this run's read is newer than any preview. */
async function begin(sync: Sync, connection: ConnectionId): Promise<PlanRef> {
  const id = newId<PlanId>();
  return inTransaction(sync.db, async (trx) => {
    const other = await unfinishedSync(trx, connection);
    if (other !== null) throw alreadyRunning(connection, other);
    const run: RunId = await addRun(trx, { connection, kind: 'sync' }, sync.now());
    await addPlan(trx, { id, run, connection, at: sync.now() });
    for (const stale of await staleStages(trx, connection, id)) await unstage(trx, stale);
    return { id, run };
  });
}

// A directory run: read and stage, find the differences, plan everybody whom one touches, judge the whole, then
// commit the stored plan piece by piece. A killed read starts again; a killed commit goes on from the stored plan.
import { setImmediate as turn } from 'node:timers/promises';
import type { LinkConflict } from '../core/account-link.ts';
import type { ConnectionId, PlanId, RunId } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { findConnection } from '../store/connections.ts';
import { newId } from '../store/ids.ts';
import type { Lease } from '../store/leases.ts';
import { acquireLease, inLeasedTransaction, keepLease, releaseLease, renewLease } from '../store/leases.ts';
import { addPlans, setPlanState } from '../store/plans.ts';
import { addRun, planOfRun, runSummary, setRunState, syncLease, unfinishedSync } from '../store/runs.ts';
import { countMissed, staleStages, unstage } from '../store/staging.ts';
import { commitPlan } from './directory-commit.ts';
import { planDirectory } from './directory-plan.ts';
import type { DirectoryPlan } from './directory-plan.ts';
import type { Beat } from './directory-read.ts';
import { readDirectory } from './directory-read.ts';
import { showDealtSeats } from './deal-seats.ts';
import { holdPlan } from './judge.ts';
import { loadLandscape } from './landscape.ts';
import type { PlanRef, RunRef, Sync } from './context.ts';
import { tellRunEnded } from './tell.ts';

export interface RunOptions {
  /** Stop before the commit: the plan is stored and shown. */
  readonly preview: boolean;
  /** Ends the run at its next safe point: a read is forgotten, a commit is gone on with by the next run. */
  readonly signal?: AbortSignal;
  /** Told as the work goes on. */
  readonly progress?: (step: string, done: number, of: number | null) => void;
  /** Told when what was read is no longer in use, before the commit. */
  readonly forgotten?: () => void;
}

/** The lease outlives this many times over; each renewal is a write, and a beat comes with every piece. */
const RENEWED_MS = 5_000;

/** What a run did; its rows are read from the plan. */
export interface RunResult extends DirectoryPlan {
  readonly ref: PlanRef;
  readonly preview: boolean;
  /** Why people of the plan are joined to no account: one for each of them. */
  readonly unjoined: readonly LinkConflict[];
}

/**
 * One run of a directory.
 * @throws RollcallError `already_running`, `connection_paused`, or what the reading throws; then nothing has changed.
 */
export async function runDirectory(sync: Sync, reading: DirectoryReading, options: RunOptions): Promise<RunResult> {
  await refuseUnlessReady(sync, reading.connection);
  const lease = await acquireLease(sync.db, syncLease(reading.connection));
  if (lease === null) throw await alreadyRunning(sync, reading.connection);
  const letGo = keepLease(sync.db, lease);
  try {
    await finishKilledRun(sync, reading.connection, lease);
    return await runUnder(lease, sync, reading, options);
  } finally {
    letGo();
    // A database that cannot be reached any more lets the lease run out.
    await releaseLease(sync.db, lease).catch(() => undefined);
  }
}

async function runUnder(lease: Lease, sync: Sync, reading: DirectoryReading, options: RunOptions): Promise<RunResult> {
  const { db } = sync;
  const ref = await begin(sync, reading.connection, lease);
  const progress = options.progress ?? (() => undefined);
  const speakers = new Set([reading.connection]);
  let committing = false;
  try {
    const renewing = atMostEvery(RENEWED_MS, async () => renewLease(db, lease));
    const beat = async (step: string, done: number, of: number | null = null): Promise<void> => {
      options.signal?.throwIfAborted();
      progress(step, done, of);
      await renewing();
      // SQLite works while it is waited for: without a turn of their own, requests and signals would wait for the end.
      await turn();
    };
    const { unseen, unjoined, ...plan } = await readAndPlan(sync, ref, reading, beat);
    options.forgotten?.();
    const judged = { suspect: plan.suspect, speakers };
    if (options.preview || plan.observed) {
      await inLeasedTransaction(db, lease, async (trx) => {
        await holdPlan(sync, trx, ref, { ...judged, preview: true, landscape: await loadLandscape(trx) });
        if (!options.preview) return;
        await showDealtSeats(sync, trx, ref, { landscape: await loadLandscape(trx), speakers });
        await setPlanState(trx, ref.id, 'preview');
        await setRunState(trx, ref.run, 'done', sync.now(), plan);
      });
      if (options.preview) return { ...plan, unjoined, ref, preview: true };
    }
    await inLeasedTransaction(db, lease, async (trx) => {
      if (!plan.observed)
        await holdPlan(sync, trx, ref, { ...judged, preview: false, landscape: await loadLandscape(trx) });
      for (const one of unseen) await countMissed(trx, reading.connection, one);
      await setPlanState(trx, ref.id, 'committing', 0);
      await setRunState(trx, ref.run, 'committing', sync.now(), plan);
    });
    committing = true;
    await commitPlan(sync, ref, plan, 0, beat);
    return { ...plan, unjoined, ref, preview: false };
  } catch (error) {
    // A commit that was begun is gone on with by the next run; before that nothing has been written.
    if (!committing) {
      const reason = error instanceof Error ? error.message : 'unforeseen';
      // Whoever asks for a preview, or names a file that can't be read, is there to read why it failed; and being stopped
      // is no failure.
      const mistyped = error instanceof RollcallError && error.code === 'input_invalid';
      const told = !options.preview && !mistyped && options.signal?.aborted !== true;
      // Where this is refused too, as to a holder that lost its lease, the next run sweeps up.
      await giveUp(sync, ref, { connection: reading.connection, reason, told }).catch(() => undefined);
    }
    throw error;
  }
}

/** By itself, so that what was read is out of memory before the commit begins. */
async function readAndPlan(sync: Sync, ref: RunRef, reading: DirectoryReading, beat: Beat) {
  const read = await readDirectory(sync, ref, reading, beat);
  const plan = await planDirectory(sync, ref, reading, read, beat);
  read.graph.letGo();
  return plan;
}

function atMostEvery(ms: number, work: () => Promise<void>): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < ms) return;
    last = performance.now();
    await work();
  };
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

async function giveUp(
  sync: Sync,
  ref: RunRef,
  { connection, reason, told }: { readonly connection: ConnectionId; readonly reason: string; readonly told: boolean },
): Promise<void> {
  await inLeasedTransaction(sync.db, ref.lease, async (trx) => {
    await unstage(trx, ref.id);
    await setRunState(trx, ref.run, 'failed', sync.now(), { reason });
    if (told) await tellRunEnded(sync, trx, ref, connection, { outcome: 'failed', reason });
  });
}

/**
 * A run that has not ended and whose lease is free: what it had begun to commit is finished, what it had only read is
 * forgotten.
 */
async function finishKilledRun(sync: Sync, connection: ConnectionId, lease: Lease): Promise<void> {
  const unfinished = await unfinishedSync(sync.db, connection);
  if (unfinished === null) return;
  const stored = await planOfRun(sync.db, unfinished.id);
  if (unfinished.state === 'committing' && stored !== null) {
    const plan = await runSummary<DirectoryPlan>(sync.db, unfinished.id);
    if (plan !== null) {
      const ref = { id: stored.id, run: unfinished.id, lease };
      await commitPlan(sync, ref, plan, stored.piece, async () => {
        await renewLease(sync.db, lease);
        await turn();
      });
      return;
    }
  }
  await inLeasedTransaction(sync.db, lease, async (trx) => {
    if (stored !== null) await unstage(trx, stored.id);
    await setRunState(trx, unfinished.id, 'failed', sync.now(), { reason: 'the process ended before the commit' });
  });
}

async function alreadyRunning(sync: Sync, connection: ConnectionId): Promise<RollcallError> {
  const run = await unfinishedSync(sync.db, connection);
  const since = run === null ? 'is being read' : `has been read since ${run.startedAt}`;
  return new RollcallError('already_running', `already running: ${connection} ${since}; wait for that run to end`);
}

/** The run and its empty plan. Stages of older plans go: this run's read is newer than any preview. */
async function begin(sync: Sync, connection: ConnectionId, lease: Lease): Promise<RunRef> {
  const id = newId<PlanId>();
  return inLeasedTransaction(sync.db, lease, async (trx) => {
    const run: RunId = await addRun(trx, { connection, kind: 'sync', state: 'reading' }, sync.now());
    await addPlans(trx, [{ id, run }], { connection, state: 'planning' }, sync.now());
    for (const stale of await staleStages(trx, connection, id)) await unstage(trx, stale);
    return { id, run, lease };
  });
}

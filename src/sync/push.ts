// A push: one reading, planned, braked and committed in one transaction, so that what was acknowledged is so.
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { addPlans } from '../store/plans.ts';
import type { RunKind } from '../store/runs.ts';
import { addRuns } from '../store/runs.ts';
import type { AccountId, ConnectionId, PlanId, RunId } from '../core/ids.ts';
import type { PlanRef, Sync } from './context.ts';
import type { Drafted } from './draft.ts';
import { rememberMatches } from './matches.ts';
import type { Prepared } from './prepare.ts';
import { prepare } from './prepare.ts';
import { loadOutline } from './outline.ts';
import { draftAll, settleDrafted } from './settle.ts';
import { loadSurroundings } from './surroundings.ts';
import { writePrepared } from './write-prepared.ts';

export interface PushOptions {
  /** Accounts for which a directory of the same organization vouches, by external id (a sign-in that it knows). */
  readonly vouched?: ReadonlyMap<string, AccountId>;
}

/** Takes in one push. What the brake stops is held; everything else is committed when this returns. */
export async function push(sync: Sync, reading: PushReading, options: PushOptions = {}): Promise<PlanRef> {
  return inTransaction(sync.db, (db) => pushWithin(sync, db, reading, options));
}

/** As `push`, in the caller's transaction: what the client sent is stored with what comes of it, or neither is. */
export async function pushWithin(
  sync: Sync,
  db: Database,
  reading: PushReading,
  options: PushOptions = {},
): Promise<PlanRef> {
  const plan = await beginPlan(sync, db, reading.connection, 'push');
  await writePush(sync, db, plan, await draftPush(sync, db, reading, options));
  return plan;
}

/** What comes of a reading, before anything of it is written. */
export interface DraftedPush {
  readonly connection: ConnectionId;
  readonly prepared: Prepared;
  readonly drafted: Drafted;
}

export async function draftPush(
  sync: Sync,
  db: Database,
  reading: PushReading,
  options: PushOptions = {},
): Promise<DraftedPush> {
  const { landscape: outline, domains } = await loadOutline(db);
  const landscape = await loadSurroundings(db, outline, reading);
  const prepared = await prepare(db, { landscape, domains, reading, onlyChanged: true, ...options });
  return { connection: reading.connection, prepared, drafted: await draftAll(sync, db, prepared) };
}

/** Writes what was drafted in this transaction, and judges it. */
export async function writePush(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  { connection, prepared, drafted }: DraftedPush,
): Promise<void> {
  const { landscape, dossiers, before, organizations } = prepared;
  await writePrepared(db, connection, prepared, sync.now());
  const speakers = new Set([connection]);
  await settleDrafted(sync, db, { plan, landscape, dossiers, before, organizations, speakers }, drafted);
  await rememberMatches(db, landscape, connection);
}

/** A run and its plan for an act that begins and ends in this transaction: nobody sees it before it is done. */
export async function beginPlan(
  sync: Sync,
  db: Database,
  connection: ConnectionId | null,
  kind: RunKind,
): Promise<PlanRef> {
  const plan = { id: newId<PlanId>(), run: newId<RunId>() };
  await addDone(sync, db, [plan], connection, kind);
  return plan;
}

/** A run and its plan for each of several pushes. */
export async function beginPlans(
  sync: Sync,
  db: Database,
  connection: ConnectionId,
  count: number,
): Promise<PlanRef[]> {
  const plans = Array.from({ length: count }, () => ({ id: newId<PlanId>(), run: newId<RunId>() }));
  await addDone(sync, db, plans, connection, 'push');
  return plans;
}

async function addDone(
  sync: Sync,
  db: Database,
  plans: readonly PlanRef[],
  connection: ConnectionId | null,
  kind: RunKind,
): Promise<void> {
  const at = sync.now();
  const runs = plans.map(({ run }) => run);
  await addRuns(db, runs, { connection, kind, state: 'done' }, at);
  await addPlans(db, plans, { connection, state: 'done' }, at);
}

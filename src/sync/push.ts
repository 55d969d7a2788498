// A push: one reading, planned, braked and committed in one transaction, so that what was acknowledged is so.
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { writeFacts } from '../store/write-facts.ts';
import { endKeeps } from '../store/holds.ts';
import { newId } from '../store/ids.ts';
import { addPlan } from '../store/plans.ts';
import type { RunKind } from '../store/runs.ts';
import { addRun } from '../store/runs.ts';
import type { AccountId, ConnectionId, PlanId } from '../core/ids.ts';
import type { PlanRef, Sync } from './context.ts';
import { writeJoining } from './join.ts';
import { rememberMatches } from './matches.ts';
import { prepare } from './prepare.ts';
import { loadOutline } from './outline.ts';
import { settle } from './settle.ts';
import { loadSurroundings } from './surroundings.ts';

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
  const { landscape: outline, domains } = await loadOutline(db);
  const landscape = await loadSurroundings(db, outline, reading);
  const prepared = await prepare(db, {
    landscape,
    domains,
    reading,
    onlyChanged: true,
    ...options,
  });
  await writeFacts(db, reading.connection, prepared.facts);
  await writeJoining(db, prepared.joining, sync.now());
  await endKeeps(db, reading.connection, prepared.changedAbout, sync.now());
  await settle(sync, db, {
    plan,
    landscape: prepared.landscape,
    dossiers: prepared.dossiers,
    before: prepared.before,
    organizations: prepared.organizations,
    speakers: new Set([reading.connection]),
  });
  await rememberMatches(db, prepared.landscape, reading.connection);
  return plan;
}

/** A run and its plan for an act that begins and ends in this transaction: nobody sees it before it is done. */
export async function beginPlan(
  sync: Sync,
  db: Database,
  connection: ConnectionId | null,
  kind: RunKind,
): Promise<PlanRef> {
  const at = sync.now();
  const run = await addRun(db, { connection, kind, state: 'done' }, at);
  const plan = { id: newId<PlanId>(), run };
  await addPlan(db, { ...plan, connection, state: 'done' }, at);
  return plan;
}

// Deciding a hold. Approving applies the rows that still apply and strikes out the others; refusing stores a keep:
// the membership stays as it was until that connection's facts about the person change (organizations.md section 4).
import { emailKey } from '../core/fact.ts';
import type { HoldId } from '../core/ids.ts';
import { keepMask } from '../core/mask.ts';
import { RollcallError } from '../errors.ts';
import { inTransaction } from '../store/database.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { addKeep, closeHoldIfEmpty, findHold, hasSuspectHold, loadHolds, masksOfRow } from '../store/holds.ts';
import type { Hold } from '../store/holds.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { rowsById, rowsOfHold, setRowState } from '../store/plans.ts';
import { acceptSuspectRead } from '../store/read-references.ts';
import type { Sync } from './context.ts';
import { accountsOf } from './draft.ts';
import { loadLandscape } from './landscape.ts';
import { beginPlan } from './push.ts';
import { settle } from './settle.ts';
import { tellHoldDecided } from './tell.ts';

export interface Decided {
  readonly hold: Hold;
  /** The rows decided, each with the state it ended in. */
  readonly rows: readonly PlanRow[];
}

/**
 * Approves or rejects the hold, or one person's rows in it.
 * @throws RollcallError `not_found` for an unknown hold or person, `conflict` for one that is decided already.
 */
export async function decideHold(
  sync: Sync,
  id: string,
  decision: 'approved' | 'rejected',
  only: string | null,
): Promise<Decided> {
  return inTransaction(sync.db, async (db) => {
    const hold = await findHold(db, id);
    if (hold === null) throw new RollcallError('not_found', `there is no hold ${id}: \`rollcall holds\` lists them`);
    if (hold.state !== 'open')
      throw new RollcallError('conflict', `hold ${id} is ${hold.state} already; nothing was changed`);
    const held = await rowsOfHold(db, hold.id, 'held');
    const rows = only === null ? held : held.filter(({ email }) => emailKey(email) === emailKey(only));
    if (rows.length === 0)
      throw new RollcallError(
        'not_found',
        `nothing of ${only ?? 'anybody'} is held in ${id}: \`rollcall holds show ${id}\` lists what is`,
      );
    await (decision === 'approved' ? approve(sync, db, hold, rows) : reject(sync, db, hold, rows));
    await closeHoldIfEmpty(db, hold.id, decision, sync.now());
    await tellHoldDecided(sync, db, hold.id);
    if (hold.connection !== null && !(await hasSuspectHold(db, hold.connection))) {
      await acceptSuspectRead(db, hold.connection);
    }
    const ended = await findHold(db, id);
    return {
      hold: ended ?? hold,
      rows: await rowsById(
        db,
        rows.map((row) => row.id),
      ),
    };
  });
}

async function approve(sync: Sync, db: Database, hold: Hold, rows: readonly PlanRow[]): Promise<void> {
  const landscape = await loadLandscape(db);
  const before = { landscape, dossiers: await loadDossiers(db, accountsOf(rows)) };
  // Off the hold first: its masks no longer stand in for what the connection says now.
  await setRowState(
    db,
    rows.map(({ id }) => id),
    'planned',
    sync.now(),
  );
  const plan = await beginPlan(sync, db, hold.connection, 'people');
  await settle(sync, db, {
    plan,
    landscape,
    dossiers: await loadDossiers(db, accountsOf(rows)),
    before,
    organizations: [hold.organization],
    speakers: new Set([hold.connection]),
    planned: rows.map((row) => ({ ...row, state: 'planned' as const })),
  });
}

async function reject(sync: Sync, db: Database, hold: Hold, rows: readonly PlanRow[]): Promise<void> {
  const accounts = accountsOf(rows);
  const landscape = await loadLandscape(db);
  const before = { landscape, dossiers: await loadDossiers(db, accounts) };
  for (const { id, target } of rows) {
    if (target !== 'organization') continue;
    for (const mask of await masksOfRow(db, id)) await addKeep(db, keepMask(mask, sync.now()), sync.now());
  }
  await setRowState(
    db,
    rows.map(({ id }) => id),
    'rejected',
    sync.now(),
  );
  const plan = await beginPlan(sync, db, hold.connection, 'people');
  await settle(sync, db, {
    plan,
    landscape,
    dossiers: await loadDossiers(db, accounts),
    before,
    organizations: [hold.organization],
    speakers: new Set([hold.connection]),
    brakeOff: true,
  });
}

/** Applies what has been held longer than the deadline; without a deadline nothing is ever applied by itself. */
export async function applyExpiredHolds(sync: Sync): Promise<HoldId[]> {
  const { deadlineMs } = sync.brake;
  if (deadlineMs === null) return [];
  const expired = (await loadHolds(sync.db)).filter(
    ({ state, createdAt }) => state === 'open' && Date.parse(sync.now()) - Date.parse(createdAt) >= deadlineMs,
  );
  for (const { id } of expired) await decideHold(sync, id, 'approved', null);
  return expired.map(({ id }) => id);
}

// Settling: dossiers become rows, the brake judges those that no plan has judged before, and what is not held is
// written. Every door, every edit and every decision on a hold ends here, in the caller's transaction.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import type { Change, Dossier, Landscape } from '../core/plan.ts';
import { placeKey } from '../core/placement.ts';
import { sameStanding } from '../core/review.ts';
import type { Database } from '../store/database.ts';
import { heldRows } from '../store/holds.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { addRows, rowsOfDrafts, setRowState } from '../store/plans.ts';
import { applyChanges } from './apply-change.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { dealSeats } from './deal-seats.ts';
import { replan, writeReviews } from './replan.ts';
import type { Drafted } from './draft.ts';
import { accountsOf, draft, Seats, toDraft, vanishedMappings } from './draft.ts';
import type { Before, Verdict } from './judge.ts';
import { hold, judge } from './judge.ts';

interface ToDraft {
  readonly landscape: Landscape;
  readonly dossiers: readonly Dossier[];
  readonly organizations: readonly OrganizationId[];
}

export interface SettleInput extends ToDraft {
  readonly plan: PlanRef;
  /** What a held change leaves standing. */
  readonly before: Before;
  readonly speakers: Speakers;
  /** Rows of a plan that was judged and shown before; those that planning no longer gives are struck out. */
  readonly planned?: readonly PlanRow[];
  readonly suspect?: boolean;
  /** A person's own decision is not braked. */
  readonly brakeOff?: boolean;
}

/** Plans, judges and writes; `db` must be a transaction that holds the write lock. */
export async function settle(sync: Sync, db: Database, input: SettleInput): Promise<void> {
  await settleDrafted(sync, db, input, await draftAll(sync, db, input));
}

/** What planning gives, and nothing written yet. */
export async function draftAll(sync: Sync, db: Database, input: ToDraft): Promise<Drafted> {
  const { landscape, dossiers, organizations } = input;
  const seats = await Seats.load(db, landscape, concernedBy(input));
  return draft(db, landscape, dossiers, { organizations, seats, now: sync.now() });
}

/** Where what is held of somebody may be planned anew too. */
function concernedBy({ dossiers, organizations }: ToDraft): ReadonlySet<OrganizationId> {
  const held = dossiers.flatMap(({ masks }) => masks.map(({ organization }) => organization));
  return new Set([...organizations, ...held]);
}

/** Judges and writes what was drafted in this transaction. */
export async function settleDrafted(sync: Sync, db: Database, input: SettleInput, drafted: Drafted): Promise<void> {
  await writeReviews(sync, db, drafted.reviews);
  const { ready, fresh } = await matchRows(sync, db, input.planned ?? [], drafted.changes);
  const vanished = new Set(vanishedMappings(input.landscape).keys());
  const drafts = fresh.map((change) => toDraft(change, input.speakers, vanished));
  const rows = rowsOfDrafts(input.plan, drafts, sync.now());
  const verdicts =
    input.brakeOff === true ? [] : await judge(sync, db, rows, { suspect: input.suspect === true, charge: true });
  const braked = verdicts.map((verdict) => ({ verdict, rows: rows.filter((row) => isHeld(verdict, row)) }));
  const stopped = new Set(braked.flatMap((one) => one.rows.map(({ id }) => id)));
  await addRows(
    db,
    rows.map((row) => (stopped.has(row.id) ? row : { ...row, state: 'applied' as const })),
  );
  for (const one of braked) await hold(sync, db, one.verdict, one.rows, input.before, input.speakers);
  const applied = [...ready, ...fresh.filter((_change, at) => !stopped.has(rows[at]?.id ?? ''))];
  await applyChanges(sync, db, input.plan, applied);
  // Of whom nothing is held, there is nothing to review.
  if (drafted.reviews.length > 0 || stopped.size > 0) {
    await reviewAgain(sync, db, input, accountsOf(applied));
  }
  await dealSeats(sync, db, { landscape: input.landscape, among: concernedBy(input) }, input);
  await replanNewOwners(sync, db, input, applied);
}

/** Finds the stored row of each change, applied from now on; stored rows that are left over no longer apply. */
async function matchRows(
  sync: Sync,
  db: Database,
  planned: readonly PlanRow[],
  changes: readonly Change[],
): Promise<{ ready: Change[]; fresh: Change[] }> {
  const open = new Map(
    planned.filter(({ state }) => state === 'planned' || state === 'stopped').map((row) => [rowKey(row), row]),
  );
  const ready = new Map<string, Change>();
  const fresh: Change[] = [];
  for (const change of changes) {
    const row = open.get(rowKey(change));
    if (row !== undefined && sameStanding(row.before, change.before) && sameStanding(row.after, change.after)) {
      ready.set(row.id, change);
      open.delete(rowKey(change));
    } else fresh.push(change);
  }
  const moot = [...open.values()].map(({ id }) => id);
  await setRowState(db, [...ready.keys()], 'applied', sync.now());
  await setRowState(db, moot, 'moot', sync.now());
  return { ready: [...ready.values()], fresh };
}

function rowKey({ organization, account, target }: Pick<Change, 'organization' | 'account' | 'target'>): string {
  return `${organization} ${account} ${target === 'organization' ? '' : placeKey(target)}`;
}

function isHeld({ organization, held }: Verdict, row: PlanRow): boolean {
  return row.organization === organization && held.has(row.account);
}

/** A held row says what planning gives also after somebody else's word changed the membership underneath. */
async function reviewAgain(
  sync: Sync,
  db: Database,
  input: SettleInput,
  accounts: readonly AccountId[],
): Promise<void> {
  const held = await heldRows(db, accounts);
  if (held.size > 0) await replan(sync, db, input, [...held.keys()], [], { everySeatFree: false });
}

/** A member who took the seat stands in projects as Owner from now on. */
async function replanNewOwners(
  sync: Sync,
  db: Database,
  input: SettleInput,
  applied: readonly Change[],
): Promise<void> {
  const vacated = applied.filter(({ seat }) => seat === 'vacates').map(({ organization }) => organization);
  const successors = vacated.flatMap((id): AccountId[] => {
    const successor = input.landscape.organizations.get(id)?.successor ?? null;
    return successor === null ? [] : [successor];
  });
  if (successors.length > 0) await replan(sync, db, input, successors, vacated, { everySeatFree: false });
}

// Planning again, from the store as it is now, what a transaction has changed for somebody whom it was not about: who
// gets a freed seat, who took the Owner's, whose held row no longer says what planning gives.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { restate, strikeOut } from '../store/holds.ts';
import { applyChanges, recordChanges } from './apply-change.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { draft, Seats, toDraft } from './draft.ts';
import { loadOutline } from './outline.ts';
import { peopleOf, withGroupsOf } from './surroundings.ts';
import { tellHoldDecided } from './tell.ts';

/** The plan that the rows are added to, and who answers for them. */
export interface Planning {
  readonly plan: PlanRef;
  readonly speakers: Speakers;
}

/** Plans accounts from the store as it is now and writes what comes of it; used where nothing can be taken away. */
export async function replan(
  sync: Sync,
  db: Database,
  input: Planning,
  accounts: readonly AccountId[],
  organizations: readonly OrganizationId[],
  options: { readonly everySeatFree: boolean },
): Promise<void> {
  const dossiers = await loadDossiers(db, accounts);
  const landscape = await withGroupsOf(db, (await loadOutline(db)).landscape, peopleOf(dossiers));
  const seats = await Seats.load(db, landscape);
  const { changes, reviews } = await draft(db, landscape, dossiers, {
    organizations,
    seats: options.everySeatFree ? Seats.unlimited() : seats,
    now: sync.now(),
  });
  await writeReviews(sync, db, reviews);
  const none = new Set<string>();
  const drafts = changes.map((change) => toDraft(change, input.speakers, none));
  await recordChanges(sync, db, input.plan, drafts);
  await applyChanges(sync, db, input.plan, changes);
}

/** Strikes out held rows that are moot, and lets the others say what planning gives now. */
export async function writeReviews(sync: Sync, db: Database, reviews: readonly Review[]): Promise<void> {
  for (const { moot, restated } of reviews) {
    for (const closed of await strikeOut(db, moot, sync.now())) await tellHoldDecided(sync, db, closed);
    for (const { row, change } of restated) await restate(db, row.id, change, sync.now());
  }
}

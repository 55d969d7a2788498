// An edit planned whole, some accounts at a time, before any of it is done: the brake judges all of it. Of most accounts
// what was planned is what doing it gives, and whoever only asks what would happen need not have it done.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import type { Change, Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { inGroups } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { waitingAccounts } from '../store/memberships.ts';
import type { PackedRows } from '../store/packed-rows.ts';
import { packRows } from '../store/packed-rows.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { addRows, rowsOfDrafts } from '../store/plans.ts';
import { limitedOrganizations } from './apply-change.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { draft, Seats, toDraft, vanishedMappings } from './draft.ts';
import { holdPlan, isStoppable } from './judge.ts';

export interface Foreseeing {
  readonly before: Landscape;
  readonly after: Landscape;
  readonly accounts: readonly AccountId[];
  readonly organizations: readonly OrganizationId[];
  readonly speakers: Speakers;
  readonly preview: boolean;
}

/** Accounts that are settled together. */
export interface Page {
  readonly accounts: readonly AccountId[];
  /** In a preview, the rows that settling them gives; null where only settling them tells. */
  readonly foreseen: PackedRows | null;
}

/** Plans every account, and holds what the brake stops; only rows that a brake may stop are stored. */
export async function foresee(sync: Sync, db: Database, ref: PlanRef, edit: Foreseeing): Promise<readonly Page[]> {
  const { before, after, speakers } = edit;
  const vanished = new Set(vanishedMappings(after).keys());
  const options = { organizations: edit.organizations, seats: await Seats.load(db, after), now: sync.now() };
  const pages: Page[] = [];
  let seatsAtStake = await anybodyWaits(db, after);
  const planned = async function* (): AsyncGenerator<PlanRow> {
    for (const accounts of inGroups(edit.accounts)) {
      const dossiers = await loadDossiers(db, accounts);
      const { changes } = await draft(db, after, dossiers, options);
      const drafts = changes.map((change) => toDraft(change, speakers, vanished));
      const rows = rowsOfDrafts(ref, drafts, sync.now());
      const stoppable = new Set(rows.filter(isStoppable).map(({ account }) => account));
      await addRows(
        db,
        rows.filter(({ account }) => stoppable.has(account)),
      );
      seatsAtStake ||= changes.some(movesSeats);
      // Whoever is held, or may be, is planned with what the connections said before.
      const certain = !seatsAtStake && stoppable.size === 0 && dossiers.every(({ masks }) => masks.length === 0);
      pages.push({ accounts, foreseen: edit.preview && certain ? packRows(rows) : null });
      yield* rows;
    }
  };
  await holdPlan(sync, db, ref, { suspect: false, preview: false, speakers, landscape: before, rows: planned() });
  return seatsAtStake ? pages.map(({ accounts }) => ({ accounts, foreseen: null })) : pages;
}

/** Whether seats decide about more people than the one that the change is of. */
function movesSeats({ seat, membership }: Change): boolean {
  return seat !== null || (membership !== null && membership.after.waitingSince !== null);
}

async function anybodyWaits(db: Database, landscape: Landscape): Promise<boolean> {
  for (const id of limitedOrganizations(landscape)) if ((await waitingAccounts(db, id, 1)).length > 0) return true;
  return false;
}

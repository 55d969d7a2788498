// Free seats go to the longest waiting, in the transaction that frees them (organizations.md section 4, "Seats"); a
// preview shows who they would be.
import type { OrganizationId } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { countActive, waitingAccounts } from '../store/memberships.ts';
import { addRows, rowsOfAccounts, rowsOfDrafts, rowsOfPlan } from '../store/plans.ts';
import { limitedOrganizations } from './apply-change.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { draft, Seats, toDraft } from './draft.ts';
import type { Planning } from './replan.ts';
import { replan } from './replan.ts';

/** @param where.among the organizations in which seats may have become free. */
export async function dealSeats(
  sync: Sync,
  db: Database,
  { landscape, among }: { readonly landscape: Landscape; readonly among: ReadonlySet<OrganizationId> },
  planning: Planning,
): Promise<void> {
  for (const id of limitedOrganizations(landscape).filter((one) => among.has(one))) {
    const free = seatsOf(landscape, id) - (await countActive(db, id));
    const waiting = free > 0 ? await waitingAccounts(db, id, free) : [];
    if (waiting.length > 0) await replan(sync, db, planning, waiting, [id], { everySeatFree: true });
  }
}

/** Adds to a preview whom the seats that it frees would go to; nothing else is written. */
export async function showDealtSeats(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  { landscape, speakers }: { readonly landscape: Landscape; readonly speakers: Speakers },
): Promise<void> {
  for (const id of limitedOrganizations(landscape)) {
    let free = seatsOf(landscape, id) - (await countActive(db, id));
    for await (const row of rowsOfPlan(db, plan.id, { target: 'organization', states: ['planned'] })) {
      if (row.organization !== id) continue;
      free += Number(row.before?.status === 'active') - Number(row.after?.status === 'active');
    }
    const waiting = free > 0 ? await waitingAccounts(db, id, free) : [];
    // Of whom the plan speaks already it says what becomes.
    const spoken = new Set((await rowsOfAccounts(db, plan.id, waiting)).map(({ account }) => account));
    const seated = await loadDossiers(
      db,
      waiting.filter((account) => !spoken.has(account)),
    );
    const options = { organizations: [id], seats: Seats.unlimited(), now: sync.now() };
    const { changes } = await draft(db, landscape, seated, options);
    const none = new Set<string>();
    const drafts = changes.map((change) => toDraft(change, speakers, none));
    await addRows(db, rowsOfDrafts(plan, drafts, sync.now()));
  }
}

function seatsOf(landscape: Landscape, id: OrganizationId): number {
  return landscape.organizations.get(id)?.seats ?? 0;
}

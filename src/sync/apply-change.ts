// One change, written: the membership or place, the Owner's seat, and the row that tells of it. All in the caller's
// transaction, so that a vacancy opens in the very transaction that empties the seat (law 7).
import type { OrganizationId } from '../core/ids.ts';
import type { Change, Landscape } from '../core/plan.ts';
import { shown } from '../core/membership.ts';
import { endAccess } from '../store/access.ts';
import { refund } from '../store/brakes.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { writeMemberships } from '../store/memberships.ts';
import { loadOrganizations } from '../store/organizations.ts';
import { writePlacement } from '../store/placements.ts';
import type { Draft } from '../store/plans.ts';
import { addRows, rowsOfDrafts } from '../store/plans.ts';
import { openVacancy, resolveVacancy } from '../store/vacancies.ts';
import type { PlanRef, Sync } from './context.ts';
import { tellChanges } from './tell.ts';

/** Writes the changes, whose rows stand as applied; seats are emptied last, when a successor's own change is written. */
export async function applyChanges(sync: Sync, db: Database, plan: PlanRef, changes: readonly Change[]): Promise<void> {
  const at = sync.now();
  const memberships = changes.flatMap(({ membership }) => (membership === null ? [] : [membership.after]));
  await writeMemberships(db, memberships, at);
  await refund(
    db,
    changes.filter(
      ({ membership, before, after }) =>
        membership !== null && after?.status === 'active' && before?.status !== 'active',
    ),
  );
  for (const { target, organization, account, placement } of changes) {
    if (target !== 'organization') await writePlacement(db, { organization, account, place: target }, placement, at);
  }
  for (const { membership, before, after, organization, account } of changes) {
    const isEnded = after?.status === 'deactivated' && before?.status !== 'deactivated';
    if (membership !== null && isEnded) await endAccess(db, organization, account);
  }
  for (const change of changes) {
    if (change.seat !== 'returns') continue;
    const resolution = { how: 'returned' as const, owner: change.account, reason: change.reason };
    await resolveVacancy(db, change.organization, resolution, at);
  }
  for (const change of changes) if (change.seat === 'vacates') await vacate(sync, db, plan, change);
  await tellChanges(sync, db, plan, changes);
}

/** Writes rows that are applied in this transaction. */
export async function recordChanges(sync: Sync, db: Database, plan: PlanRef, drafts: readonly Draft[]): Promise<void> {
  const rows = rowsOfDrafts(plan, drafts, sync.now());
  await addRows(
    db,
    rows.map((row) => ({ ...row, state: 'applied' as const })),
  );
}

async function vacate(sync: Sync, db: Database, plan: PlanRef, change: Change): Promise<void> {
  const at = sync.now();
  const suspension = change.membership?.after.suspendedBy ?? null;
  await openVacancy(db, change.organization, change.account, { suspension, text: change.reason }, at);
  await succeed(sync, db, plan, change.organization);
}

/** The successor that the organization chose beforehand takes the seat in the same transaction, if they are active. */
async function succeed(sync: Sync, db: Database, plan: PlanRef, id: OrganizationId): Promise<void> {
  const [organization] = await loadOrganizations(db, [id]);
  const successor = organization?.successor ?? null;
  if (successor === null) return;
  const [dossier] = await loadDossiers(db, [successor]);
  const membership = dossier?.memberships.find((one) => one.organization === id);
  if (dossier === undefined || membership?.status !== 'active') return;
  const reason = 'the successor that the organization chose takes the seat';
  await resolveVacancy(db, id, { how: 'successor', owner: successor, reason }, sync.now());
  await recordSeat(sync, db, plan, seatChange(dossier, membership, reason));
}

/** The history row of a member who takes the seat: the membership stays as it is, the seat is on the organization. */
export function seatChange(
  dossier: { readonly account: Change['account']; readonly email: string },
  membership: NonNullable<NonNullable<Change['membership']>['before']>,
  reason: string,
): Change {
  return {
    organization: membership.organization,
    account: dossier.account,
    email: dossier.email,
    target: 'organization',
    before: shown(membership, false),
    after: shown(membership, true),
    because: membership.because,
    reason,
    kind: 'changed',
    seat: null,
    needsSeat: false,
    membership: { before: membership, after: membership },
    placement: null,
  };
}

export async function recordSeat(sync: Sync, db: Database, plan: PlanRef, change: Change): Promise<void> {
  await recordChanges(sync, db, plan, [{ change, connection: null, vanishedGroup: false }]);
  await tellChanges(sync, db, plan, [change]);
}

/** Whether the landscape's organizations include one with a seat limit. */
export function limitedOrganizations(landscape: Landscape): OrganizationId[] {
  return [...landscape.organizations.values()].filter(({ seats, open }) => open && seats !== null).map(({ id }) => id);
}

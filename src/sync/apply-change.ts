// One change, written: the membership or place, the Owner's seat, and the row that tells of it. All in the caller's
// transaction, so that a vacancy opens in the very transaction that empties the seat (law 7).
import type { OrganizationId } from '../core/ids.ts';
import type { Change, Landscape } from '../core/plan.ts';
import { shown } from '../core/membership.ts';
import { endAccess } from '../store/access.ts';
import { refund } from '../store/brakes.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { writeMembership } from '../store/memberships.ts';
import { loadOrganizations } from '../store/organizations.ts';
import { writePlacement } from '../store/placements.ts';
import { addRows, setRowState } from '../store/plans.ts';
import { openVacancy, resolveVacancy } from '../store/vacancies.ts';
import type { PlanRef, Sync } from './context.ts';
import { tellChanges } from './tell.ts';

/** A planned change and the id of its stored row. */
export interface PlannedChange {
  readonly row: string;
  readonly change: Change;
}

/** Writes the changes; those that empty a seat come last, so that a successor's own changes are written before. */
export async function applyChanges(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  changes: readonly PlannedChange[],
): Promise<void> {
  const at = sync.now();
  const seatLast = [...changes].sort(
    (a, b) => Number(a.change.seat === 'vacates') - Number(b.change.seat === 'vacates'),
  );
  for (const { change } of seatLast) {
    if (change.membership !== null) {
      await writeMembership(db, change.membership.after, at);
      if (change.after?.status === 'active' && change.before?.status !== 'active') {
        await refund(db, change.organization, change.account);
      }
      if (change.after?.status === 'deactivated' && change.before?.status !== 'deactivated') {
        await endAccess(db, change.organization, change.account);
      }
    } else if (change.target !== 'organization') {
      const key = { organization: change.organization, account: change.account, place: change.target };
      await writePlacement(db, key, change.placement, at);
    }
    if (change.seat === 'vacates') await vacate(sync, db, plan, change);
    if (change.seat === 'returns') {
      const resolution = { how: 'returned' as const, owner: change.account, reason: change.reason };
      await resolveVacancy(db, change.organization, resolution, at);
    }
  }
  await setRowState(
    db,
    changes.map(({ row }) => row),
    'applied',
    at,
  );
  await tellChanges(
    sync,
    db,
    plan,
    changes.map(({ change }) => change),
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
  const at = sync.now();
  const rows = await addRows(db, plan, [{ change, connection: null, vanishedGroup: false }], at);
  await setRowState(
    db,
    rows.map(({ id }) => id),
    'applied',
    at,
  );
  await tellChanges(sync, db, plan, [change]);
}

/** Whether the landscape's organizations include one with a seat limit. */
export function limitedOrganizations(landscape: Landscape): OrganizationId[] {
  return [...landscape.organizations.values()].filter(({ seats, open }) => open && seats !== null).map(({ id }) => id);
}

// The support desk fills a vacancy: an active member becomes Owner, with a reason that stays in the history.
import type { OrganizationId } from '../core/ids.ts';
import { membershipIn } from '../core/plan.ts';
import { RollcallError } from '../errors.ts';
import { findAccount } from '../store/accounts.ts';
import { inTransaction } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { loadOrganizations } from '../store/organizations.ts';
import { loadCandidates, resolveVacancy } from '../store/vacancies.ts';
import { recordSeat, seatChange } from '../sync/apply-change.ts';
import type { Sync } from '../sync/context.ts';
import { beginPlan } from '../sync/push.ts';
import { replan } from '../sync/replan.ts';

/**
 * Gives the vacant seat to an active member.
 * @throws RollcallError `not_found` for an unknown organization; `conflict` where there is no vacancy, or the person is
 * no active member (the candidates are named); `input_invalid` without a reason.
 */
export async function assignOwner(
  sync: Sync,
  wish: { readonly organization: string; readonly to: string; readonly reason: string },
): Promise<void> {
  const reason = wish.reason.trim();
  if (reason === '') throw new RollcallError('input_invalid', 'a reason is required: it is what the history will say');
  await inTransaction(sync.db, async (db) => {
    const [organization] = await loadOrganizations(db, [wish.organization as OrganizationId]);
    if (organization === undefined)
      throw new RollcallError('not_found', `there is no organization ${wish.organization}`);
    if (organization.vacancy === null) {
      throw new RollcallError('conflict', `${organization.id} has an Owner: there is no vacancy to fill`);
    }
    const account = await findAccount(db, wish.to);
    const [dossier] = account === null ? [] : await loadDossiers(db, [account.id]);
    const membership = dossier === undefined ? null : membershipIn(dossier, organization.id);
    if (dossier === undefined || membership?.status !== 'active') {
      const candidates = (await loadCandidates(db, organization.id)).map(({ email, role }) => `${email} (${role})`);
      const list =
        candidates.length === 0
          ? 'there is no active Administrator or Manager'
          : `candidates: ${candidates.join(', ')}`;
      throw new RollcallError('conflict', `${wish.to} is no active member of ${organization.id}; ${list}`);
    }
    const plan = await beginPlan(sync, db, null, 'people');
    const resolution = { how: 'assigned' as const, owner: dossier.account, reason };
    await resolveVacancy(db, organization.id, resolution, sync.now());
    await recordSeat(sync, db, plan, seatChange(dossier, membership, `assigned by support: ${reason}`));
    await replan(sync, db, { plan, speakers: new Set([null]) }, [dossier.account], [organization.id], {
      everySeatFree: false,
    });
  });
}

// A role given or taken by a person: the one person grant of a membership, planned and written like everything else.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import type { PersonGrant } from '../core/membership.ts';
import type { Database } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { endPersonGrant, writePersonGrant } from '../store/memberships.ts';
import type { Sync } from '../sync/context.ts';
import { loadLandscape } from '../sync/landscape.ts';
import { beginPlan } from '../sync/push.ts';
import { settle } from '../sync/settle.ts';

/** Gives the person's grant, in the caller's transaction; what it comes to is decided by the planner. */
export async function grantRole(sync: Sync, db: Database, grant: Omit<PersonGrant, 'since'>): Promise<void> {
  await replanAfter(sync, db, grant, () => writePersonGrant(db, { ...grant, since: sync.now() }));
}

/** Takes the person's grant away; what directories give stays. */
export async function withdrawGrant(
  sync: Sync,
  db: Database,
  membership: { readonly organization: OrganizationId; readonly account: AccountId },
): Promise<void> {
  await replanAfter(sync, db, membership, () => endPersonGrant(db, membership));
}

async function replanAfter(
  sync: Sync,
  db: Database,
  { organization, account }: { readonly organization: OrganizationId; readonly account: AccountId },
  write: () => Promise<void>,
): Promise<void> {
  const plan = await beginPlan(sync, db, null, 'people');
  const landscape = await loadLandscape(db);
  const before = { landscape, dossiers: await loadDossiers(db, [account]) };
  await write();
  await settle(sync, db, {
    plan,
    landscape,
    dossiers: await loadDossiers(db, [account]),
    before,
    organizations: [organization],
    speakers: new Set([null]),
    brakeOff: true,
  });
}

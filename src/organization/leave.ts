// Leaving an organization by oneself, also while one still waits for a role. The Owner hands over first; whom a directory holds is removed there.
import { membershipIn } from '../core/plan.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { inTransaction } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { deleteMembership } from '../store/memberships.ts';
import { loadOrganizations } from '../store/organizations.ts';
import type { Sync } from '../sync/context.ts';
import type { Caller } from './caller.ts';
import { memberIn } from './caller.ts';
import { withdrawGrant } from './grant-role.ts';

/** @throws RollcallError `not_found`; `conflict` for the Owner and for whom a directory holds. */
export async function leave(sync: Sync, caller: Caller, id: string): Promise<void> {
  const { organization, title } = memberIn(caller, id);
  const key = { organization, account: caller.account.id };
  await inTransaction(sync.db, async (db) => {
    const [dossier] = await loadDossiers(db, [key.account]);
    const membership = dossier === undefined ? null : membershipIn(dossier, organization);
    const [now] = await loadOrganizations(db, [organization]);
    if (now?.owner === key.account) {
      throw new RollcallError('conflict', `you own ${title}: hand the ownership over to an Administrator first`);
    }
    const holder = membership?.because.find(({ connection }) => connection !== null);
    if (holder !== undefined) {
      throw new RollcallError(
        'conflict',
        `${holder.connection} gives you your role in ${title}${holder.group === null ? '' : ` through ${holder.group}`}: you have to be removed there`,
      );
    }
    await withdrawGrant(sync, db, key);
    await deleteMembership(db, key);
    await noteEvent(db, { kind: 'left', ...key, detail: '' }, sync.now());
  });
}

// Law 13 on the live store: planning everybody anew from what is stored must give nothing, open holds aside.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import { inGroups } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { allAccounts } from '../store/accounts.ts';
import { countActive, waitingAccounts } from '../store/memberships.ts';
import { limitedOrganizations } from './apply-change.ts';
import type { Sync } from './context.ts';
import { draft, Seats } from './draft.ts';
import { loadLandscape } from './landscape.ts';

/** Something that is not as it ought to be. */
export interface Difference {
  readonly organization: OrganizationId;
  readonly account: AccountId | null;
  readonly email: string | null;
  readonly what: string;
}

export async function recompute(
  sync: Sync,
  progress: (done: number) => void,
): Promise<{ checked: number; differences: Difference[] }> {
  const { db } = sync;
  const landscape = await loadLandscape(db);
  const seats = await Seats.load(db, landscape);
  const organizations = [...landscape.organizations.keys()];
  const differences: Difference[] = [];
  let checked = 0;
  for await (const page of allAccounts(db, 500)) {
    for (const accounts of inGroups(page)) {
      const dossiers = await loadDossiers(db, accounts);
      const { changes, reviews } = await draft(db, landscape, dossiers, { organizations, seats, now: sync.now() });
      for (const { organization, account, email, before, after, reason } of changes) {
        const what = `is ${said(before)}, ought to be ${said(after)}: ${reason}`;
        differences.push({ organization, account, email, what });
      }
      for (const { moot, restated, dossier } of reviews) {
        for (const { organization } of [...moot, ...restated.map(({ row }) => row)]) {
          const what = 'a held change no longer says what planning gives';
          differences.push({ organization, account: dossier.account, email: dossier.email, what });
        }
      }
      checked += accounts.length;
      progress(checked);
    }
  }
  for (const id of limitedOrganizations(landscape)) {
    const free = (landscape.organizations.get(id)?.seats ?? 0) - (await countActive(db, id));
    if (free > 0 && (await waitingAccounts(db, id, 1)).length > 0) {
      differences.push({
        organization: id,
        account: null,
        email: null,
        what: `${free} seats are free while somebody waits`,
      });
    }
  }
  return { checked, differences };
}

function said(standing: { readonly role: string; readonly status: string } | null): string {
  return standing === null ? 'no member' : `${standing.role} (${standing.status})`;
}

// Places in workspaces and projects, as rows. A workspace is stored by id and read back by its present title.
import type { Grant } from '../core/grant.ts';
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Place, Placement } from '../core/placement.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { bindWorkspace } from './connections.ts';
import { needWorkspace } from './organizations.ts';
import { oneOf, rowsOf } from './statement.ts';

export interface PlacementRow {
  organization: OrganizationId;
  account: AccountId;
  kind: 'workspace' | 'project';
  place: string;
  title: string | null;
  role: Placement['role'];
  because: string;
}

export function placementFromRow(row: PlacementRow): Placement {
  return {
    organization: row.organization,
    account: row.account,
    place: row.kind === 'workspace' ? { workspace: row.title ?? row.place } : { project: row.place },
    role: row.role,
    because: fromJson<Grant[]>(row.because),
  };
}

export async function loadPlacementRows(db: Database, accounts: readonly AccountId[]): Promise<PlacementRow[]> {
  return rowsOf<PlacementRow>(
    db,
    `SELECT placements.organization, account, kind, place, workspaces.title, role, because
     FROM placements LEFT JOIN workspaces ON workspaces.id = placements.place AND placements.kind = 'workspace'
     WHERE ${oneOf(db, 'account')} ORDER BY placements.organization, kind, place`,
    [accounts],
  );
}

/** Writes the place, or takes it away; a workspace that is not there yet is made. */
export async function writePlacement(
  db: Database,
  key: { readonly organization: OrganizationId; readonly account: AccountId; readonly place: Place },
  placement: Placement | null,
  at: Instant,
): Promise<void> {
  const { organization, account, place } = key;
  const where = {
    organization,
    account,
    kind: 'workspace' in place ? 'workspace' : 'project',
    place: 'workspace' in place ? await workspaceId(db, organization, place.workspace, at) : place.project,
  };
  if (placement === null) {
    await db('placements').where(where).delete();
    return;
  }
  const fields = { role: placement.role, because: JSON.stringify(placement.because) };
  await db('placements')
    .insert({ ...where, ...fields })
    .onConflict(['organization', 'account', 'kind', 'place'])
    .merge(fields);
}

async function workspaceId(db: Database, organization: OrganizationId, title: string, at: Instant): Promise<string> {
  const id = await needWorkspace(db, organization, title, at);
  await bindWorkspace(db, organization, title, id);
  return id;
}

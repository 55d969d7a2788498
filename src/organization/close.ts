// Closing an organization: it is gone for everybody, and for 30 days its Owner can open it again as it was. Its own
// connections pause meanwhile.
import { DAY_MS, span } from '../core/instant.ts';
import type { OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import type { Closing } from '../store/closings.ts';
import { closingOf, endClosing, saveClosing } from '../store/closings.ts';
import { loadConnections, saveConnection } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { declaredOrganizations, loadOrganizations, saveOrganization } from '../store/organizations.ts';
import type { Sync } from '../sync/context.ts';
import { edit } from '../sync/edit.ts';
import type { Caller } from './caller.ts';
import { activeIn, atLeast, opensOwned } from './caller.ts';

const REVERSIBLE_MS = 30 * DAY_MS;

/**
 * @param confirmation the organization's title, written by the Owner.
 * @throws RollcallError `not_found`; `forbidden` for all but the Owner; `input_invalid` without the confirmation;
 * `declared_in_file` where the configuration file says that it is open.
 */
export async function closeOrganization(sync: Sync, caller: Caller, id: string, confirmation: string): Promise<void> {
  const { organization, title } = atLeast(activeIn(caller, id), 'owner');
  if (confirmation !== title) {
    throw new RollcallError('input_invalid', 'title: write the title of the organization to confirm that it closes');
  }
  await refuseDeclared(sync.db, organization);
  await edit(sync, { kind: 'people', preview: false }, async (db) => {
    const paused: Closing['paused'][number][] = [];
    for (const connection of await loadConnections(db)) {
      if (connection.organization !== organization || connection.state === 'paused' || connection.state === 'closed')
        continue;
      await saveConnection(db, { ...connection, state: 'paused' }, sync.now());
      paused.push({ id: connection.id, state: connection.state });
    }
    await setOpen(sync, db, organization, false);
    await saveClosing(db, { organization, closedAt: sync.now(), paused });
    const event = { kind: 'organization_closed', account: caller.account.id, organization, detail: '' } as const;
    await noteEvent(db, event, sync.now());
  });
}

/**
 * Opens it again; its connections go on as they were.
 * @throws RollcallError `not_found` for all but its Owner in time, and for a session that another organization opened.
 */
export async function reopenOrganization(sync: Sync, caller: Caller, id: string): Promise<void> {
  await edit(sync, { kind: 'people', preview: false }, async (db) => {
    const organization = id as OrganizationId;
    const [found] = await loadOrganizations(db, [organization]);
    const closing = await closingOf(db, organization);
    const mine = found?.owner === caller.account.id && opensOwned(caller.via, organization);
    if (!mine || found.open || closing === null || isFinal(sync, closing)) {
      throw new RollcallError('not_found', 'there is no such organization');
    }
    for (const connection of await loadConnections(db)) {
      const before = closing.paused.find((one) => one.id === connection.id);
      if (connection.state !== 'paused' || before === undefined) continue;
      await saveConnection(db, { ...connection, state: before.state }, sync.now());
    }
    await setOpen(sync, db, organization, true);
    await endClosing(db, organization);
    const event = { kind: 'organization_reopened', account: caller.account.id, organization, detail: '' } as const;
    await noteEvent(db, event, sync.now());
  });
}

/** Whether nobody can open it again. */
export function isFinal(sync: Sync, { closedAt }: Closing): boolean {
  return span(closedAt, sync.now()) > REVERSIBLE_MS;
}

async function setOpen(sync: Sync, db: Database, id: OrganizationId, open: boolean): Promise<void> {
  const [organization] = await loadOrganizations(db, [id]);
  if (organization !== undefined)
    await saveOrganization(db, { ...organization, open }, { declared: false, at: sync.now() });
}

async function refuseDeclared(db: Database, organization: OrganizationId): Promise<void> {
  if (!(await declaredOrganizations(db)).includes(organization)) return;
  throw new RollcallError(
    'declared_in_file',
    'the configuration file declares this organization: take it out there and run `rollcall apply`',
  );
}

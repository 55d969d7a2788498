// Observing, activating and pausing a connection: an edit like any other, planned, braked and written whole.
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { findConnection, saveConnection } from '../store/connections.ts';
import type { Sync } from '../sync/context.ts';
import type { EditResult } from '../sync/edit.ts';
import { edit } from '../sync/edit.ts';

/**
 * @throws RollcallError `not_found`; `declared_in_file` where the file states the state; `conflict` for a closed one.
 */
export async function setConnectionState(
  sync: Sync,
  id: string,
  state: 'observe' | 'active' | 'paused',
): Promise<EditResult<void>> {
  const connection = await findConnection(sync.db, id);
  if (connection === null)
    throw new RollcallError('not_found', `there is no connection ${id}: \`rollcall connections\` lists them`);
  if (connection.state === 'closed')
    throw new RollcallError('conflict', `connection ${id} is closed: declare it again to open it`);
  if (connection.stateDeclared) {
    throw new RollcallError(
      'declared_in_file',
      `the configuration file states the state of ${id}: change it there and run \`rollcall apply\``,
    );
  }
  return edit(sync, { kind: 'people', connection: connection.id, preview: false }, async (db) => {
    await saveConnection(db, { ...connection, state }, sync.now());
    const { organization } = connection;
    await noteEvent(db, { kind: 'connection_set', account: null, organization, detail: `${id} ${state}` }, sync.now());
  });
}

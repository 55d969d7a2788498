// A fresh token for a SCIM connection, beside those that it has: made before the old one is revoked, it makes a rotation
// without a gap.
import { bearerTokenHash, newBearerToken } from '../connection/bearer-token.ts';
import type { Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { findConnection } from '../store/connections.ts';
import { inTransaction } from '../store/database.ts';
import { addScimToken } from '../store/scim-tokens.ts';
import type { Sync } from '../sync/context.ts';

/**
 * @returns the token itself, which is kept nowhere.
 * @throws RollcallError `not_found` or `conflict` when the connection can take none.
 */
export async function makeScimToken(
  sync: Sync,
  id: string,
  expiresAt: Instant | null,
): Promise<{ readonly id: string; readonly token: string }> {
  return inTransaction(sync.db, async (db) => {
    const connection = await findConnection(db, id);
    if (connection === null) {
      throw new RollcallError('not_found', `there is no connection ${id}: \`rollcall connections\` lists them`);
    }
    if (connection.kind !== 'scim' || connection.state === 'closed') {
      const what = connection.kind === 'scim' ? 'closed' : `of the kind ${connection.kind}`;
      throw new RollcallError('conflict', `the connection ${id} is ${what}: only an open SCIM connection takes tokens`);
    }
    const token = newBearerToken();
    const hash = bearerTokenHash(token);
    const made = await addScimToken(db, { connection: connection.id, hash, expiresAt }, sync.now());
    const { organization } = connection;
    await noteEvent(
      db,
      { kind: 'scim_token_made', account: null, organization, detail: `${connection.id}, ${made}` },
      sync.now(),
    );
    return { id: made, token };
  });
}

// Ending a token of a SCIM connection: whoever sends it is a stranger from then on.
import { noteEvent } from '../store/account-events.ts';
import { findConnection } from '../store/connections.ts';
import { inTransaction } from '../store/database.ts';
import { loadScimTokens, revokeScimToken } from '../store/scim-tokens.ts';
import type { Sync } from '../sync/context.ts';

/** The token that was ended, and whether the configuration file states it; null where there is no such token in use. */
export async function endScimToken(sync: Sync, id: string): Promise<{ readonly declared: boolean } | null> {
  return inTransaction(sync.db, async (db) => {
    const token = (await loadScimTokens(db)).find((one) => one.id === id);
    if (token === undefined || !(await revokeScimToken(db, id, sync.now()))) return null;
    const organization = (await findConnection(db, token.connection))?.organization ?? null;
    const detail = `${token.connection}, ${id}`;
    await noteEvent(db, { kind: 'scim_token_ended', account: null, organization, detail }, sync.now());
    return { declared: token.declared };
  });
}

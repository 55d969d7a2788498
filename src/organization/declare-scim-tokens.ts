// The tokens that the configuration file states: each becomes its connection's one declared token, stored hashed; the
// one that it replaces no longer opens anything. Tokens made by command stay.
import { bearerTokenHash } from '../connection/bearer-token.ts';
import type { ConnectionId } from '../core/ids.ts';
import { inTransaction } from '../store/database.ts';
import { declareScimToken } from '../store/scim-tokens.ts';
import type { Sync } from '../sync/context.ts';

/**
 * @param tokens of every declared SCIM connection; a null token: the file states none.
 * @throws RollcallError `conflict` when a token is that of another connection.
 */
export async function declareScimTokens(
  sync: Sync,
  tokens: readonly { readonly connection: ConnectionId; readonly token: string | null }[],
): Promise<void> {
  await inTransaction(sync.db, async (db) => {
    for (const { connection, token } of tokens) {
      await declareScimToken(db, connection, token === null ? null : bearerTokenHash(token), sync.now());
    }
  });
}

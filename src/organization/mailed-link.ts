// A link that is mailed: stored as a hash, good once and for a while, and only for the address that it was sent to.
import { shift } from '../core/instant.ts';
import { emailKey } from '../core/fact.ts';
import type { Account } from '../store/accounts.ts';
import type { LinkPurpose } from '../store/credentials.ts';
import { addMailedLink } from '../store/credentials.ts';
import { inTransaction } from '../store/database.ts';
import type { Sync } from '../sync/context.ts';
import { hashToken, newToken } from './keys.ts';

/** @returns the token, which is nowhere but in the mail. */
export async function newMailedLink(
  sync: Sync,
  account: Pick<Account, 'id' | 'email'>,
  purpose: LinkPurpose,
  goodForMs: number,
): Promise<string> {
  const token = newToken();
  await inTransaction(sync.db, (db) =>
    addMailedLink(db, {
      tokenHash: hashToken(token),
      purpose,
      account: account.id,
      emailKey: emailKey(account.email),
      expiresAt: shift(sync.now(), goodForMs),
    }),
  );
  return token;
}

// Which kinds of tokens an organization lets in: the Owner's switch ends a kind at once, whoever holds one.
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { inTransaction } from '../store/database.ts';
import type { TokenSettings } from '../store/tokens.ts';
import { loadTokenSettings, saveTokenSettings } from '../store/tokens.ts';
import type { Sync } from '../sync/context.ts';
import type { Caller } from './caller.ts';
import { workingIn } from './caller.ts';

/** A personal token that outlives everybody who could end it is no longer personal. */
const LONGEST_DAYS = 10 * 366;

/** @throws RollcallError `forbidden` for all but the Owner; `input_invalid` for a number of days that is none. */
export async function setTokenSettings(
  sync: Sync,
  caller: Caller,
  wish: Partial<TokenSettings>,
): Promise<TokenSettings> {
  const { organization } = workingIn(caller, 'owner');
  const { days } = wish;
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > LONGEST_DAYS)) {
    throw new RollcallError('input_invalid', `api_token_ttl_days: a whole number of days from 1 to ${LONGEST_DAYS}`);
  }
  return inTransaction(sync.db, async (db) => {
    const next = { ...(await loadTokenSettings(db, organization)), ...wish };
    await saveTokenSettings(db, organization, next);
    const detail = `personal ${next.personal ? 'on' : 'off'}, legacy ${next.legacy ? 'on' : 'off'}, ${next.days} days`;
    await noteEvent(db, { kind: 'tokens_switched', account: caller.account.id, organization, detail }, sync.now());
    return next;
  });
}

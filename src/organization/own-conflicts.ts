// A link conflict that concerns the caller: the account's holder may say that the external person is them
// (organizations.md section 5). They must have shown that the address is theirs, and where it seems to have gone to
// somebody else meanwhile, shown it since: whoever had it before would else step into the shoes of who has it now.
import { emailKey } from '../core/fact.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import type { Account } from '../store/accounts.ts';
import type { Conflict } from '../store/conflicts.ts';
import { conflictsOf } from '../store/conflicts.ts';
import { findConnection } from '../store/connections.ts';
import { loadCredentials } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { findSummary } from '../store/own-memberships.ts';
import type { Sync } from '../sync/context.ts';
import type { Caller } from './caller.ts';
import { isWhole } from './caller.ts';
import { link } from './decide-conflict.ts';

export interface OwnConflict {
  readonly id: string;
  readonly connection: ConnectionId;
  /** Whose connection it is; null for one that the operator runs. */
  readonly organization: string | null;
  readonly email: string | null;
  readonly since: Instant;
  /** A mailed link has to be followed before it can be settled. */
  readonly needsProof: boolean;
}

/** What the caller may settle. Nothing is told to whoever has only claimed the address, or came by one organization's door. */
export async function ownConflicts({ db }: Pick<Sync, 'db'>, caller: Caller): Promise<OwnConflict[]> {
  if (!caller.proven || !isWhole(caller.via)) return [];
  const told: OwnConflict[] = [];
  for (const conflict of await concerning(db, caller.account)) {
    const { id, connection, email, createdAt: since } = conflict;
    const owner = (await findConnection(db, connection))?.organization ?? null;
    const organization = owner === null ? null : ((await findSummary(db, owner))?.title ?? null);
    const needsProof = !(await isProven(db, caller.account, conflict));
    told.push({ id, connection, organization, email, since, needsProof });
  }
  return told;
}

/**
 * The external person is the caller.
 * @throws RollcallError `not_found` for a conflict that is not theirs to settle; `conflict` where the address has to be
 * proven first, or the person was linked meanwhile.
 */
export async function settleOwnConflict(sync: Sync, caller: Caller, id: string): Promise<void> {
  const { account } = caller;
  await inTransaction(sync.db, async (db) => {
    const mine = caller.proven && isWhole(caller.via) ? await concerning(db, account) : [];
    const conflict = mine.find((one) => one.id === id);
    if (conflict === undefined) throw new RollcallError('not_found', 'there is nothing of yours to settle here');
    if (!(await isProven(db, account, conflict))) {
      throw new RollcallError(
        'conflict',
        'this address may have gone to somebody else: choose a new password by mail to show that it is still yours, then come back',
      );
    }
    await link(sync, db, conflict, account.id);
    const organization = (await findConnection(db, conflict.connection))?.organization ?? null;
    const event = { kind: 'conflict_linked', account: account.id, organization } as const;
    await noteEvent(db, { ...event, detail: conflict.connection }, sync.now());
  });
}

async function concerning(db: Database, { id, email }: Account): Promise<Conflict[]> {
  return conflictsOf(db, { account: id, emailKey: emailKey(email) });
}

/** Another id of the connection was this account's before: the address counts only if it was shown since to be theirs. */
async function isProven(db: Database, { id }: Account, { reason, createdAt }: Conflict): Promise<boolean> {
  const { provenAt } = await loadCredentials(db, id);
  return provenAt !== null && (reason !== 'other_id' || provenAt > createdAt);
}

// Deciding a link conflict: an operator links the external person to the account that holds the address, or discards
// the conflict until the person's facts change (organizations.md section 5).
import type { AccountId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { Conflict } from '../store/conflicts.ts';
import { decideConflict, findConflict } from '../store/conflicts.ts';
import { endUnproven } from '../store/access.ts';
import { noteEvent } from '../store/account-events.ts';
import { addAccounts, findAccount } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import type { StoredPerson } from '../store/facts.ts';
import { loadPeople } from '../store/facts.ts';
import { linkPeople } from '../store/external-people.ts';
import { newId } from '../store/ids.ts';
import type { Sync } from '../sync/context.ts';
import { loadLandscape, servedBy } from '../sync/landscape.ts';
import { beginPlan } from '../sync/push.ts';
import { settle } from '../sync/settle.ts';

/**
 * @throws RollcallError `not_found` for an unknown or decided conflict; `conflict` where the person is linked already,
 * or has no address to make an account of.
 */
export async function decide(sync: Sync, id: string, decision: 'linked' | 'discarded'): Promise<Conflict> {
  return inTransaction(sync.db, async (db) => {
    const conflict = await findConflict(db, id);
    if (conflict === null || conflict.state !== 'open') {
      throw new RollcallError('not_found', `there is no open conflict ${id}: \`rollcall conflicts\` lists them`);
    }
    const event = { organization: null, detail: `${conflict.connection}, by command` };
    if (decision === 'discarded') {
      await decideConflict(db, id, decision, sync.now());
      await noteEvent(db, { kind: 'conflict_discarded', account: conflict.account, ...event }, sync.now());
    } else {
      const account = conflict.account ?? (await holderOrNew(sync, db, conflict));
      await noteEvent(db, { kind: 'conflict_linked', account, ...event }, sync.now());
      await link(sync, db, conflict, account);
      // The operator answers for the person, not for whoever signed up under their address and never proved it.
      await endUnproven(db, account, `linked to ${conflict.connection}`, sync.now());
    }
    return conflict;
  });
}

/**
 * The external person is the account's from now on, with all that follows from it; in the caller's transaction.
 * @throws RollcallError `conflict` where the person is linked already.
 */
export async function link(sync: Sync, db: Database, conflict: Conflict, account: AccountId): Promise<void> {
  const { id, connection, externalId } = conflict;
  await unlinked(db, conflict);
  const landscape = await loadLandscape(db);
  const before = { landscape, dossiers: await loadDossiers(db, [account]) };
  await linkPeople(db, [{ connection, externalId, account }], sync.now());
  const plan = await beginPlan(sync, db, connection, 'people');
  await settle(sync, db, {
    plan,
    landscape,
    dossiers: await loadDossiers(db, [account]),
    before,
    organizations: servedBy(landscape, connection),
    speakers: new Set([connection]),
  });
  await decideConflict(db, id, 'linked', sync.now());
}

async function holderOrNew(sync: Sync, db: Database, conflict: Conflict): Promise<AccountId> {
  const { email, firstName, lastName } = (await unlinked(db, conflict)).attributes;
  if (email === null) {
    const { connection, externalId } = conflict;
    throw new RollcallError('conflict', `${externalId} of ${connection} has no address: give it one in the directory`);
  }
  const holder = await findAccount(db, email);
  if (holder !== null) return holder.id;
  const account = newId<AccountId>();
  await addAccounts(db, [{ id: account, email, firstName, lastName }], sync.now());
  return account;
}

async function unlinked(db: Database, { connection, externalId }: Conflict): Promise<StoredPerson> {
  const [person] = await loadPeople(db, connection, [externalId]);
  if (person?.account === null) return person;
  throw new RollcallError(
    'conflict',
    `${externalId} of ${connection} is linked to an account already: two accounts are not merged`,
  );
}

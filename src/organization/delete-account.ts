// Deleting an account: memberships and sign-in data end, and the history keeps an opaque id in place of the address
// (organizations.md section 1). Not while a directory holds the person active, nor while they own an organization.
import type { AccountId } from '../core/ids.ts';
import { emailKey } from '../core/fact.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { closingOf, releaseClosedSeats } from '../store/closings.ts';
import { forgetAccount, holdersOf } from '../store/forget-account.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { deleteMembership } from '../store/memberships.ts';
import { ownMemberships } from '../store/own-memberships.ts';
import type { Sync } from '../sync/context.ts';
import { isFinal } from './close.ts';
import { withdrawGrant } from './grant-role.ts';
import type { Caller } from './caller.ts';

/**
 * @param confirmation the account's address, written by the person: it can't be undone.
 * @throws RollcallError `input_invalid` without the confirmation; `conflict` where a directory or a seat holds them.
 */
export async function deleteAccount(sync: Sync, { account }: Caller, confirmation: string): Promise<void> {
  if (emailKey(confirmation) !== emailKey(account.email)) {
    throw new RollcallError(
      'input_invalid',
      'email: write your own address to confirm; a deleted account does not come back',
    );
  }
  await inTransaction(sync.db, async (db) => {
    await refuseHeld(sync, db, account.id);
    await releaseClosedSeats(db, account.id);
    for (const { organization } of await ownMemberships(db, account.id)) {
      await withdrawGrant(sync, db, { organization, account: account.id });
      await deleteMembership(db, { organization, account: account.id });
    }
    await noteEvent(db, { kind: 'account_deleted', account: account.id, organization: null, detail: '' }, sync.now());
    await forgetAccount(db, account);
  });
}

async function refuseHeld(sync: Sync, db: Database, account: AccountId): Promise<void> {
  const owned: string[] = [];
  for (const { organization, open, role, title } of await ownMemberships(db, account)) {
    const closing = open ? null : await closingOf(db, organization);
    if (role === 'owner' && (closing === null || !isFinal(sync, closing))) owned.push(title);
  }
  if (owned.length > 0) {
    throw new RollcallError(
      'conflict',
      `you own ${owned.join(', ')}: hand the ownership over to an Administrator, or close it and wait until that is final`,
    );
  }
  const holders = await holdersOf(db, account);
  if (holders.length > 0) {
    throw new RollcallError('conflict', `${holders.join(', ')} holds you active: you have to be removed there first`);
  }
}

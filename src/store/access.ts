// What ends when a membership does: in the transaction that deactivates it, so that the next request is refused
// (organizations.md section 6).
import type { AccountId, OrganizationId } from '../core/ids.ts';
import { noteEvent } from './account-events.ts';
import type { Database } from './database.ts';
import { endSessionsOf, endSessionsThrough } from './sessions.ts';
import { endTokensOf } from './tokens.ts';

/** Ends the membership's tokens and access; the account's sessions where nothing is left that they could open. */
export async function endAccess(db: Database, organization: OrganizationId, account: AccountId): Promise<void> {
  await endTokensOf(db, account, organization);
  await endSessionsThrough(db, account, organization);
  const left: { organization: OrganizationId } | undefined = await db('memberships')
    .where({ account, status: 'active' })
    .orderBy(['created_at', 'organization'])
    .first('organization');
  if (left === undefined) await endSessionsOf(db, account);
  await db('credentials')
    .where({ account, active_organization: organization })
    .update({ active_organization: left?.organization ?? null });
}

/**
 * A connection that may speak for the address has joined the account: the address is proven, and nobody lies in wait
 * under somebody else's.
 */
export async function claimAccount(db: Database, account: AccountId, by: string, at: string): Promise<void> {
  if (await endUnproven(db, account, by, at)) {
    await db('credentials').where({ account }).update({ proven_at: at });
    return;
  }
  const fresh = { account, password: null, proven_at: at, active_organization: null };
  await db('credentials').insert(fresh).onConflict('account').ignore();
}

/**
 * Whoever had set a password under an address that was never proven to be theirs loses it, and all that it opened.
 * @param by what joined or named the account, for whoever asks later why they were signed out.
 * @returns whether there was anybody: the account has signed in, and its address was not proven.
 */
export async function endUnproven(db: Database, account: AccountId, by: string, at: string): Promise<boolean> {
  const ended = await db('credentials').where({ account }).whereNull('proven_at').update({ password: null });
  if (ended === 0) return false;
  await endSessionsOf(db, account);
  await endTokensOf(db, account);
  await db('mailed_links').where({ account }).delete();
  await noteEvent(db, { kind: 'unproven_ended', account, organization: null, detail: by }, at);
  return true;
}

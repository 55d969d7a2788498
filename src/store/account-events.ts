// What was done to sign-in itself, by people, by commands and by connections: a sign-in, an Owner past the SSO that the
// organization requires, a password, a token, an address that a connection moved, a domain that it may speak for.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';

export type AccountEventKind =
  | 'signed_up'
  | 'signed_in'
  | 'password_set'
  | 'sessions_ended'
  | 'token_made'
  | 'token_ended'
  | 'tokens_switched'
  | 'sso_required'
  | 'sso_bypassed'
  | 'invited'
  | 'invitation_revoked'
  | 'invitation_link_reset'
  | 'conflict_linked'
  | 'conflict_discarded'
  | 'address_moved'
  | 'unproven_ended'
  | 'domain_verified'
  | 'domain_withdrawn'
  | 'domain_lost'
  | 'scim_token_made'
  | 'scim_token_ended'
  | 'connection_set'
  | 'organization_closed'
  | 'organization_reopened'
  | 'left'
  | 'account_deleted';

export interface AccountEvent {
  readonly kind: AccountEventKind;
  readonly account: AccountId | null;
  readonly organization: OrganizationId | null;
  /** For people; never a secret, never an address that the history may have to forget. */
  readonly detail: string;
}

export async function noteEvent(db: Database, event: AccountEvent, at: Instant): Promise<void> {
  await db('account_events').insert({ id: newId(), at, ...event });
}

/** The events of an organization, of an account, of both or of all; the newest first. */
export async function listEvents(
  db: Database,
  of: { readonly organization?: OrganizationId; readonly account?: AccountId },
  most: number,
): Promise<(AccountEvent & { readonly id: string; readonly at: Instant })[]> {
  return db('account_events')
    .where(of)
    .orderBy('id', 'desc')
    .limit(most)
    .select('id', 'at', 'kind', 'account', 'organization', 'detail');
}

/** Forgets sign-ins that are older, a bounded number at once; everything else is kept. */
export async function pruneSignIns(db: Database, before: Instant): Promise<void> {
  for (let gone = PRUNED_AT_ONCE; gone === PRUNED_AT_ONCE; ) {
    const rows: { id: string }[] = await db('account_events')
      .where({ kind: 'signed_in' })
      .where('at', '<', before)
      .limit(PRUNED_AT_ONCE)
      .select('id');
    const ids = rows.map(({ id }) => id);
    gone = await db('account_events').whereIn('id', ids).delete();
  }
}

const PRUNED_AT_ONCE = 500;

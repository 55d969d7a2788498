// What people did to sign-in itself: an Owner past the SSO that the organization requires, a password reset, a token.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';

export type AccountEventKind =
  | 'signed_up'
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

/** The organization's events, the newest first. */
export async function listEvents(
  db: Database,
  organization: OrganizationId,
  most: number,
): Promise<(AccountEvent & { readonly at: Instant })[]> {
  return db('account_events')
    .where({ organization })
    .orderBy('id', 'desc')
    .limit(most)
    .select('at', 'kind', 'account', 'organization', 'detail');
}

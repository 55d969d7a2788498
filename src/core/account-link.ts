// Whose account is it? The first time an external person is met, they are joined to an account by e-mail only if the
// connection may speak for that address (organizations.md section 5). Otherwise it is a link conflict, never a guess.
import type { Connection } from './connection.ts';
import type { Person } from './fact.ts';
import { emailDomain, isAddress } from './fact.ts';
import type { AccountId } from './ids.ts';

export type LinkConflict =
  | 'address_not_verified' // the connection may not speak for the address's domain
  | 'other_id' // another id of this connection was once linked to the account: a mail that came back is another person
  | 'address_shared' // two entries of the connection carry this address
  | 'address_taken' // a linked person's new address is another account's: both keep theirs
  | 'no_address'; // there is nothing to join by

export type LinkDecision =
  | { readonly kind: 'join'; readonly account: AccountId }
  | { readonly kind: 'create' }
  | { readonly kind: 'conflict'; readonly reason: LinkConflict; readonly account: AccountId | null }
  /** Nothing hangs on it yet: the person has no grant anywhere. */
  | { readonly kind: 'wait' };

export interface LinkQuestion {
  readonly connection: Connection;
  readonly person: Person;
  /** Domains verified for the organizations that the connection serves. */
  readonly verifiedDomains: ReadonlySet<string>;
  /** The account with the person's address, if there is one. */
  readonly holder: { readonly account: AccountId; readonly linkedIds: readonly string[] } | null;
  /** The person would be somebody somewhere: a mapping or a default role gives them something. */
  readonly granted: boolean;
  /** The account of the same person in a directory of the same organization, which answers for who they are. */
  readonly vouched?: { readonly account: AccountId; readonly linkedIds: readonly string[] } | null;
  /** Another person of the same reading, met before this one, carries the address. */
  readonly addressTaken: boolean;
}

/** Decides for a person who has no account yet. */
export function decideLink(question: LinkQuestion): LinkDecision {
  const { person, holder, granted } = question;
  const { email } = person.attributes;
  const wait: LinkDecision = { kind: 'wait' };
  const conflict = (reason: LinkConflict): LinkDecision =>
    granted ? { kind: 'conflict', reason, account: holder?.account ?? null } : wait;
  if (!person.present) return wait;
  // The directory knows them, under whatever address; the rest of the rules is for people who come by address alone.
  const { vouched = null } = question;
  if (vouched !== null && vouched.linkedIds.length === 0) return { kind: 'join', account: vouched.account };
  if (vouched !== null) return { kind: 'conflict', reason: 'other_id', account: vouched.account };
  if (email === null) return conflict('no_address');
  if (!maySpeakFor(question.connection, email, question.verifiedDomains)) return conflict('address_not_verified');
  if (question.addressTaken) return conflict('address_shared');
  if (holder === null) return granted ? { kind: 'create' } : wait;
  // An id that was ever linked stays linked: the same mail with a new id is another person.
  if (holder.linkedIds.length > 0) return conflict('other_id');
  return { kind: 'join', account: holder.account };
}

/**
 * Whether the connection may move an account from one address to another. What people sign in with is touched only by
 * whoever may speak for the old address too: else one organization could take over a member of another by renaming. An
 * organization's own connection that is only trusted moves nobody who belongs elsewhere: that needs verified domains.
 */
export function mayMove(
  connection: Connection,
  move: { readonly from: string; readonly to: string; readonly elsewhere: boolean },
  verifiedDomains: ReadonlySet<string>,
): boolean {
  const trusted = connection.organization === null || !move.elsewhere;
  const speaker: Connection = trusted ? connection : { ...connection, trustEmail: 'verified' };
  return maySpeakFor(speaker, move.from, verifiedDomains) && maySpeakFor(speaker, move.to, verifiedDomains);
}

/**
 * Whether the connection's word about this address is enough to join or create an account. Nobody speaks for what could
 * be mistaken for another's, or read as two.
 */
export function maySpeakFor(connection: Connection, email: string, verifiedDomains: ReadonlySet<string>): boolean {
  return isAddress(email) && (connection.trustEmail === 'any' || verifiedDomains.has(emailDomain(email)));
}

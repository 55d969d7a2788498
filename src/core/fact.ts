// Facts: what a connection says is so. They belong to that connection; no other reading changes them (law 3).
import type { ConnectionId, Instant } from './ids.ts';

/** One external person, as its connection last described them. */
export interface Person {
  readonly connection: ConnectionId;
  /** Stable in the connection: entryUUID, objectGUID, the SCIM id we issued, a persistent NameID. Never a DN, uid or mail. */
  readonly externalId: string;
  /** False once let go: deleted, or proven absent. */
  readonly present: boolean;
  /** When `present` took its value. */
  readonly presentSince: Instant;
  /** False when the connection reports the account disabled. */
  readonly active: boolean;
  /** When `active` took its value. */
  readonly activeSince: Instant;
  readonly attributes: PersonAttributes;
}

export interface PersonAttributes {
  /** As spelled by the source; compared by `emailKey`. */
  readonly email: string | null;
  readonly userName: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Where it stands now: an LDAP DN. Never an identity. */
  readonly locator: string | null;
}

/** One external group. */
export interface Group {
  readonly connection: ConnectionId;
  /** entryUUID, objectGUID, SCIM id; for SAML the value itself. */
  readonly externalId: string;
  /** Present name: an LDAP DN, a SCIM displayName, a SAML value. */
  readonly name: string;
  /** What `group:` mappings compare: `groupKey` of the name. */
  readonly nameKey: string;
  readonly present: boolean;
  readonly since: Instant;
}

/** A direct member of a group: an external person, or a group inside the group. Both of the same connection. */
export interface Link {
  readonly group: string;
  readonly member: MemberRef;
  /** When the connection first said so. */
  readonly since: Instant;
}

export interface MemberRef {
  readonly kind: 'person' | 'group';
  readonly externalId: string;
}

/** E-mail addresses compare case-insensitively everywhere, and by composed form (organizations.md section 4). */
export function emailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/** The longest address that mail can carry (RFC 5321, section 4.5.3.1.3). */
const LONGEST_ADDRESS = 254;

/**
 * Whether the text can be an account's address. Control, format and blank characters could make two addresses look
 * alike; a letter outside ASCII that folds into it (the Kelvin sign) could make two addresses be one.
 */
export function isAddress(text: string): boolean {
  return text.length <= LONGEST_ADDRESS && (PLAIN_ADDRESS.test(text) || isUnmistakable(text));
}

/** Nearly every address: a directory has a hundred thousand of them. */
const PLAIN_ADDRESS = /^[!-?A-~]+@[!-?A-~]+$/;

function isUnmistakable(text: string): boolean {
  return /^[^@]+@[^@]+$/.test(text) && !/[\p{C}\p{Z}]/u.test(text) && foldsPlainly(text);
}

/** Whether no letter outside ASCII folds into it, as the Kelvin sign does into "k": two names would be compared as one. */
export function foldsPlainly(text: string): boolean {
  return Array.from(text).every((letter) => letter <= '\u007f' || emailKey(letter) > '\u007f');
}

/** The domain of an address, in its compared form; '' where there is none. */
export function emailDomain(email: string): string {
  const key = emailKey(email);
  const at = key.lastIndexOf('@');
  return at < 0 ? '' : key.slice(at + 1);
}

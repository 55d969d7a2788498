// The few names of the generated worlds: few, so that sources meet in the same people, groups and places.
import type { ConnectionKind } from '../../src/core/connection.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../../src/core/ids.ts';

export const ORGANIZATIONS = ['north', 'south'] as [OrganizationId, OrganizationId];

/** Each external person may be said by every connection; ids are the same everywhere, so that nothing keeps them apart but the connection. */
export const PEOPLE = ['p0', 'p1', 'p2', 'p3'];
export const ACCOUNTS = ['a0', 'a1', 'a2', 'a3'] as AccountId[];
/** Owns an organization where the law leaves the Owner aside; no connection knows this account. */
export const BOSS = 'boss' as AccountId;

export const GROUPS = ['g0', 'g1', 'g2', 'g3'];
/** Two differ only in case: equal in a directory, different in SCIM and SAML. */
export const NAMES = ['Red', 'red', 'Blue', 'Green'];

export const KINDS: Readonly<Record<string, ConnectionKind>> = { push: 'scim', hr: 'scim', corp: 'ldap', sso: 'saml' };
export const CONNECTIONS = Object.keys(KINDS) as [ConnectionId, ConnectionId, ConnectionId, ConnectionId];

export function kindOf(connection: ConnectionId): ConnectionKind {
  return KINDS[connection] ?? 'scim';
}

export function nameIn(kind: ConnectionKind, name: string): string {
  return kind === 'ldap' ? `cn=${name},dc=corp,dc=example` : name;
}

/** As src/connection compares names: a directory's without regard to case, all others exactly. */
export function keyIn(kind: ConnectionKind, name: string): string {
  return kind === 'ldap' ? nameIn(kind, name).toLowerCase() : name;
}

export function addressOf(nth: number): string {
  return `p${nth}@one.example`;
}

// Which attributes are asked for: those that facts are read from, by name, and no other. Passwords and their hashes are
// in none of these lists, so they never leave the server.
import type { LdapSettings } from '../connection/ldap.ts';
import type { ServerKind } from './server-kinds.ts';

/** `groupsWithoutList`: whether there are groups whose members only the people's own entries name. */
export function personAttributes(settings: LdapSettings, kind: ServerKind, groupsWithoutList: boolean): string[] {
  const { attributes: own, disabled } = settings.users;
  const { person: usual } = kind;
  return distinct([
    own.id ?? kind.stableId,
    ...(own.email === null ? usual.email : [own.email]),
    ...(own.firstName === null ? usual.firstName : [own.firstName]),
    ...(own.lastName === null ? usual.lastName : [own.lastName]),
    ...(own.userName === null ? usual.userName : [own.userName]),
    // By which memberUid names people.
    'uid',
    ...kind.disabled.map(({ attribute }) => attribute),
    ...(disabled === null ? [] : [disabled.attribute]),
    ...(kind.primaryGroup ? ['primaryGroupID', 'objectSid'] : []),
    ...(groupsWithoutList ? ['memberOf'] : []),
  ]);
}

export function groupAttributes(kind: ServerKind): string[] {
  return distinct([
    kind.stableId,
    ...kind.members.map(({ attribute }) => attribute),
    'memberURL',
    ...(kind.primaryGroup ? ['objectSid'] : []),
  ]);
}

/** What is left to ask of a group once it is known which groups show no members. */
export function outerGroupAttributes(kind: ServerKind): string[] {
  return [kind.stableId, 'memberOf'];
}

function distinct(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

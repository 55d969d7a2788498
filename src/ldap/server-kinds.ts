// What kinds of directory differ in, as data: which attribute is the stable id, what they call disabled, where they keep
// memberships. Settings override the attributes; the kind itself can be set where recognition is not trusted.
import type { ServerKindId } from '../connection/ldap.ts';
import type { Entry } from './entry.ts';

export interface ServerKind {
  readonly id: ServerKindId;
  readonly title: string;
  /** One attribute, never a list to fall back on: another attribute would make another person of everybody. */
  readonly stableId: string;
  readonly person: {
    /** The first that an entry has. */
    readonly email: readonly string[];
    readonly firstName: readonly string[];
    readonly lastName: readonly string[];
    readonly userName: readonly string[];
  };
  readonly disabled: readonly DisabledRule[];
  /** Attributes of a group that hold its direct members, and by what they name them. */
  readonly members: readonly { readonly attribute: string; readonly names: 'dn' | 'uid' }[];
  /**
   * Whether memberOf names only the groups that somebody is in directly. Where it is `flattened`, groups that are reached
   * through groups stand in it too.
   */
  readonly memberOf: 'direct' | 'flattened';
  /** Active Directory's primary group is in nobody's member list: the person names it by number. */
  readonly primaryGroup: boolean;
  /** An entry with one of these attributes or object classes comes from such a server. */
  readonly signs: { readonly attributes: readonly string[]; readonly objectClasses: readonly string[] };
}

/** Any one that holds makes the person inactive. A lockout is in none of them: it ends by itself. */
export type DisabledRule =
  | { readonly kind: 'bit'; readonly attribute: string; readonly bit: number }
  | { readonly kind: 'values'; readonly attribute: string; readonly values: readonly string[] }
  /** Past this time: 100 ns since 1601, with 0 and 2^63-1 for never. */
  | { readonly kind: 'filetime'; readonly attribute: string }
  /** Past this generalized time. */
  | { readonly kind: 'time'; readonly attribute: string }
  /** Past this day: days since 1970, with -1 for never and 0 read by some as never. */
  | { readonly kind: 'days'; readonly attribute: string };

const INET_PERSON: ServerKind['person'] = {
  email: ['mail'],
  firstName: ['givenName'],
  lastName: ['sn'],
  userName: ['uid'],
};

const POSIX_AND_NAMES: ServerKind['members'] = [
  { attribute: 'member', names: 'dn' },
  { attribute: 'uniqueMember', names: 'dn' },
  { attribute: 'memberUid', names: 'uid' },
];

// slapo-ppolicy: this value locks an account until an administrator unlocks it; every other is when a lockout began.
const LOCKED_FOR_GOOD: DisabledRule = {
  kind: 'values',
  attribute: 'pwdAccountLockedTime',
  values: ['000001010000Z', '00000101000000Z'],
};
const LOCKED_BY_ADMINISTRATOR: DisabledRule = { kind: 'values', attribute: 'nsAccountLock', values: ['true'] };
const SHADOW_EXPIRED: DisabledRule = { kind: 'days', attribute: 'shadowExpire' };

/**
 * In the order of recognition. OpenLDAP's own stamp comes first, since its entries may carry attributes that were copied
 * from Active Directory; FreeIPA is a 389 server, so it comes before that.
 */
export const SERVER_KINDS: readonly ServerKind[] = [
  {
    id: 'openldap',
    title: 'OpenLDAP',
    stableId: 'entryUUID',
    person: INET_PERSON,
    disabled: [LOCKED_FOR_GOOD, SHADOW_EXPIRED],
    members: POSIX_AND_NAMES,
    memberOf: 'direct',
    primaryGroup: false,
    signs: { attributes: ['entryCSN'], objectClasses: ['olcGlobal'] },
  },
  {
    id: 'active-directory',
    title: 'Active Directory',
    stableId: 'objectGUID',
    person: { ...INET_PERSON, userName: ['sAMAccountName', 'userPrincipalName'] },
    disabled: [
      { kind: 'bit', attribute: 'userAccountControl', bit: 2 },
      { kind: 'filetime', attribute: 'accountExpires' },
    ],
    members: POSIX_AND_NAMES,
    memberOf: 'direct',
    primaryGroup: true,
    signs: { attributes: ['objectGUID', 'objectSid'], objectClasses: [] },
  },
  {
    id: 'freeipa',
    title: 'FreeIPA',
    stableId: 'ipaUniqueID',
    person: INET_PERSON,
    disabled: [LOCKED_BY_ADMINISTRATOR, { kind: 'time', attribute: 'krbPrincipalExpiration' }],
    members: POSIX_AND_NAMES,
    memberOf: 'flattened',
    primaryGroup: false,
    signs: { attributes: ['ipaUniqueID'], objectClasses: ['ipaObject', 'ipaUserGroup'] },
  },
  {
    id: '389ds',
    title: '389 Directory Server',
    stableId: 'nsUniqueId',
    person: INET_PERSON,
    disabled: [LOCKED_BY_ADMINISTRATOR, SHADOW_EXPIRED],
    members: POSIX_AND_NAMES,
    memberOf: 'flattened',
    primaryGroup: false,
    signs: { attributes: ['nsUniqueId', 'nsAccountLock'], objectClasses: ['nsPerson', 'nsAccount', 'nsMemberOf'] },
  },
];

/** A server that is none of these: the standard's id (RFC 4530), and whatever any of them calls disabled. */
export const GENERIC: ServerKind = {
  id: 'generic',
  title: 'LDAP directory',
  stableId: 'entryUUID',
  person: INET_PERSON,
  disabled: [LOCKED_FOR_GOOD, LOCKED_BY_ADMINISTRATOR, SHADOW_EXPIRED],
  members: POSIX_AND_NAMES,
  // Not known, so the cautious reading: then a nested member never passes for a direct one.
  memberOf: 'flattened',
  primaryGroup: false,
  signs: { attributes: [], objectClasses: [] },
};

export function serverKind(id: ServerKindId): ServerKind {
  return SERVER_KINDS.find((kind) => kind.id === id) ?? GENERIC;
}

/** The kind whose sign the entry bears, for files, which have no root DSE; null where it bears none. */
export function recognizeEntry(entry: Entry): ServerKind | null {
  return (
    SERVER_KINDS.find(
      ({ signs }) =>
        signs.attributes.some((type) => entry.has(type)) || signs.objectClasses.some((each) => entry.isA(each)),
    ) ?? null
  );
}

/** Of the kinds seen, the one that comes first in the order of recognition. */
export function firstKind(a: ServerKind | null, b: ServerKind | null): ServerKind | null {
  if (a === null || b === null) return a ?? b;
  return SERVER_KINDS.indexOf(a) <= SERVER_KINDS.indexOf(b) ? a : b;
}

// Filters that find the groups which somebody is in: by the lists that the kind of server keeps, and by Active Directory's
// primary group.
import type { Filter } from '../connection/filter.ts';
import { primaryGroupSid, sidBytes, sidText } from './binary-id.ts';
import type { Entry } from './entry.ts';
import type { ServerKind } from './server-kinds.ts';

/** Lists that hold one of these names. */
export function listing(kind: ServerKind, dns: readonly string[], uids: readonly string[]): Filter[] {
  return kind.members.flatMap(({ attribute: written, names }): Filter[] => {
    const attribute = written.toLowerCase();
    const equal = (name: string): Filter => ({ kind: 'equal', attribute, value: Buffer.from(name) });
    if (names === 'dn') return dns.map(equal);
    // The sync compares these names without case, the attribute's own rule does not.
    const folded = (name: string): Filter => ({
      kind: 'extensible',
      attribute,
      rule: 'caseignoreia5match',
      dnAttributes: false,
      value: Buffer.from(name),
    });
    return uids.flatMap((uid) => (kind.id === 'openldap' ? [equal(uid), folded(uid)] : [equal(uid)]));
  });
}

/** Groups that have any list. */
export function anyList({ members }: ServerKind): Filter {
  return {
    kind: 'or',
    filters: members.map(({ attribute }) => ({ kind: 'present', attribute: attribute.toLowerCase() })),
  };
}

/** By what memberUid may name the person. */
export function uidsOf(entry: Entry, userName: string | null): string[] {
  const names = [...entry.texts('uid'), userName].flatMap((name) => name?.trim() || []);
  return [...new Set(names.flatMap((name) => [name, name.toLowerCase()]))];
}

/** Active Directory's primary group, by its id. */
export function primaryGroup(entry: Entry, kind: ServerKind): Filter[] {
  const [binary] = kind.primaryGroup ? entry.octets('objectSid') : [];
  const [rid] = entry.octets('primaryGroupID');
  const own = binary === undefined ? null : sidText(binary);
  const sid = own === null || rid === undefined ? null : primaryGroupSid(own, rid);
  const value = sid === null ? null : sidBytes(sid);
  return value === null ? [] : [{ kind: 'equal', attribute: 'objectsid', value }];
}

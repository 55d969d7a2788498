// The question that a read asked, in compared form. A read that asked another question proves no absence (law 5).
import { attributeTypeKey } from '../connection/attribute-type.ts';
import { dnKey } from '../connection/dn.ts';
import { formatFilter, parseFilter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import type { ServerKind } from './server-kinds.ts';

/** The same for an exported file and for the server it came from, so that one may follow the other. */
export function directoryFingerprint(settings: LdapSettings, kind: ServerKind): string {
  const { users, groups, bindDn } = settings;
  return JSON.stringify({
    users: [dnKey(users.base), formatFilter(parseFilter(users.filter))],
    groups: [dnKey(groups.base), formatFilter(parseFilter(groups.filter))],
    bind: bindDn === null ? null : dnKey(bindDn),
    // Another id attribute makes everybody somebody else.
    id: attributeTypeKey(users.attributes.id ?? kind.stableId),
  });
}

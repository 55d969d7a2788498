// How a group's name is compared, by the kind of its connection (organizations.md section 4, "Names and ids").
import type { ConnectionKind } from '../core/connection.ts';
import { dnKey } from './dn.ts';

/**
 * The form of a group's name that is compared: for LDAP its DN by rule, for SCIM and SAML the exact text.
 * @throws RollcallError `dn_invalid` when an LDAP name is not a DN.
 */
export function groupKey(kind: ConnectionKind, name: string): string {
  return kind === 'ldap' ? dnKey(name) : name;
}

// What kind of server answers, by what it says of itself in its root entry (RFC 4512 section 5.1).
import type { Entry } from './entry.ts';
import { GENERIC, type ServerKind, serverKind } from './server-kinds.ts';

export const ROOT_ATTRIBUTES = ['objectClass', 'vendorName', 'supportedCapabilities', 'supportedExtension'];

/** Active Directory of every edition, and Samba. */
const ACTIVE_DIRECTORY = ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1851'];
/** FreeIPA's own operations on a 389 server, all below one number. */
const FREEIPA = '2.16.840.1.113730.3.8.10.';

/** Null: the server does not let its root be read. */
export function recognizeServer(root: Entry | null): ServerKind {
  if (root === null) return GENERIC;
  const values = (attribute: string) => root.texts(attribute).map((value) => value ?? '');
  if (root.isA('OpenLDAProotDSE')) return serverKind('openldap');
  if (values('supportedCapabilities').some((each) => ACTIVE_DIRECTORY.includes(each))) {
    return serverKind('active-directory');
  }
  if (values('supportedExtension').some((each) => each.startsWith(FREEIPA))) return serverKind('freeipa');
  if (values('vendorName').some((each) => /389 project|red hat|fedora/i.test(each))) return serverKind('389ds');
  return GENERIC;
}

// Active Directory's binary identifiers in the text that its own tools show, so that a mapping can name one.
import type { Octets } from './entry.ts';

// The first three fields are stored with their lowest byte first, the other two as they are read.
const GUID_ORDER = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15] as const;

/** An objectGUID as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; null unless it has 16 bytes. */
export function guidText(octets: Octets): string | null {
  if (octets.length !== 16) return null;
  return GUID_ORDER.map((at) => (at < 0 ? '-' : octets.charCodeAt(at).toString(16).padStart(2, '0'))).join('');
}

/** The 16 bytes behind such a text; null where it is none. */
export function guidBytes(text: string): Buffer | null {
  const hex = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex)) return null;
  const shown = Buffer.from(hex, 'hex');
  const bytes = Buffer.alloc(16);
  for (const [at, from] of GUID_ORDER.filter((each) => each >= 0).entries()) bytes[from] = shown[at] ?? 0;
  return bytes;
}

/** An objectSid as `S-1-5-21-…`; null where the bytes are no SID. */
export function sidText(octets: Octets): string | null {
  const bytes = Buffer.from(octets, 'latin1');
  const [revision, count = 0] = bytes;
  if (revision !== 1 || bytes.length !== 8 + 4 * count) return null;
  const parts = Array.from({ length: count }, (_, at) => bytes.readUInt32LE(8 + 4 * at));
  return ['S-1', bytes.readUIntBE(2, 6), ...parts].join('-');
}

/** The bytes behind an `S-1-5-21-…`; null where the text is no SID. */
export function sidBytes(text: string): Buffer | null {
  const parts = /^S-1(?:-\d{1,15}){1,16}$/.test(text) ? text.split('-').slice(2).map(Number) : null;
  if (parts === null || parts.slice(1).some((part) => part > 0xffff_ffff)) return null;
  const [authority = 0, ...rest] = parts;
  const bytes = Buffer.alloc(8 + 4 * rest.length);
  bytes.set([1, rest.length]);
  bytes.writeUIntBE(authority, 2, 6);
  for (const [at, part] of rest.entries()) bytes.writeUInt32LE(part, 8 + 4 * at);
  return bytes;
}

/** The SID of the domain's group with this relative id: how a person's primary group is named. */
export function primaryGroupSid(personSid: string, rid: string): string | null {
  const cut = personSid.lastIndexOf('-');
  return cut > 0 && /^\d+$/.test(rid) ? `${personSid.slice(0, cut)}-${Number(rid)}` : null;
}

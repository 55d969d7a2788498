// The id by which a person or group stays the same when moved, renamed, or given a new mail. Never the DN, uid or mail.
import { guidBytes, guidText, sidBytes, sidText } from './binary-id.ts';
import type { Filter } from '../connection/filter.ts';
import { type Entry, octetsText } from './entry.ts';

export type StableId =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly reason: string };

const GUIDS: ReadonlySet<string> = new Set(['objectguid', 'ms-ds-consistencyguid', 'msexchmailboxguid']);
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readStableId(entry: Entry, attribute: string): StableId {
  const values = entry.octets(attribute);
  const [value] = values;
  if (value === undefined || value === '') return { kind: 'none' };
  // Of two values nobody says which is the one that stays.
  if (values.length > 1)
    return { kind: 'unusable', reason: `"${attribute}" has ${values.length} values, an id has one` };
  const type = attribute.toLowerCase();
  if (GUIDS.has(type)) {
    const guid = guidText(value) ?? (UUID.test(value) ? value.toLowerCase() : null);
    return guid === null ? unusable(attribute, 'is not a GUID of 16 bytes') : { kind: 'id', id: guid };
  }
  if (type === 'objectsid') {
    const sid = sidText(value);
    return sid === null ? unusable(attribute, 'is not a SID') : { kind: 'id', id: sid };
  }
  const text = octetsText(value)?.trim();
  if (text === undefined) return unusable(attribute, 'is not text, and how to read it is not known');
  if (text === '') return { kind: 'none' };
  // Exports spell a UUID in either case.
  return { kind: 'id', id: UUID.test(text) ? text.toLowerCase() : text };
}

/** The filter that finds the entry with this id again. */
export function stableIdFilter(attribute: string, id: string): Filter {
  const type = attribute.toLowerCase();
  const binary = GUIDS.has(type) ? guidBytes(id) : type === 'objectsid' ? sidBytes(id) : null;
  if (binary !== null) return { kind: 'equal', attribute, value: binary };
  const value = Buffer.from(id);
  if (!UUID.test(id)) return { kind: 'equal', attribute, value };
  // An attribute that tells cases apart may hold it in the other one.
  const upper = Buffer.from(id.toUpperCase());
  return {
    kind: 'or',
    filters: [
      { kind: 'equal', attribute, value },
      { kind: 'equal', attribute, value: upper },
    ],
  };
}

function unusable(attribute: string, what: string): StableId {
  return { kind: 'unusable', reason: `"${attribute}" ${what}` };
}

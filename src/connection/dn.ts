// How distinguished names are compared: one text per name (RFC 4514 for the syntax, RFC 4518 for the values). A DN says
// where an entry stands and what a group is called. It is never who somebody is: people move, names are used again.
import { RollcallError } from '../errors.ts';
import { type AttributeValue, parseDn } from './dn-syntax.ts';
import { textKey } from './text-key.ts';

// What servers send nearly always. A run compares half a million names, and this is ten times as fast as parsing.
const PLAIN =
  /^(?:(?:cn|ou|dc|uid|o|l|st|c|sn|mail)=(?!#)[!#-*\-./0-9:=?@A-Z[\]^_`a-z{|}~]+(?: [!#-*\-./0-9:=?@A-Z[\]^_`a-z{|}~]+)*(?:,(?=.)|$))+$/i;

/**
 * The compared form of a DN; it is a DN itself, and the key of a key is the key.
 * @throws RollcallError `dn_invalid`
 */
export function dnKey(dn: string): string {
  if (PLAIN.test(dn)) return dn.toLowerCase();
  return parseDn(dn).map(rdnKey).join(',');
}

/** Null where the text is not a DN: for values that a directory sent, which are reported and not fatal. */
export function tryDnKey(dn: string): string | null {
  try {
    return dnKey(dn);
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'dn_invalid') return null;
    throw error;
  }
}

/** The key of the entry above; null for the root. Takes a key, not a DN as written. */
export function parentKey(key: string): string | null {
  if (key === '') return null;
  for (let at = key.indexOf(','); at >= 0; at = key.indexOf(',', at + 1)) {
    if (!isEscaped(key, at)) return key.slice(at + 1);
  }
  return '';
}

/** Whether the entry is the base or stands below it. Takes keys. */
export function isAtOrUnder(key: string, baseKey: string): boolean {
  if (baseKey === '' || key === baseKey) return true;
  const comma = key.length - baseKey.length - 1;
  return comma > 0 && key[comma] === ',' && key.endsWith(baseKey) && !isEscaped(key, comma);
}

/** A key and all keys above it, nearest first, without the root. */
export function ancestry(key: string): string[] {
  const keys: string[] = [];
  for (let each: string | null = key; each !== null && each !== ''; each = parentKey(each)) keys.push(each);
  return keys;
}

function isEscaped(key: string, at: number): boolean {
  let backslashes = 0;
  while (key[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function rdnKey(rdn: readonly AttributeValue[]): string {
  const [first] = rdn;
  if (rdn.length === 1 && first !== undefined) return valueKey(first);
  return rdn.map(valueKey).sort().join('+');
}

function valueKey({ type, value }: AttributeValue): string {
  return `${type}=${typeof value === 'string' ? escapeValue(textKey(value)) : `#${value.toString('hex')}`}`;
}

// Control characters are written in hex because not every database takes them in a key.
function escapeValue(value: string): string {
  if (value === ' ') return '\\20';
  return value
    .replace(/[\\",+;<>]|^#/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => Buffer.from(control).toString('hex').replace(/../g, '\\$&'));
}

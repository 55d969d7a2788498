// Reads a distinguished name: RFC 4514, and the LDAPv2 forms (`;` between names, "quoted" values, `OID.` before a
// number) that RFC 4514 section 3 leaves to the reader's kindness and that old groups still hold.
import { RollcallError } from '../errors.ts';
import { attributeTypeKey } from './attribute-type.ts';

/** One `type=value`; the value is text, or bytes where it is no text. */
export interface AttributeValue {
  readonly type: string;
  readonly value: string | Buffer;
}

const TYPE = /\s*(?:OID\.)?([A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)\s*=\s*/iy;
const HEX_VALUE = /#((?:[0-9A-Fa-f]{2})+)\s*/y;
const HEX_PAIRS = /(?:\\[0-9A-Fa-f]{2})+/y;
const PLAIN_RUN = /[^\\"+,;\0]+/y;
const ESCAPABLE = ' "#+,;<=>\\';

/** @throws RollcallError `dn_invalid` */
export function parseDn(dn: string): AttributeValue[][] {
  const names: AttributeValue[][] = [];
  if (dn.trim() === '') return names;
  let rdn: AttributeValue[] = [];
  for (let at = 0; ; ) {
    TYPE.lastIndex = at;
    const type = TYPE.exec(dn);
    if (type === null) throw invalid(dn, at, 'expected an attribute and "=", as in "cn=name"');
    const { value, end } = readValue(dn, TYPE.lastIndex);
    rdn.push({ type: attributeTypeKey(type[1] ?? ''), value });
    const separator = dn[end];
    if (separator !== '+') {
      names.push(rdn);
      rdn = [];
    }
    if (separator === undefined) return names;
    at = end + 1;
  }
}

interface Read {
  readonly value: string | Buffer;
  /** Where the separator stands, or the end. */
  readonly end: number;
}

function readValue(dn: string, from: number): Read {
  if (dn[from] === '#') return readHexValue(dn, from);
  if (dn[from] === '"') return readQuoted(dn, from);
  const pieces: (string | Buffer)[] = [];
  let at = from;
  while (at < dn.length && !',;+'.includes(dn.charAt(at))) {
    if (dn[at] === '\\') {
      const escape = readEscape(dn, at);
      pieces.push(escape.value);
      at = escape.end;
    } else {
      PLAIN_RUN.lastIndex = at;
      const run = PLAIN_RUN.exec(dn);
      if (run === null) throw invalid(dn, at, `write ${dn[at] === '"' ? '\\" for a quote' : '\\00 for a zero byte'}`);
      pieces.push(run[0]);
      at = PLAIN_RUN.lastIndex;
    }
  }
  return { value: join(pieces), end: at };
}

function readQuoted(dn: string, from: number): Read {
  const pieces: (string | Buffer)[] = [];
  let at = from + 1;
  while (dn[at] !== '"') {
    if (at >= dn.length) throw invalid(dn, from, 'this quote is never closed');
    if (dn[at] === '\\') {
      const escape = readEscape(dn, at);
      pieces.push(escape.value);
      at = escape.end;
    } else {
      pieces.push(dn.charAt(at));
      at += 1;
    }
  }
  at += 1;
  while (dn[at] === ' ') at += 1;
  if (at < dn.length && !',;+'.includes(dn.charAt(at))) throw invalid(dn, at, 'expected "," after the closing quote');
  return { value: join(pieces), end: at };
}

function readEscape(dn: string, at: number): { readonly value: string | Buffer; readonly end: number } {
  HEX_PAIRS.lastIndex = at;
  const pairs = HEX_PAIRS.exec(dn);
  if (pairs !== null) {
    return { value: Buffer.from(pairs[0].replaceAll('\\', ''), 'hex'), end: HEX_PAIRS.lastIndex };
  }
  const next = dn[at + 1];
  if (next === undefined || !ESCAPABLE.includes(next)) {
    throw invalid(
      dn,
      at,
      'after "\\" comes one of , + " \\ < > ; = # or blank, or two hex digits; write "\\\\" for "\\"',
    );
  }
  return { value: next, end: at + 2 };
}

// `#04024869`: a BER value. Text in it is the same name as the text written out (RFC 4514 section 2.4).
function readHexValue(dn: string, from: number): Read {
  HEX_VALUE.lastIndex = from;
  const hex = HEX_VALUE.exec(dn);
  const end = HEX_VALUE.lastIndex;
  if (hex === null || (end < dn.length && !',;+'.includes(dn.charAt(end)))) {
    throw invalid(dn, from, 'after "#" come pairs of hex digits; write "\\#" for a value that begins with "#"');
  }
  const bytes = Buffer.from(hex[1] ?? '', 'hex');
  return { value: berText(bytes) ?? bytes, end };
}

// UTF8String, PrintableString, IA5String, and OCTET STRING, which RFC 4514's own example uses for text.
const BER_TEXTS: readonly number[] = [0x0c, 0x13, 0x16, 0x04];

function berText(ber: Buffer): string | null {
  const [tag, short] = ber;
  if (tag === undefined || short === undefined) return null;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  if (lengthBytes > 4 || ber.length < 2 + lengthBytes) return null;
  const length = lengthBytes === 0 ? short : ber.readUIntBE(2, lengthBytes);
  const content = ber.subarray(2 + lengthBytes);
  if (content.length !== length) return null;
  return BER_TEXTS.includes(tag) ? utf8(content) : null;
}

function join(pieces: readonly (string | Buffer)[]): string | Buffer {
  const texts: string[] = [];
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : utf8(piece);
    if (text === null)
      return Buffer.concat(pieces.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)));
    texts.push(text);
  }
  return texts.join('');
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function invalid(dn: string, at: number, advice: string): RollcallError {
  return new RollcallError('dn_invalid', `"${dn}" is not a distinguished name: at character ${at + 1}, ${advice}`);
}

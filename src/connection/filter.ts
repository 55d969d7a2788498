// Search filters as people write them (RFC 4515), read into a tree. What does not parse is refused with its position:
// a filter that a server quietly reads otherwise selects the wrong people, and the others would count as gone.
import { RollcallError } from '../errors.ts';
import { attributeTypeKey } from './attribute-type.ts';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'equal' | 'at-least' | 'at-most' | 'approximate';
      readonly attribute: string;
      readonly value: Buffer;
    }
  | {
      readonly kind: 'substrings';
      readonly attribute: string;
      readonly initial: Buffer | null;
      readonly any: readonly Buffer[];
      readonly final: Buffer | null;
    }
  | {
      readonly kind: 'extensible';
      readonly attribute: string | null;
      readonly rule: string | null;
      readonly dnAttributes: boolean;
      readonly value: Buffer;
    };

/** Each level is a call; nobody writes a filter a tenth as deep, and a generated one must not exhaust the stack. */
export const MAX_FILTER_DEPTH = 100;

/** @throws RollcallError `filter_invalid` */
export function parseFilter(text: string): Filter {
  const cursor: Cursor = { text, at: 0 };
  skipBlanks(cursor);
  const filter = readFilter(cursor, 1);
  skipBlanks(cursor);
  if (cursor.at < text.length) {
    const advice =
      text[cursor.at] === ')' ? 'this ")" closes nothing' : 'text follows the end; join filters as "(&(…)(…))"';
    throw invalid(cursor, advice);
  }
  return filter;
}

/** The filter in its one spelling: lower-case attributes, escapes only where they must be, non-ASCII in hex. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return `(&${filter.filters.map(formatFilter).join('')})`;
    case 'or':
      return `(|${filter.filters.map(formatFilter).join('')})`;
    case 'not':
      return `(!${formatFilter(filter.filter)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings': {
      const parts = [filter.initial, ...filter.any, filter.final].map((part) =>
        part === null ? '' : escapeBytes(part),
      );
      return `(${filter.attribute}=${parts.join('*')})`;
    }
    case 'extensible': {
      const { attribute, rule, dnAttributes } = filter;
      return `(${attribute ?? ''}${dnAttributes ? ':dn' : ''}${rule === null ? '' : `:${rule}`}:=${escapeBytes(filter.value)})`;
    }
    default:
      return `(${filter.attribute}${OPERATORS[filter.kind]}${escapeBytes(filter.value)})`;
  }
}

/** Every attribute that the filter asks about. */
export function filterAttributes(filter: Filter): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(filterAttributes);
    case 'not':
      return filterAttributes(filter.filter);
    default:
      return filter.attribute === null ? [] : [filter.attribute];
  }
}

const OPERATORS = { equal: '=', 'at-least': '>=', 'at-most': '<=', approximate: '~=' } as const;

interface Cursor {
  readonly text: string;
  at: number;
}

function readFilter(cursor: Cursor, depth: number): Filter {
  const opening = cursor.at;
  if (cursor.text[cursor.at] !== '(') {
    throw invalid(
      cursor,
      cursor.at >= cursor.text.length ? 'a filter is missing, as "(attribute=value)"' : 'a filter begins with "("',
    );
  }
  if (depth > MAX_FILTER_DEPTH) throw invalid(cursor, `filters are nested more than ${MAX_FILTER_DEPTH} deep`);
  cursor.at += 1;
  skipBlanks(cursor);
  const filter = readInside(cursor, depth);
  if (cursor.text[cursor.at] !== ')') {
    throw invalid({ text: cursor.text, at: opening }, 'this "(" is never closed: add ")"');
  }
  cursor.at += 1;
  return filter;
}

function readInside(cursor: Cursor, depth: number): Filter {
  const operator = cursor.text[cursor.at];
  if (operator === '&' || operator === '|') {
    cursor.at += 1;
    const filters: Filter[] = [];
    for (skipBlanks(cursor); cursor.text[cursor.at] === '('; skipBlanks(cursor))
      filters.push(readFilter(cursor, depth + 1));
    if (cursor.at < cursor.text.length && cursor.text[cursor.at] !== ')') {
      throw invalid(cursor, `after "${operator}" come filters in parentheses, as "(${operator}(a=1)(b=2))"`);
    }
    return { kind: operator === '&' ? 'and' : 'or', filters };
  }
  if (operator === '!') {
    cursor.at += 1;
    skipBlanks(cursor);
    const filter = readFilter(cursor, depth + 1);
    skipBlanks(cursor);
    if (cursor.text[cursor.at] === '(') throw invalid(cursor, '"!" takes one filter: write "(!(|(…)(…)))" for several');
    return { kind: 'not', filter };
  }
  return readItem(cursor);
}

// `[^=…]` up to the operator; `:dn` and a rule only before `:=`.
const ITEM = /([A-Za-z0-9._;-]*)((?::[A-Za-z0-9._-]+)*)\s*(:=|~=|>=|<=|=)/y;
const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*$/;

function readItem(cursor: Cursor): Filter {
  const start = cursor.at;
  ITEM.lastIndex = start;
  const item = ITEM.exec(cursor.text);
  if (item === null) {
    const empty = cursor.at >= cursor.text.length || cursor.text[cursor.at] === ')';
    throw invalid(cursor, empty ? 'the parentheses are empty' : 'expected an attribute and one of = >= <= ~= :=');
  }
  const [, written = '', colons = '', operator = ''] = item;
  cursor.at = ITEM.lastIndex;
  if (operator === ':=') return readExtensible(cursor, start, written, colons);
  if (colons !== '') throw invalid({ text: cursor.text, at: start }, 'a matching rule is followed by ":="');
  const attribute = attributeName(cursor, start, written);
  const parts = readValue(cursor, operator === '=');
  const [first = Buffer.alloc(0)] = parts;
  switch (operator) {
    case '>=':
      return { kind: 'at-least', attribute, value: first };
    case '<=':
      return { kind: 'at-most', attribute, value: first };
    case '~=':
      return { kind: 'approximate', attribute, value: first };
    default:
      return parts.length === 1 ? { kind: 'equal', attribute, value: first } : substrings(cursor, attribute, parts);
  }
}

function readExtensible(cursor: Cursor, start: number, written: string, colons: string): Filter {
  const words = colons.split(':').slice(1);
  const dnAttributes = words[0]?.toLowerCase() === 'dn';
  if (dnAttributes) words.shift();
  const at = { text: cursor.text, at: start };
  if (words.length > 1) throw invalid(at, 'one matching rule only, as "attribute:rule:=value"');
  const rule = words[0]?.toLowerCase() ?? null;
  if (written === '' && rule === null) throw invalid(at, 'an attribute or a matching rule stands before ":="');
  const attribute = written === '' ? null : attributeName(cursor, start, written);
  const [value = Buffer.alloc(0)] = readValue(cursor, false);
  return { kind: 'extensible', attribute, rule, dnAttributes, value };
}

function attributeName(cursor: Cursor, at: number, written: string): string {
  if (!ATTRIBUTE.test(written)) {
    const advice =
      written === '' ? 'an attribute is missing before the operator' : `"${written}" is not an attribute's name`;
    throw invalid({ text: cursor.text, at }, advice);
  }
  const [type = '', ...options] = written.toLowerCase().split(';');
  return [attributeTypeKey(type), ...options.sort()].join(';');
}

function substrings(cursor: Cursor, attribute: string, parts: readonly Buffer[]): Filter {
  const any = parts.slice(1, -1);
  if (any.some((part) => part.length === 0)) throw invalid(cursor, 'two "*" stand side by side: one is enough');
  const [initial] = parts;
  const final = parts.at(-1);
  if (parts.length === 2 && initial?.length === 0 && final?.length === 0) return { kind: 'present', attribute };
  return {
    kind: 'substrings',
    attribute,
    initial: initial?.length ? initial : null,
    any,
    final: final?.length ? final : null,
  };
}

/** The value up to its ")", cut at every "*" that is not escaped. */
function readValue(cursor: Cursor, stars: boolean): Buffer[] {
  const parts: Buffer[] = [];
  let pieces: Buffer[] = [];
  const { text } = cursor;
  for (let from = cursor.at; ; ) {
    const character = text[cursor.at];
    const special = character === undefined || '()*\\\0'.includes(character);
    if (!special) {
      cursor.at += 1;
      continue;
    }
    if (cursor.at > from) pieces.push(Buffer.from(text.slice(from, cursor.at)));
    if (character === undefined || character === ')') return [...parts, Buffer.concat(pieces)];
    if (character === '*' && stars) {
      parts.push(Buffer.concat(pieces));
      pieces = [];
      cursor.at += 1;
    } else if (character === '\\') {
      const hex = text.slice(cursor.at + 1, cursor.at + 3);
      if (!/^[0-9a-f]{2}$/i.test(hex))
        throw invalid(cursor, 'after "\\" come two hex digits; write "\\5c" for "\\" itself');
      pieces.push(Buffer.from(hex, 'hex'));
      cursor.at += 3;
    } else {
      throw invalid(
        cursor,
        `write "\\${character.charCodeAt(0).toString(16).padStart(2, '0')}" for "${character}" inside a value`,
      );
    }
    from = cursor.at;
  }
}

function skipBlanks(cursor: Cursor): void {
  while (/\s/.test(cursor.text.charAt(cursor.at))) cursor.at += 1;
}

function escapeBytes(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\x20-\x7e]|[()*\\]/g, (byte) => `\\${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Enough to recognize a filter by; a generated one of thousands of characters would bury the advice. */
const SHOWN = 200;

function invalid({ text, at }: Cursor, advice: string): RollcallError {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return new RollcallError('filter_invalid', `the filter "${shown}" cannot be read at character ${at + 1}: ${advice}`);
}

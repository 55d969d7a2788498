// Filters (RFC 7644 section 3.4.2.2) read into a tree whose attributes are known. What does not parse, names no
// attribute, or asks what the attribute's type cannot answer is 400 invalidFilter, with the character where it stands.
import type { Attribute } from './attribute.ts';
import type { AttributePath } from './attribute-path.ts';
import { attributeNamed, resolveAttribute } from './attribute-path.ts';
import { checkedValue } from './filter-value.ts';
import type { Comparator, FilterValue } from './filter-value.ts';
import { COMPARATORS } from './filter-value.ts';
import type { ResourceType } from './resource-type.ts';
import { refuse, shown } from './scim-error.ts';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly path: AttributePath }
  | {
      readonly kind: 'compare';
      readonly path: AttributePath;
      readonly operator: Comparator;
      readonly value: FilterValue;
    }
  /** One element of the attribute meets the whole filter, whose paths are sub-attributes of it. */
  | { readonly kind: 'element'; readonly path: AttributePath; readonly filter: Filter };

export const MAX_FILTER_LENGTH = 10_000;
/** Each level is a call, and a nested query of the store; nobody writes a filter a tenth as deep. */
export const MAX_FILTER_DEPTH = 50;
export const MAX_FILTER_TERMS = 100;

type Resolve = (name: string) => AttributePath | null;

/** @throws ScimError `invalidFilter` */
export function parseFilter(type: ResourceType, text: string): Filter {
  if (text.length > MAX_FILTER_LENGTH) {
    throw refuse('invalidFilter', `the filter has more than ${MAX_FILTER_LENGTH} characters: ask in several requests`);
  }
  const reader = new FilterReader(text, 0);
  const filter = reader.read((name) => resolveAttribute(type, name), `a ${type.name}`);
  reader.expectEnd();
  return filter;
}

/** Reads the filter of a value path from after its "[" up to and with the "]"; gives the position behind it. */
export function parseElementFilter(path: AttributePath, text: string, at: number): { filter: Filter; end: number } {
  const reader = new FilterReader(text, at);
  const filter = reader.readElement(path);
  return { filter, end: reader.position };
}

const NAME = /[A-Za-z$][A-Za-z0-9$:._-]*/y;
const WORD = /[A-Za-z]+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;

class FilterReader {
  readonly #text: string;
  #at: number;
  #terms = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  read(resolve: Resolve, owner: string, depth = 1): Filter {
    if (depth > MAX_FILTER_DEPTH) throw this.#invalid(`parentheses are nested more than ${MAX_FILTER_DEPTH} deep`);
    const alternatives = [this.#readAnd(resolve, owner, depth)];
    while (this.#takeWord('or')) alternatives.push(this.#readAnd(resolve, owner, depth));
    const [only] = alternatives;
    return alternatives.length === 1 && only !== undefined ? only : { kind: 'or', filters: alternatives };
  }

  readElement(path: AttributePath, depth = 1): Filter {
    const { attribute, extension } = path;
    if (attribute.subAttributes === undefined || path.sub !== null) {
      throw this.#invalid(`${attribute.name} has no sub-attributes to filter by`);
    }
    const resolve: Resolve = (name) => {
      const sub = attributeNamed(attribute.subAttributes ?? [], name);
      return sub === null ? null : { extension, attribute, sub };
    };
    const filter = this.read(resolve, attribute.name, depth + 1);
    this.#skipBlanks();
    if (this.#text[this.#at] !== ']') throw this.#invalid('expected "]" here, closing the value path');
    this.#at += 1;
    return filter;
  }

  expectEnd(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#invalid('expected "and", "or" or the end here');
  }

  #readAnd(resolve: Resolve, owner: string, depth: number): Filter {
    const filters = [this.#readTerm(resolve, owner, depth)];
    while (this.#takeWord('and')) filters.push(this.#readTerm(resolve, owner, depth));
    const [only] = filters;
    return filters.length === 1 && only !== undefined ? only : { kind: 'and', filters };
  }

  #readTerm(resolve: Resolve, owner: string, depth: number): Filter {
    this.#skipBlanks();
    if (this.#text[this.#at] === '(') return this.#readParentheses(resolve, owner, depth);
    const start = this.#at;
    if (this.#takeWord('not')) {
      this.#skipBlanks();
      if (this.#text[this.#at] === '(') {
        return { kind: 'not', filter: this.#readParentheses(resolve, owner, depth) };
      }
      throw this.#invalid('"not" is followed by a filter in parentheses');
    }
    this.#at = start;
    this.#terms += 1;
    if (this.#terms > MAX_FILTER_TERMS) throw this.#invalid(`there are more than ${MAX_FILTER_TERMS} comparisons`);
    const name = this.#match(NAME);
    if (name === null) {
      throw this.#invalid(start < this.#text.length ? 'expected an attribute here' : 'the filter ends too early');
    }
    const path = resolve(name);
    if (path === null) throw this.#invalid(`${owner} has no attribute "${shown(name)}"`, start);
    if (this.#text[this.#at] === '[') return this.#readValuePath(path, depth);
    return this.#readComparison(path);
  }

  #readParentheses(resolve: Resolve, owner: string, depth: number): Filter {
    const opening = this.#at;
    this.#at += 1;
    const filter = this.read(resolve, owner, depth + 1);
    this.#skipBlanks();
    if (this.#text[this.#at] !== ')') throw this.#invalid('this "(" is never closed', opening);
    this.#at += 1;
    return filter;
  }

  /** `emails[type eq "work"]`, and `emails[type eq "work"].value eq "…"`, as Entra matches by address. */
  #readValuePath(path: AttributePath, depth: number): Filter {
    this.#at += 1;
    const filter = this.readElement(path, depth);
    if (this.#text[this.#at] !== '.') return { kind: 'element', path, filter };
    this.#at += 1;
    const name = this.#match(NAME) ?? '';
    const sub = attributeNamed(path.attribute.subAttributes ?? [], name);
    if (sub === null) throw this.#invalid(`${path.attribute.name} has no sub-attribute "${shown(name)}"`);
    return {
      kind: 'element',
      path,
      filter: { kind: 'and', filters: [filter, this.#readComparison({ ...path, sub })] },
    };
  }

  #readComparison(path: AttributePath): Filter {
    this.#skipBlanks();
    const start = this.#at;
    const operator = this.#match(WORD)?.toLowerCase() ?? '';
    if (operator === 'pr') return { kind: 'present', path };
    const comparator = COMPARATORS.find((one) => one === operator);
    if (comparator === undefined) {
      throw this.#invalid(`expected one of ${COMPARATORS.join(' ')} pr after "${path.attribute.name}"`, start);
    }
    const compared = this.#comparable(path, start);
    this.#skipBlanks();
    const at = this.#at;
    const value = this.#readValue();
    if (value === null) {
      if (comparator !== 'eq' && comparator !== 'ne')
        throw this.#invalid(`null can only be asked for by eq and ne`, at);
      const present: Filter = { kind: 'present', path };
      return comparator === 'ne' ? present : { kind: 'not', filter: present };
    }
    const checked = checkedValue(leafOf(compared), comparator, value);
    if ('problem' in checked) throw this.#invalid(checked.problem, at);
    return { kind: 'compare', path: compared, operator: comparator, value: checked.value };
  }

  /** What is compared when a complex attribute is named: its `value` (RFC 7643 section 2.4). */
  #comparable(path: AttributePath, at: number): AttributePath {
    if (path.attribute.type !== 'complex' || path.sub !== null) return path;
    const sub = attributeNamed(path.attribute.subAttributes ?? [], 'value');
    if (sub !== null) return { ...path, sub };
    throw this.#invalid(`"${path.attribute.name}" has parts: name one, as "${path.attribute.name}.…"`, at);
  }

  #readValue(): FilterValue | null {
    const start = this.#at;
    const quoted = this.#match(STRING);
    if (quoted !== null) {
      const text = jsonText(quoted);
      if (text === null) throw this.#invalid('the text in quotes is no JSON string: check its escapes', start);
      if (text.includes('\0')) throw this.#invalid('the text in quotes holds a NUL, which no value does', start);
      return text;
    }
    const number = this.#match(NUMBER);
    if (number !== null) return Number(number);
    const word = this.#match(WORD)?.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    throw this.#invalid('expected a value here: "text" in double quotes, a number, true, false or null', start);
  }

  #takeWord(word: string): boolean {
    this.#skipBlanks();
    const start = this.#at;
    if (this.#match(WORD)?.toLowerCase() === word && /[\s(]|^$/.test(this.#text.charAt(this.#at))) return true;
    this.#at = start;
    return false;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #invalid(problem: string, at = this.#at): ReturnType<typeof refuse> {
    const near = shown(this.#text.slice(at, at + 40));
    return refuse('invalidFilter', `the filter can't be read at character ${at + 1} ("${near}"): ${problem}`);
  }
}

function jsonText(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

/** The attribute whose value is compared. */
export function leafOf({ attribute, sub }: AttributePath): Attribute {
  return sub ?? attribute;
}

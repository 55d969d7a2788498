// One directory entry as a server or a file gave it: values stay bytes until somebody says how to read them, so that
// an objectGUID which happens to be valid UTF-8 is not mangled into text.
import { attributeTypeKey } from '../connection/attribute-type.ts';

/**
 * Bytes kept as a string, one character a byte (Latin-1): for a group with a million members this takes half the
 * memory of as many Buffers, and plain ASCII is its own text.
 */
export type Octets = string;

interface Attribute {
  readonly options: readonly string[];
  readonly values: Octets[];
}

interface Description {
  readonly type: string;
  readonly options: readonly string[];
}

export class Entry {
  readonly dn: string;
  readonly #attributes = new Map<string, Attribute[]>();

  constructor(dn: string) {
    this.dn = dn;
  }

  /** `description` as sent: `cn`, `cn;lang-de`, `member;range=0-1499`. */
  add(description: string, value: Octets | Buffer): void {
    this.#attribute(description).values.push(typeof value === 'string' ? value : value.toString('latin1'));
  }

  /** Many values of one attribute; there must be one at least, since a directory has no attribute without values. */
  addEach(description: string, values: Iterable<Octets>): void {
    const { values: list } = this.#attribute(description);
    for (const value of values) list.push(value);
  }

  /** Gives the attribute's values to another entry, each list under the options under which it came. */
  moveTo(other: Entry, type: string): void {
    const key = attributeTypeKey(type);
    for (const { options, values } of this.#attributes.get(key) ?? [])
      other.addEach([key, ...options].join(';'), values);
    this.#attributes.delete(key);
  }

  types(): IterableIterator<string> {
    return this.#attributes.keys();
  }

  has(type: string): boolean {
    return this.#attributes.has(attributeTypeKey(type));
  }

  /** Values under any options, or under at least those that `description` names (RFC 4512 section 2.5.2). */
  octets(description: string): readonly Octets[] {
    const { type, options } = readDescription(description);
    const attributes = this.#attributes.get(type);
    if (attributes === undefined) return NONE;
    const [only] = attributes;
    if (attributes.length === 1 && only !== undefined && options.length === 0) return only.values;
    return attributes
      .filter((each) => options.every((option) => each.options.includes(option)))
      .flatMap((each) => each.values);
  }

  /** As text; null for a value that is not UTF-8. */
  texts(description: string): (string | null)[] {
    return this.octets(description).map(octetsText);
  }

  bytes(description: string): Buffer[] {
    return this.octets(description).map((value) => Buffer.from(value, 'latin1'));
  }

  /** The option lists under which the attribute came; `[[]]` for a plain one. */
  optionsOf(type: string): readonly (readonly string[])[] {
    return this.#attributes.get(attributeTypeKey(type))?.map((each) => each.options) ?? [];
  }

  /** Whether it has this object class, by name, without case. */
  isA(objectClass: string): boolean {
    return this.octets('objectclass').some((value) => value.toLowerCase() === objectClass.toLowerCase());
  }

  #attribute(written: string): Attribute {
    const { type, options } = readDescription(written);
    let attributes = this.#attributes.get(type);
    if (attributes === undefined) {
      attributes = [];
      this.#attributes.set(type, attributes);
    }
    let attribute = attributes.find((each) => each.options === options || each.options.join(';') === options.join(';'));
    if (attribute === undefined) {
      attribute = { options, values: [] };
      attributes.push(attribute);
    }
    return attribute;
  }
}

const NONE: readonly Octets[] = [];
const NON_ASCII = /[\u0080-\u00ff]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of the bytes, or null where they are not UTF-8. */
export function octetsText(value: Octets): string | null {
  if (!NON_ASCII.test(value)) return value;
  try {
    return UTF8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return null;
  }
}

// Descriptions repeat for every entry. The ranges of large groups make new ones, so the memory has a bound.
const KNOWN_DESCRIPTIONS = 5_000;
const descriptions = new Map<string, Description>();

function readDescription(written: string): Description {
  const known = descriptions.get(written);
  if (known !== undefined) return known;
  const [type = '', ...options] = written.toLowerCase().split(';');
  const read = { type: attributeTypeKey(type), options: options.sort() };
  if (descriptions.size < KNOWN_DESCRIPTIONS) descriptions.set(written, read);
  return read;
}

// Reads the encoding of LDAP (BER, RFC 4511 section 5.1) out of one message that has arrived whole. Every length is held
// against what is there, so that no message, however broken, reads past its end or takes more work than its bytes.
import type { Octets } from '../entry.ts';

/** What arrived is not what the protocol says. The only thing that reading a message throws. */
export class WireFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireFault';
  }
}

export const TAG = { boolean: 0x01, integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const;

/** A length is written in at most so many bytes: four reach to 4 GB. */
const LENGTH_BYTES = 4;
/** A tag, the first byte of the length, and the rest of it. */
export const LONGEST_HEADER = 2 + LENGTH_BYTES;

export class BerReader {
  readonly #bytes: Buffer;
  /** The same bytes as text, made once: values are pieces of it, which costs a third of making each by itself. */
  readonly #text: string;
  readonly #end: number;
  #at: number;

  private constructor(bytes: Buffer, text: string, at: number, end: number) {
    this.#bytes = bytes;
    this.#text = text;
    this.#at = at;
    this.#end = end;
  }

  static of(bytes: Buffer): BerReader {
    return new BerReader(bytes, bytes.toString('latin1'), 0, bytes.length);
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.done ? -1 : this.#byte(this.#at);
  }

  /** The next element's content, as a reader of its own. */
  inside(tag: number): BerReader {
    const end = this.#enter(tag);
    const inner = new BerReader(this.#bytes, this.#text, this.#at, end);
    this.#at = end;
    return inner;
  }

  skip(): void {
    this.#at = this.#enter(this.peek());
  }

  octets(tag: number = TAG.octets): Octets {
    const end = this.#enter(tag);
    const value = this.#text.slice(this.#at, end);
    this.#at = end;
    return value;
  }

  /** A copy, which does not keep the message in memory. */
  bytes(tag: number = TAG.octets): Buffer {
    return Buffer.from(this.octets(tag), 'latin1');
  }

  integer(tag: number = TAG.integer): number {
    const end = this.#enter(tag);
    const length = end - this.#at;
    if (length < 1 || length > 4) throw new WireFault(`a number of ${length} bytes`);
    const value = this.#bytes.readIntBE(this.#at, length);
    this.#at = end;
    return value;
  }

  /** Moves to the content of the next element, and says where that ends. */
  #enter(tag: number): number {
    const found = this.peek();
    if (found !== tag) {
      throw new WireFault(
        `${found < 0 ? 'nothing' : `tag 0x${found.toString(16)}`} where 0x${tag.toString(16)} belongs`,
      );
    }
    const header = readHeader(this.#bytes, this.#at, this.#end);
    if (header === null) throw new WireFault('an element is cut off');
    const end = header.content + header.length;
    if (end > this.#end) throw new WireFault('an element is longer than what holds it');
    this.#at = header.content;
    return end;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }
}

/** Where the content of the element at `at` begins and how long it is; null while its header is not all there. */
export function readHeader(bytes: Buffer, at: number, end: number): { content: number; length: number } | null {
  const first = at + 1 < end ? bytes[at + 1] : undefined;
  if (first === undefined) return null;
  if (first < 0x80) return { content: at + 2, length: first };
  const count = first & 0x7f;
  // 0x80 alone opens a length that is told at the end, which LDAP forbids.
  if (count < 1 || count > LENGTH_BYTES) throw new WireFault('a length that LDAP does not allow');
  if (at + 2 + count > end) return null;
  return { content: at + 2 + count, length: bytes.readUIntBE(at + 2, count) };
}

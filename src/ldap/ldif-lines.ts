// Cuts an LDIF file into its logical lines (RFC 2849 note 2): line ends of either kind, folded lines joined. A file
// that stops inside a line was cut off, and half an address must never be taken for a whole one.
import { RollcallError } from '../errors.ts';
import type { Octets } from './entry.ts';

export interface LdifLine {
  readonly text: Octets;
  /** 1-based, of the first physical line. */
  readonly number: number;
}

/** Photos and revocation lists reach a few MB. A line without end is no LDIF, and must not fill the memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export function ldifError(file: string, line: number, message: string): RollcallError {
  return new RollcallError('ldif_invalid', `${file}, line ${line}: ${message}`);
}

export class LdifLines {
  readonly #file: string;
  /** The physical line that the last chunk ended in. */
  #open = '';
  #number = 0;
  /** The logical line that the next physical one may continue. */
  #line: LdifLine | null = null;
  #started = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** The logical lines that are certain to be whole now. */
  *push(chunk: Uint8Array): Generator<LdifLine> {
    let text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    if (!this.#started && this.#open.length + text.length >= BYTE_ORDER_MARK.length) {
      text = this.#begin(this.#open + text);
      this.#open = '';
    }
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const whole = this.#open + text.slice(from, end);
      this.#open = '';
      from = end + 1;
      const finished = this.#take(whole.endsWith('\r') ? whole.slice(0, -1) : whole);
      if (finished !== null) yield finished;
    }
    this.#open += text.slice(from);
    this.#bound(this.#open.length, this.#number + 1);
  }

  *end(): Generator<LdifLine> {
    if (this.#open !== '') {
      throw ldifError(
        this.#file,
        this.#number + 1,
        'the file ends inside this line, so it may be cut off: export it again, or end it with a line break if it is whole',
      );
    }
    if (this.#line !== null) yield this.#line;
    this.#line = null;
  }

  #begin(text: string): string {
    this.#started = true;
    if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) {
      throw ldifError(this.#file, 1, 'the file is in UTF-16: save it as UTF-8 (in PowerShell, do not export with ">")');
    }
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  }

  #take(physical: string): LdifLine | null {
    this.#number += 1;
    if (physical.startsWith(' ')) {
      if (this.#line === null || this.#line.text === '') {
        throw ldifError(
          this.#file,
          this.#number,
          'the line begins with a blank but continues nothing: remove the blank',
        );
      }
      this.#bound(this.#line.text.length + physical.length, this.#line.number);
      this.#line = { text: this.#line.text + physical.slice(1), number: this.#line.number };
      return null;
    }
    if (physical.includes('\0')) {
      throw ldifError(this.#file, this.#number, 'the line holds a zero byte: the file is damaged, export it again');
    }
    this.#bound(physical.length, this.#number);
    const finished = this.#line;
    this.#line = { text: physical, number: this.#number };
    return finished;
  }

  #bound(length: number, line: number): void {
    if (length <= MAX_LINE_BYTES) return;
    throw ldifError(
      this.#file,
      line,
      `the line is longer than ${MAX_LINE_BYTES / 1024 / 1024} MB: this is no LDIF file`,
    );
  }
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf';

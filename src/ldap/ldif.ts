// Reads a directory exported as LDIF (RFC 2849), as ldapsearch, slapcat, ldifde and dirsrv write it, in a stream. It
// takes content only: a file of changes says what somebody wants to become so, not what is so.
import { type Entry, Entry as DirectoryEntry, octetsText } from './entry.ts';
import { type LdifLine, LdifLines, ldifError } from './ldif-lines.ts';
import { SearchTrailer } from './search-trailer.ts';

export type LdifRecord =
  | { readonly kind: 'entry'; readonly entry: Entry; readonly line: number }
  /** Where the server said that a part of the tree is kept elsewhere. */
  | { readonly kind: 'reference'; readonly url: string; readonly line: number }
  /** Always the last. `problem`: why the search behind the file did not return everything, null if nothing says so. */
  | { readonly kind: 'end'; readonly problem: string | null };

/** @throws RollcallError `ldif_invalid` with file, line, and what to do */
export async function* readLdif(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<LdifRecord> {
  const lines = new LdifLines(file);
  const records = new Records(file);
  for await (const chunk of source) {
    for (const line of lines.push(chunk)) {
      // Not yield*: it would wait once for every line of the file, and most lines finish no record.
      for (const record of records.take(line)) yield record;
    }
  }
  for (const line of lines.end()) yield* records.take(line);
  yield* records.end();
}

type State = 'before' | 'between' | 'entry' | 'search';

const NOTHING: readonly LdifRecord[] = [];
const DESCRIPTION = /^(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)(?:;[A-Za-z0-9_=*-]+)*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

class Records {
  readonly #file: string;
  readonly #trailer = new SearchTrailer();
  readonly #descriptions = new Set<string>();
  #state: State = 'before';
  #entry: Entry | null = null;
  #line = 0;
  /** Whether a line of this entry has been read that only content can have. */
  #content = false;
  /** Whether the line before was a comment: ldapsearch writes names into them, with line breaks and all. */
  #commented = false;

  constructor(file: string) {
    this.#file = file;
  }

  take(line: LdifLine): readonly LdifRecord[] {
    const { text } = line;
    if (text.startsWith('#')) return this.#comment(line);
    if (text === '') return this.#finish();
    const colon = text.indexOf(':');
    if (colon <= 0) throw this.#error(line, this.#withoutColon(text));
    this.#commented = false;
    const name = text.slice(0, colon);
    if (this.#state === 'entry') {
      this.#attribute(line, name, colon);
      return NOTHING;
    }
    return this.#begin(line, name, colon);
  }

  end(): readonly LdifRecord[] {
    return [...this.#finish(), { kind: 'end', problem: this.#trailer.problem() }];
  }

  #finish(): readonly LdifRecord[] {
    this.#commented = false;
    if (this.#state !== 'before') this.#state = 'between';
    const entry = this.#entry;
    if (entry === null) return NOTHING;
    this.#entry = null;
    this.#trailer.entry();
    return [{ kind: 'entry', entry, line: this.#line }];
  }

  #begin(line: LdifLine, name: string, colon: number): readonly LdifRecord[] {
    const first = this.#state === 'before';
    const inSearch = this.#state === 'search';
    const key = name.toLowerCase();
    if (key === 'version' && first) {
      const version = this.#text(line, colon);
      if (version !== '1') throw this.#error(line, `LDIF version "${version}" is not known: only version 1 is`);
      this.#state = 'between';
      return NOTHING;
    }
    if (key === 'dn') {
      if (inSearch) throw this.#error(line, 'a blank line is missing before this "dn:"');
      this.#entry = new DirectoryEntry(this.#text(line, colon));
      this.#line = line.number;
      this.#content = false;
      this.#state = 'entry';
      return NOTHING;
    }
    // What ldapsearch prints beside the entries when it is not told otherwise (-LLL).
    if (key === 'ref') {
      this.#state = 'search';
      return [{ kind: 'reference', url: this.#text(line, colon), line: line.number }];
    }
    if (this.#trailer.take(key, () => this.#text(line, colon))) {
      this.#state = 'search';
      return NOTHING;
    }
    throw this.#error(line, `a record begins with "dn:", not with "${shown(name)}:"`);
  }

  #attribute(line: LdifLine, name: string, colon: number): void {
    const key = name.toLowerCase();
    if (key === 'dn') throw this.#error(line, 'a blank line is missing before this "dn:"');
    if (key === 'changetype' && !this.#content) {
      const change = this.#text(line, colon);
      if (change.toLowerCase() !== 'add') {
        throw this.#error(
          line,
          `the file holds changes ("changetype: ${shown(change)}"): export the directory's content`,
        );
      }
      return;
    }
    if (key === 'control' && !this.#content) return;
    if (!this.#descriptions.has(name)) {
      if (!DESCRIPTION.test(name)) throw this.#error(line, `"${shown(name)}" is not the name of an attribute`);
      if (this.#descriptions.size < KNOWN_NAMES) this.#descriptions.add(name);
    }
    this.#content = true;
    this.#entry?.add(name, this.#value(line, colon));
  }

  #value({ text, number }: LdifLine, colon: number): string {
    const mark = text[colon + 1];
    if (mark === '<') {
      throw ldifError(
        this.#file,
        number,
        'the value stands in another file ("<"), which is never opened: put it here in base64',
      );
    }
    const from = mark === ':' ? colon + 2 : colon + 1;
    const value = text[from] === ' ' ? text.slice(from).replace(/^ +/, '') : text.slice(from);
    if (mark !== ':') {
      if (octetsText(value) === null) {
        throw ldifError(
          this.#file,
          number,
          'the value is not UTF-8: save the file as UTF-8, or write the value in base64',
        );
      }
      return value;
    }
    const base64 = value.trimEnd();
    if (base64.length % 4 !== 0 || !BASE64.test(base64)) {
      throw ldifError(this.#file, number, 'the value after "::" is not base64: the line is damaged or cut off');
    }
    return Buffer.from(base64, 'base64').toString('latin1');
  }

  #text(line: LdifLine, colon: number): string {
    const text = octetsText(this.#value(line, colon));
    if (text === null) throw this.#error(line, 'the name is not UTF-8: export the directory again');
    return text;
  }

  #comment({ text, number }: LdifLine): readonly LdifRecord[] {
    this.#commented = true;
    const reference = /^# ref(?:: *)?(ldaps?:\S+)$/i.exec(text);
    if (reference !== null) return [{ kind: 'reference', url: reference[1] ?? '', line: number }];
    const forged = this.#trailer.comment(text);
    if (forged !== null) throw ldifError(this.#file, number, forged);
    return NOTHING;
  }

  #withoutColon(text: string): string {
    if (this.#commented) {
      return 'the comment above goes on here: a name has a line break in it, export with "ldapsearch -LLL", which prints no comments';
    }
    if (text === '-') return 'the file holds changes ("-"): export the directory\'s content';
    return `"${shown(text)}" has no ":" after an attribute's name; a line that goes on from the one above begins with a blank`;
  }

  #error(line: LdifLine, message: string): Error {
    return ldifError(this.#file, line.number, message);
  }
}

/** More names than any schema has: a damaged file must not fill the memory with them. */
const KNOWN_NAMES = 5_000;

function shown(text: string): string {
  const readable = octetsText(text) ?? text;
  return readable.length > 60 ? `${readable.slice(0, 60)}…` : readable;
}

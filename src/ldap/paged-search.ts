// One search, page by page, to its proven end: result code 0 and an empty cookie, and nothing less. Whatever else ends
// it is an error that says why; what was found before counts as seen.
import type { Filter } from '../connection/filter.ts';
import { RollcallError } from '../errors.ts';
import type { Skipped } from '../core/reading.ts';
import type { Entry } from './entry.ts';
import type { Weighed } from './read-ahead.ts';
import type { Link } from './wire/link.ts';
import type { LdapResult, ServerMessage } from './wire/message.ts';
import { Patience, type RunEnd } from './wire/patience.ts';
import { searchRequest } from './wire/request.ts';
import { CODE, refused } from './wire/result-code.ts';

export interface Question {
  /** What is searched, in words: `users.base "ou=…"`. */
  readonly title: string;
  readonly base: string;
  readonly filter: Filter;
  readonly attributes: readonly string[];
}

export interface Limits {
  readonly pageSeconds: number;
  readonly end: RunEnd;
}

export interface Batch extends Weighed {
  readonly entries: readonly Entry[];
  /** Entries that could not be decoded. */
  readonly skipped: readonly Skipped[];
}

/** Larger pages are no faster, and a server keeps each in memory. */
const PAGE_SIZE = 500;
const SMALLEST_PAGE = 5;
/** Pages without an entry that may follow each other: a filter that skips much makes some, a broken server no end of them. */
const EMPTY_PAGES = 1_000;
/** Search references that a warning names; the number tells the rest. */
const NAMED = 3;

export class PagedSearch {
  readonly #link: Link;
  readonly #question: Question;
  readonly #limits: Limits;
  readonly #references: string[] = [];
  #referenceCount = 0;
  #size = PAGE_SIZE;
  #cookie: Buffer = Buffer.alloc(0);
  /** Pages by the cookie they were asked with and the entry they began with. */
  readonly #seen = new Set<string>();
  #emptyPages = 0;
  /** Names given before the page size was stepped down: the smaller first page begins with them again. */
  readonly #given = new Set<string>();
  entries = 0;
  pages = 0;

  constructor(link: Link, question: Question, limits: Limits) {
    this.#link = link;
    this.#question = question;
    this.#limits = limits;
  }

  /** @throws RollcallError `directory_refused` for a result code, `directory_unreachable` for everything else */
  async *batches(): AsyncGenerator<Batch> {
    for (;;) {
      const page = new Page();
      const id = this.#link.send(this.#request());
      const patience = new Patience(this.#limits.pageSeconds, 'timeouts.page', this.#limits.end);
      while (page.result === null) {
        const batch = page.take(await this.#link.receive(id, patience));
        if (batch === null) continue;
        const fresh = this.#given.size === 0 ? batch.entries : batch.entries.filter(({ dn }) => !this.#given.has(dn));
        this.entries += fresh.length;
        yield { ...batch, entries: fresh };
      }
      for (const url of page.references) this.#reference(url);
      if (page.result.code !== CODE.success) {
        if (!this.#stepDown(page)) throw this.#refusal(page.result);
        continue;
      }
      this.pages += 1;
      this.#given.clear();
      if (page.result.cookie === null)
        throw this.#broken('it left out the control for pages, so nobody knows whether this was all');
      if (page.result.cookie.length === 0) return;
      this.#requireProgress(page);
      this.#cookie = page.result.cookie;
    }
  }

  /** Parts of the tree that are kept elsewhere and were not read, or null. */
  warning(): string | null {
    if (this.#referenceCount === 0) return null;
    const more = this.#referenceCount > NAMED ? ', …' : '';
    return `${this.#question.title}: ${this.#referenceCount} parts of the tree are kept on other servers and were not read: ${this.#references.join('; ')}${more}`;
  }

  #request() {
    const { base, filter, attributes } = this.#question;
    return searchRequest({ base, scope: 'sub', filter, attributes, page: { size: this.#size, cookie: this.#cookie } });
  }

  /** A first page that is too large for the server is asked for again, smaller. */
  #stepDown(page: Page): boolean {
    const { code } = page.result ?? { code: CODE.success };
    if (code !== CODE.sizeLimit && code !== CODE.administrativeLimit) return false;
    if (this.pages > 0 || this.#size <= SMALLEST_PAGE) return false;
    for (const dn of page.names) this.#given.add(dn);
    const allowed = page.names.length > 0 ? Math.min(page.names.length, this.#size / 2) : this.#size / 2;
    this.#size = Math.max(SMALLEST_PAGE, Math.floor(allowed));
    return true;
  }

  /**
   * A repeated cookie alone is no loop: 389 numbers its searches and gives each page of one the same. A page that was
   * there before under the same cookie is.
   */
  #requireProgress(page: Page): void {
    this.#emptyPages = page.first === null ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages > EMPTY_PAGES) throw this.#broken(`it sent ${EMPTY_PAGES} pages without an entry in a row`);
    const mark = `${this.#cookie.toString('latin1')}\n${page.first ?? ''}`;
    if (this.#cookie.length > 0 && this.#seen.has(mark))
      throw this.#broken('it sent the same page again instead of the next');
    this.#seen.add(mark);
  }

  #reference(url: string): void {
    this.#referenceCount += 1;
    if (this.#references.length < NAMED) this.#references.push(url);
  }

  #refusal(result: LdapResult): RollcallError {
    const found = this.entries === 0 ? '' : ` after ${this.entries} entries`;
    return refused(this.#link.step, `${this.#question.title} on ${this.#link.server}${found}`, result);
  }

  #broken(why: string): RollcallError {
    const { step, server } = this.#link;
    return new RollcallError('directory_unreachable', `${step}: ${server}: ${why}: its pages cannot be trusted`);
  }
}

/** What has come of one page. */
class Page {
  result: LdapResult | null = null;
  readonly references: string[] = [];
  readonly names: string[] = [];

  get first(): string | null {
    return this.names[0] ?? null;
  }

  /** Null where the messages hold no entry. */
  take(messages: readonly ServerMessage[]): Batch | null {
    const entries: Entry[] = [];
    const skipped: Skipped[] = [];
    let bytes = 0;
    for (const message of messages) {
      switch (message.kind) {
        case 'entry':
          entries.push(message.entry);
          this.names.push(message.entry.dn);
          bytes += message.bytes;
          break;
        case 'unreadable':
          skipped.push({ at: message.at, reason: message.reason });
          this.names.push(message.at);
          bytes += message.bytes;
          break;
        case 'reference':
          this.references.push(message.urls.join(' '));
          break;
        case 'result':
          this.result = message.result;
          break;
        case 'other':
          break;
      }
    }
    return entries.length + skipped.length === 0 ? null : { entries, skipped, bytes };
  }
}

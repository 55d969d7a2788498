// One read of a live directory, step by step: connect, base, groups, people. Groups come first, since only then it is
// known for which of them the people's own entries must be asked. A base or a search that the server refuses does not
// keep the other one from being read: who was disabled is learned all the same.
import { tryDnKey } from '../connection/dn.ts';
import { type Filter, parseFilter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { DirectoryItem, Skipped } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import type { Entry } from './entry.ts';
import { FactReader, hasMemberList } from './fact-reader.ts';
import { openRange } from './member-ranges.ts';
import { type Batch, PagedSearch } from './paged-search.ts';
import { readAhead } from './read-ahead.ts';
import { groupAttributes, outerGroupAttributes, personAttributes } from './requested.ts';
import type { LdapSecrets } from './secrets.ts';
import { GENERIC, type ServerKind } from './server-kinds.ts';
import { type OnStep, openAgain, openSession, readOne, type Session } from './session.ts';
import { Patience, RunEnd } from './wire/patience.ts';
import { CODE, refused } from './wire/result-code.ts';

export interface DirectoryRequest {
  readonly connection: ConnectionId;
  readonly settings: LdapSettings;
  readonly secrets: LdapSecrets;
  /** Now, at the start: accounts with a date of expiry are judged by it. */
  readonly at: Instant;
  /** What each step found, for people to read. */
  readonly onStep?: OnStep;
  /** Whoever ends the run need not wait for a silent server. */
  readonly signal?: AbortSignal;
}

/** So much of the next page is fetched while the last is worked on. */
const AHEAD_BYTES = 4 * 1024 * 1024;

export class LiveRead {
  readonly #request: DirectoryRequest;
  /** Why the read proves no absence; shared with whoever reports it. */
  readonly #reasons: string[];
  readonly #end: RunEnd;
  readonly #warnings: string[] = [];
  readonly #groupsWithoutList = new Set<string>();
  #session: Session | null = null;
  /** For the rest of large groups: a paged search keeps its own connection busy. */
  #second: Session | null = null;
  #reader: FactReader | null = null;

  constructor(request: DirectoryRequest, reasons: string[]) {
    this.#request = request;
    this.#reasons = reasons;
    this.#end = new RunEnd(request.settings.timeouts.run);
  }

  get kind(): ServerKind {
    return this.#session?.kind ?? GENERIC;
  }

  async open(): Promise<void> {
    const { settings, at } = this.#request;
    this.#session = await openSession(this.#request);
    const { kind, passedOver, url } = this.#session;
    for (const why of passedOver) this.#warnings.push(`${why}; ${url} was read instead`);
    this.#reader = new FactReader({
      settings,
      kind,
      at,
      groupsWithoutList: this.#groupsWithoutList,
      groupsFirst: true,
    });
  }

  /** Many at a time: handing over each by itself would take longer than to read it. */
  async *batches(): AsyncGenerator<DirectoryItem[]> {
    const { users, groups } = this.#request.settings;
    const reader = this.#opened(this.#reader);
    const hasGroups = await this.#hasBase('groups.base', groups.base);
    const hasUsers = groups.base === users.base ? hasGroups : await this.#hasBase('users.base', users.base);
    if (hasGroups) yield* this.#pass(this.#groups(reader));
    if (hasUsers) yield* this.#pass(this.#people(reader));
    const reason = reader.incomplete();
    if (reason !== null) this.#reasons.push(reason);
  }

  warnings(): string[] {
    return [...this.#warnings, ...(this.#reader?.warnings() ?? [])];
  }

  async close(): Promise<void> {
    await Promise.all([this.#session?.link.close(), this.#second?.link.close()]);
  }

  async *#groups(reader: FactReader): AsyncGenerator<DirectoryItem[]> {
    const { base, filter: written } = this.#request.settings.groups;
    const filter = parseFilter(written);
    const kind = this.kind;
    const search = this.#search('groups', base, filter, groupAttributes(kind));
    for await (const { entries, skipped } of readAhead(search.batches(), AHEAD_BYTES)) {
      for (const entry of entries) {
        await this.#completeRanges(entry);
        const key = tryDnKey(entry.dn);
        if (key !== null && !hasMemberList(entry, kind)) this.#groupsWithoutList.add(key);
        yield* inPieces(reader.group(entry));
      }
      for (const { at } of skipped) {
        this.#reasons.push(`groups: "${at}" cannot be read, so nobody knows who is in it: correct the entry`);
      }
      yield skipped.map(toItem);
    }
    this.#finished('groups', search);
    if (this.#groupsWithoutList.size === 0) return;
    const withOuter: Filter = { kind: 'and', filters: [filter, { kind: 'present', attribute: 'memberof' }] };
    const outer = this.#search('groups', base, withOuter, outerGroupAttributes(kind));
    for await (const { entries } of readAhead(outer.batches(), AHEAD_BYTES)) {
      yield entries.flatMap((entry) => [...reader.outerGroups(entry)]);
    }
  }

  async *#people(reader: FactReader): AsyncGenerator<DirectoryItem[]> {
    const { settings } = this.#request;
    const attributes = personAttributes(settings, this.kind, this.#groupsWithoutList.size > 0);
    const search = this.#search('people', settings.users.base, parseFilter(settings.users.filter), attributes);
    for await (const { entries, skipped } of readAhead<Batch>(search.batches(), AHEAD_BYTES)) {
      yield [...entries.flatMap((entry) => [...reader.person(entry)]), ...skipped.map(toItem)];
    }
    this.#finished('people', search);
  }

  #search(step: 'groups' | 'people', base: string, filter: Filter, attributes: readonly string[]): PagedSearch {
    const { link } = this.#opened(this.#session);
    link.step = step;
    const limits = { pageSeconds: this.#request.settings.timeouts.page, end: this.#end };
    return new PagedSearch(link, { title: `the search below "${base}"`, base, filter, attributes }, limits);
  }

  #finished(step: 'groups' | 'people', search: PagedSearch): void {
    const { entries, pages } = search;
    this.#request.onStep?.({ step, found: `${entries} ${step} in ${pages} ${pages === 1 ? 'page' : 'pages'}` });
    const warning = search.warning();
    if (warning !== null) this.#warnings.push(warning);
  }

  /** One search's refusal is noted and the read goes on; a connection that is gone ends the read. */
  async *#pass(items: AsyncGenerator<DirectoryItem[]>): AsyncGenerator<DirectoryItem[]> {
    try {
      yield* items;
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'directory_refused') throw error;
      this.#reasons.push(error.message);
    }
  }

  async #hasBase(setting: string, base: string): Promise<boolean> {
    const { link } = this.#opened(this.#session);
    link.step = 'base';
    const { result } = await readOne(link, { base, attributes: ['1.1'] }, this.#patience());
    if (result.code === CODE.success) {
      this.#request.onStep?.({ step: 'base', found: `${setting} "${base}" is there` });
      return true;
    }
    const nearest = result.matchedDn === '' ? '' : `, the nearest above it is "${result.matchedDn}"`;
    this.#reasons.push(refused('base', `${setting} "${base}" on ${link.server}${nearest}`, result).message);
    return false;
  }

  /** Active Directory gives the first so many members of a large group, and the others when asked again. */
  async #completeRanges(entry: Entry): Promise<void> {
    for (const { attribute } of this.kind.members) {
      let next = openRange(entry, attribute);
      while (next !== null) {
        this.#second ??= await openAgain(this.#opened(this.#session), this.#request);
        const { link } = this.#second;
        link.step = 'groups';
        const wanted = `${attribute};range=${next}-*`;
        const more = await readOne(link, { base: entry.dn, attributes: [wanted] }, this.#patience());
        if (more.result.code !== CODE.success) {
          throw refused('groups', `the members of "${entry.dn}" from ${next} on`, more.result);
        }
        const before = next;
        more.entry?.moveTo(entry, attribute);
        next = openRange(entry, attribute);
        // What the server left out stays open, and is reported as a hole.
        if (next === before) break;
      }
    }
  }

  #patience(): Patience {
    return new Patience(this.#request.settings.timeouts.page, 'timeouts.page', this.#end);
  }

  #opened<T>(part: T | null): T {
    if (part === null) throw new Error('a read is opened first');
    return part;
  }
}

function toItem(skipped: Skipped): DirectoryItem {
  return { kind: 'skipped', skipped };
}

/** Items handed over at once: the links of a large group are never all in memory a second time. */
const PIECE = 16;

function* inPieces(items: Iterable<DirectoryItem>): Generator<DirectoryItem[]> {
  let piece: DirectoryItem[] = [];
  for (const item of items) {
    if (piece.push(item) < PIECE) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

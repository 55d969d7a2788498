// Which groups somebody is in, asked for one person, with the answer that the sync would read: by the groups' own lists,
// by memberOf where a group shows no list, and by Active Directory's primary group. Where the server does not answer to
// the end the groups are unknown, and stay as they were (law 4).
import { dnKey, isAtOrUnder, tryDnKey } from '../connection/dn.ts';
import { type Filter, parseFilter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import type { Instant } from '../core/ids.ts';
import type { DirectoryItem, GroupSaid, PushReading, Unknown } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { isDirectoryFailure } from './directory.ts';
import type { Entry } from './entry.ts';
import { FactReader } from './fact-reader.ts';
import { anyList, listing, primaryGroup, uidsOf } from './member-filters.ts';
import { type Limits, PagedSearch } from './paged-search.ts';
import type { ServerKind } from './server-kinds.ts';
import { readOne, type Session } from './session.ts';
import { Patience } from './wire/patience.ts';
import { CODE, refused } from './wire/result-code.ts';

export interface Asked {
  readonly settings: LdapSettings;
  readonly at: Instant;
  readonly entry: Entry;
  readonly person: Extract<DirectoryItem, { readonly kind: 'person' }>;
  readonly limits: Limits;
}

export interface GroupsOf {
  /** Stable ids. */
  readonly direct: readonly string[] | Unknown;
  /** The groups themselves: the sync may not have met them yet. */
  readonly groups: readonly GroupSaid[];
  /** The groups that those are in, and so on upwards. */
  readonly joins: PushReading['joins'];
  /** Why they are unknown, for the log. */
  readonly shortfall: string | null;
}

/** Groups without a list that one person's memberOf may name, and groups in all; each costs the server work. */
const MOST_WITHOUT_LIST = 100;
const MOST_GROUPS = 5_000;
/** Groups in one filter: servers refuse filters that are too long. */
const ASKED_AT_ONCE = 100;

export async function groupsOf(session: Session, asked: Asked): Promise<GroupsOf> {
  try {
    return await new GroupSearch(session, asked).run();
  } catch (error) {
    if (!isDirectoryFailure(error)) throw error;
    return { direct: 'unknown', groups: [], joins: [], shortfall: error.message };
  }
}

class GroupSearch {
  readonly #session: Session;
  readonly #asked: Asked;
  readonly #filter: Filter;
  /** By every alias under which a link may name it. */
  readonly #byAlias = new Map<string, GroupSaid>();
  readonly #groups = new Map<string, GroupSaid>();
  readonly #joins: PushReading['joins'][number][] = [];

  constructor(session: Session, asked: Asked) {
    this.#session = session;
    this.#asked = asked;
    this.#filter = parseFilter(asked.settings.groups.filter);
    session.link.step = 'groups';
  }

  async run(): Promise<GroupsOf> {
    const { entry, settings } = this.#asked;
    const { kind } = this.#session;
    const listed = await this.#search([
      ...listing(kind, [entry.dn], uidsOf(entry, this.#asked.person.attributes.userName)),
      ...primaryGroup(entry, kind),
    ]);
    const named = await this.#namedByEntry();
    const direct = [...new Set([...listed, ...named].map(({ externalId }) => externalId))];
    if (direct.length === 0 && !(await this.#answersByMember())) {
      return { direct: 'unknown', groups: [], joins: [], shortfall: NO_LIST_FOUND };
    }
    // A climb that is cut off takes nothing away: what is above is as it was, or comes with the next sync.
    const shortfall = settings.groups.nested ? await this.#tryToClimb() : null;
    return { direct, groups: [...this.#groups.values()], joins: this.#joins, shortfall };
  }

  /** Groups without a list that the person's own entry names; the reader decides what memberOf says, as in the sync. */
  async #namedByEntry(): Promise<GroupSaid[]> {
    const { entry, settings, at } = this.#asked;
    const { kind } = this.#session;
    const base = dnKey(settings.groups.base);
    const without = new Set<string>();
    let looked = 0;
    for (const text of entry.texts('memberOf')) {
      const key = text === null ? null : tryDnKey(text);
      if (text === null || key === null || !isAtOrUnder(key, base) || this.#byAlias.has(`dn:${key}`)) continue;
      looked += 1;
      if (looked > MOST_WITHOUT_LIST)
        throw tooMany(`memberOf names more than ${MOST_WITHOUT_LIST} groups that do not list the person`);
      if (await this.#readWithoutList(text)) without.add(key);
    }
    const reader = new FactReader({ settings, kind, at, groupsWithoutList: without });
    const links = [...reader.person(entry)].flatMap((item) => (item.kind === 'links' ? item.links : []));
    return links.flatMap(({ group }) => this.#byAlias.get(group) ?? []);
  }

  /** Takes the group in, unless it has a list: then the list is right, and memberOf a leftover or a nested group. */
  async #readWithoutList(dn: string): Promise<boolean> {
    const hasList = await this.#readGroup(dn, { kind: 'and', filters: [this.#filter, anyList(this.#session.kind)] });
    if (hasList !== null) return false;
    const entry = await this.#readGroup(dn, this.#filter);
    return entry !== null && this.#take(entry) !== null;
  }

  async #readGroup(dn: string, filter: Filter): Promise<Entry | null> {
    const { link, kind } = this.#session;
    const { pageSeconds, end } = this.#asked.limits;
    const question = { base: dn, filter, attributes: identifying(kind) };
    const { entry, result } = await readOne(link, question, new Patience(pageSeconds, 'timeouts.page', end));
    // Dangling: memberOf may name what is not there any more, or is hidden from the bind account.
    if (result.code === CODE.noSuchObject) return null;
    if (result.code !== CODE.success) throw refused('groups', `a group that memberOf names, on ${link.server}`, result);
    return entry;
  }

  async #tryToClimb(): Promise<string | null> {
    try {
      await this.#climb([...this.#groups.values()]);
      return null;
    } catch (error) {
      if (!isDirectoryFailure(error)) throw error;
      return error.message;
    }
  }

  /** The groups above these, level by level; each is asked about once, so that a circle ends. */
  async #climb(lowest: readonly GroupSaid[]): Promise<void> {
    let level = lowest;
    while (level.length > 0) {
      const known = new Set(this.#groups.keys());
      const outer = new Map<string, GroupSaid>();
      if (await this.#areInGroups(level)) {
        for (const inner of level) {
          const member = { kind: 'group', externalId: inner.externalId } as const;
          for (const group of await this.#search(listing(this.#session.kind, [inner.name], []))) {
            if (group.externalId === inner.externalId) continue;
            this.#joins.push({ group: group.externalId, member });
            if (!known.has(group.externalId)) outer.set(group.externalId, group);
          }
        }
      }
      level = [...outer.values()];
    }
  }

  /** One question for many: most groups are in no other, and then it is the only one. */
  async #areInGroups(groups: readonly GroupSaid[]): Promise<boolean> {
    const names = groups.map(({ name }) => name);
    for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
      const some = listing(this.#session.kind, names.slice(at, at + ASKED_AT_ONCE), []);
      if ((await this.#search(some)).length > 0) return true;
    }
    return false;
  }

  /** The groups that the sync reads and this selects. */
  async #search(anyOf: readonly Filter[]): Promise<GroupSaid[]> {
    const { link, kind } = this.#session;
    const { settings, limits } = this.#asked;
    const { base } = settings.groups;
    const filter = { kind: 'and', filters: [this.#filter, { kind: 'or', filters: anyOf }] } as const;
    const question = {
      title: `the search below "${base}" for somebody's groups`,
      base,
      filter,
      attributes: identifying(kind),
    };
    const found: GroupSaid[] = [];
    for await (const { entries, skipped } of new PagedSearch(link, question, limits).batches()) {
      for (const { at } of skipped) throw unreadable(at);
      for (const entry of entries) {
        const group = this.#take(entry);
        if (group !== null) found.push(group);
      }
      if (this.#groups.size > MOST_GROUPS) throw tooMany(`somebody is in more than ${MOST_GROUPS} groups`);
    }
    return found;
  }

  /** The group as the sync would read it; null where it would skip it. */
  #take(entry: Entry): GroupSaid | null {
    const { settings, at } = this.#asked;
    const reader = new FactReader({ settings, kind: this.#session.kind, at, groupsWithoutList: new Set() });
    for (const item of reader.group(entry)) {
      if (item.kind !== 'group') continue;
      const { externalId, name, nameKey, aliases } = item;
      const group: GroupSaid = { externalId, name, nameKey, members: 'unknown' };
      this.#groups.set(externalId, group);
      for (const alias of aliases) this.#byAlias.set(alias, group);
      return group;
    }
    return null;
  }

  /**
   * Whether a search by members finds anything at all. One that finds nobody's groups (an account that may read the lists
   * and not search by them) would take every role from whoever signs in.
   */
  async #answersByMember(): Promise<boolean> {
    const { link, kind } = this.#session;
    const { settings, limits } = this.#asked;
    const { base } = settings.groups;
    const filter = { kind: 'and', filters: [this.#filter, anyList(kind)] } as const;
    const question = { title: `the search below "${base}" for any group`, base, filter, attributes: ['1.1'] };
    for await (const { entries } of new PagedSearch(link, question, limits).batches()) {
      if (entries.length > 0) return true;
    }
    return false;
  }
}

const NO_LIST_FOUND =
  'groups: no search by members finds any group: let the bind account search by member, uniqueMember and memberUid';

/** What a group is known by, and none of its members: there may be a million. */
function identifying(kind: ServerKind): string[] {
  return [kind.stableId, ...(kind.primaryGroup ? ['objectSid'] : [])];
}

function tooMany(what: string): RollcallError {
  return new RollcallError(
    'directory_refused',
    `groups: ${what}: they are left as they were; the next sync reads them`,
  );
}

function unreadable(at: string): RollcallError {
  return new RollcallError('directory_refused', `groups: "${at}" cannot be read: correct the entry`);
}

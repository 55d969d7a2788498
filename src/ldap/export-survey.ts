// The first pass over an exported file: is what the settings ask for in it at all, what kind of server wrote it, which
// parts are kept elsewhere, and which groups show no members. Nothing is said of anybody before this is known.
import { ancestry, dnKey, isAtOrUnder, tryDnKey } from '../connection/dn.ts';
import { filterAttributes, parseFilter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import { RollcallError } from '../errors.ts';
import type { Entry } from './entry.ts';
import { hasMemberList } from './fact-reader.ts';
import type { LdifRecord } from './ldif.ts';
import { compileFilter, type Matcher, selects } from './match.ts';
import { firstKind, GENERIC, recognizeEntry, type ServerKind, serverKind } from './server-kinds.ts';

/** What the settings ask of a directory: below which entry, and which entries there. */
export class Selection {
  readonly baseKey: string;
  readonly #matcher: Matcher;

  constructor(settings: { readonly base: string; readonly filter: string }) {
    this.baseKey = dnKey(settings.base);
    this.#matcher = compileFilter(parseFilter(settings.filter));
  }

  /** As a server would answer a search of the whole subtree. A referral object is returned as a reference, not an entry. */
  takes(entry: Entry, key: string): boolean {
    return isAtOrUnder(key, this.baseKey) && !entry.isA('referral') && selects(this.#matcher, entry);
  }
}

/** Examples in a warning; the number tells the rest. */
const NAMED = 3;
const OPERATIONAL = ['createtimestamp', 'modifytimestamp', 'entrycsn', 'entryuuid', 'whencreated', 'nsuniqueid'];

export class ExportSurvey {
  readonly #settings: LdapSettings;
  readonly #file: string;
  readonly #bases: readonly Base[];
  readonly #groups: Selection;
  readonly #types = new Set<string>();
  readonly #referrals: string[] = [];
  readonly groupsWithoutList = new Set<string>();
  #referralCount = 0;
  #kind: ServerKind | null = null;
  #problem: string | null = null;
  #entries = 0;

  constructor(settings: LdapSettings, file: string) {
    this.#settings = settings;
    this.#file = file;
    this.#bases = [new Base('users', settings.users), new Base('groups', settings.groups)];
    this.#groups = new Selection(settings.groups);
  }

  take(record: LdifRecord): void {
    if (record.kind === 'end') this.#problem ??= record.problem;
    else if (record.kind === 'reference') this.#reference(record.url);
    else this.#entry(record.entry);
  }

  /** @throws RollcallError `base_not_found` */
  requireBases(): void {
    for (const base of this.#bases) {
      if (base.found) continue;
      const nearest =
        this.#entries === 0
          ? 'the file holds no entries at all'
          : base.nearest === null
            ? 'nothing above it is there either'
            : `the nearest above it that is there is "${base.nearest}"`;
      throw new RollcallError(
        'base_not_found',
        `${base.name}.base "${base.written}" is not in ${this.#file}: ${nearest}. Correct the base, or export from it downwards`,
      );
    }
  }

  kind(): ServerKind {
    const { serverKind: set } = this.#settings;
    return set === null ? (this.#kind ?? GENERIC) : serverKind(set);
  }

  /** Why the file proves no absence, or null. */
  incomplete(): string | null {
    return this.#problem;
  }

  warnings(): string[] {
    const warnings: string[] = [];
    if (this.#referralCount > 0) {
      const more = this.#referralCount > NAMED ? ', …' : '';
      warnings.push(
        `${this.#referralCount} parts of the tree are kept on other servers and were not read: ${this.#referrals.join('; ')}${more}`,
      );
    }
    if (!OPERATIONAL.some((type) => this.#types.has(type))) {
      for (const { name, filter } of this.#bases) {
        const unseen = filterAttributes(parseFilter(filter)).filter(
          (type) => !this.#types.has(type.replace(/;.*/, '')),
        );
        for (const type of new Set(unseen)) {
          warnings.push(`${name}.filter asks for "${type}", which no entry of the file has: export '*' and '+'`);
        }
      }
    }
    return warnings;
  }

  #entry(entry: Entry): void {
    const key = tryDnKey(entry.dn);
    if (key === null) return;
    this.#entries += 1;
    for (const base of this.#bases) base.take(key);
    if (!this.#bases.some((base) => isAtOrUnder(key, base.key) || isAtOrUnder(base.key, key))) return;
    for (const type of entry.types()) this.#types.add(type);
    this.#kind = firstKind(this.#kind, recognizeEntry(entry));
    if (entry.isA('referral')) this.#referral(key, entry.dn);
    if (this.#groups.takes(entry, key) && !hasMemberList(entry, GENERIC)) this.groupsWithoutList.add(key);
  }

  #reference(url: string): void {
    const name = /^[a-z]+:\/\/[^/]*\/([^?]*)/i.exec(url)?.[1] ?? '';
    this.#referral(tryDnKey(decoded(name)), url);
  }

  #referral(key: string | null, shown: string): void {
    const base = key === null || key === '' ? undefined : this.#bases.find((each) => isAtOrUnder(each.key, key));
    if (base !== undefined) {
      this.#problem ??= `${base.name}.base "${base.written}" is kept on another server (${shown}): read it there`;
      return;
    }
    this.#referralCount += 1;
    if (this.#referrals.length < NAMED) this.#referrals.push(shown);
  }
}

class Base {
  readonly name: 'users' | 'groups';
  readonly written: string;
  readonly filter: string;
  readonly key: string;
  readonly #above: readonly string[];
  #nearest: number;
  found = false;

  constructor(name: 'users' | 'groups', settings: { readonly base: string; readonly filter: string }) {
    this.name = name;
    this.written = settings.base;
    this.filter = settings.filter;
    this.key = dnKey(settings.base);
    this.#above = ancestry(this.key);
    this.#nearest = this.#above.length;
  }

  /** The nearest name above the base at or below which the file has an entry. */
  get nearest(): string | null {
    return this.#above[this.#nearest] ?? null;
  }

  // An export that a filter narrowed holds the people without the entry they stand under: the base is there all the same.
  take(key: string): void {
    if (this.found) return;
    if (isAtOrUnder(key, this.key)) this.found = true;
    else this.#nearest = Math.min(this.#nearest, this.#lowestOver(key));
  }

  #lowestOver(key: string): number {
    const at = this.#above.findIndex((above) => isAtOrUnder(key, above));
    return at < 0 ? this.#above.length : at;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Who was read, and who is in which group: numbers in memory while the directory is read, since a link may come before
// the entries that it names. Of what did not change nothing else is kept, and nothing of it is written.
import type { MemberRef } from '../core/fact.ts';
import { Names, Numbers } from './directory-names.ts';

export interface Nesting {
  readonly group: string;
  readonly member: string;
}

export class DirectoryGraph {
  readonly #people = new Names();
  readonly #groups = new Map<string, number>();
  readonly #groupIds: string[] = [];
  readonly #aliases = new Names();
  /** What each alias names: nothing yet, or an entry; further entries of the same alias stand in `#more`. */
  readonly #named = new Numbers();
  readonly #more = new Map<number, number[]>();
  /** References as they came: alias of the group, alias of the member. */
  readonly #into = new Numbers();
  readonly #of = new Numbers();
  #resolved: Resolved | null = null;

  get people(): number {
    return this.#people.count;
  }

  get groups(): number {
    return this.#groupIds.length;
  }

  /** False where the entry has come before: then only its aliases are added. */
  addEntry(kind: MemberRef['kind'], externalId: string, aliases: readonly string[]): boolean {
    const before = kind === 'person' ? this.#people.count : this.#groupIds.length;
    const entry = kind === 'person' ? this.#people.intern(externalId) : this.#group(externalId);
    for (const alias of aliases) this.#name(this.#aliases.intern(alias), encode(kind, entry));
    return entry === before;
  }

  addLinks(links: readonly { readonly group: string; readonly member: string }[]): void {
    let last = '';
    let into = 0;
    for (const { group, member } of links) {
      // Links come group by group.
      if (group !== last) into = this.#aliases.intern(group);
      last = group;
      this.#into.push(into);
      this.#of.push(this.#aliases.intern(member));
    }
  }

  has(kind: MemberRef['kind'], externalId: string): boolean {
    return kind === 'person' ? this.#people.find(externalId) !== null : this.#groups.has(externalId);
  }

  /** Turns references into links; to be called when everything has been read. */
  resolve(nested: boolean): { readonly links: number; readonly dangling: number } {
    const counts = new Uint32Array(this.#people.count + 1);
    this.#eachLink((kind, member) => {
      if (kind === 'person') counts[member + 1] = (counts[member + 1] ?? 0) + 1;
    });
    for (let person = 0; person < this.#people.count; person += 1) {
      counts[person + 1] = (counts[person + 1] ?? 0) + (counts[person] ?? 0);
    }
    const ends = counts.slice(0, -1);
    const groups = new Uint32Array(counts[this.#people.count] ?? 0);
    const nesting = new Map<string, Nesting>();
    this.#eachLink((kind, member, group) => {
      if (kind === 'person') {
        const end = ends[member] ?? 0;
        groups[end] = group;
        ends[member] = end + 1;
      } else if (nested && member !== group) {
        const link = { group: this.#groupIds[group] ?? '', member: this.#groupIds[member] ?? '' };
        nesting.set(JSON.stringify([link.group, link.member]), link);
      }
    });
    let links = nesting.size;
    for (let person = 0; person < this.#people.count; person += 1) {
      const start = counts[person] ?? 0;
      const distinct = eachOnce(groups.subarray(start, ends[person]));
      ends[person] = start + distinct;
      links += distinct;
    }
    this.#resolved = { starts: counts, ends, groups, nesting: [...nesting.values()] };
    const dangling = this.#dangling();
    // Two thirds of what is kept while reading, and of no use when it has been read.
    for (const references of [this.#aliases, this.#named, this.#into, this.#of]) references.letGo();
    this.#more.clear();
    return { links, dangling };
  }

  /** Gives the memory back; nothing may be asked for afterwards. */
  letGo(): void {
    this.#people.letGo();
    this.#groups.clear();
    this.#groupIds.length = 0;
    this.#resolved = null;
  }

  /** Ids of the groups that the person is directly in; null for somebody who was not read. */
  groupsOf(person: string): string[] | null {
    const groups = this.#groupsOf(person);
    return groups === null ? null : [...groups].map((group) => this.#groupIds[group] ?? '');
  }

  /** How the person's groups differ from those known before; null for somebody who was not read. */
  compareGroups(
    person: string,
    known: readonly string[],
  ): { readonly joins: boolean; readonly leaves: boolean } | null {
    const groups = this.#groupsOf(person);
    if (groups === null) return null;
    const before = new Set(known.map((group) => this.#groups.get(group)));
    let kept = 0;
    for (const group of groups) if (before.has(group)) kept += 1;
    return { joins: kept < groups.length, leaves: kept < known.length };
  }

  /** Links from group to group. */
  nesting(): readonly Nesting[] {
    return this.#links().nesting;
  }

  #groupsOf(person: string): Uint32Array | null {
    const found = this.#people.find(person);
    if (found === null) return null;
    const { starts, ends, groups } = this.#links();
    return groups.subarray(starts[found], ends[found]);
  }

  #links(): Resolved {
    if (this.#resolved === null) throw new Error('links are known when the whole directory has been read');
    return this.#resolved;
  }

  #group(externalId: string): number {
    const known = this.#groups.get(externalId);
    if (known !== undefined) return known;
    this.#groups.set(externalId, this.#groupIds.length);
    return this.#groupIds.push(externalId) - 1;
  }

  #name(alias: number, entry: number): void {
    const first = this.#named.at(alias);
    if (first === 0) this.#named.set(alias, entry);
    else if (first !== entry) {
      const more = this.#more.get(alias);
      if (more === undefined) this.#more.set(alias, [entry]);
      else if (!more.includes(entry)) more.push(entry);
    }
  }

  #eachLink(told: (kind: MemberRef['kind'], member: number, group: number) => void): void {
    for (let link = 0; link < this.#into.length; link += 1) {
      for (const into of this.#entriesOf(this.#into.at(link))) {
        if (kindOf(into) !== 'group') continue;
        for (const of of this.#entriesOf(this.#of.at(link))) told(kindOf(of), numberOf(of), numberOf(into));
      }
    }
  }

  #entriesOf(alias: number): readonly number[] {
    const first = this.#named.at(alias);
    if (first === 0) return NOBODY;
    const more = this.#more.get(alias);
    return more === undefined ? [first] : [first, ...more];
  }

  /** References that name nobody who was read. */
  #dangling(): number {
    let count = 0;
    for (let link = 0; link < this.#of.length; link += 1) if (this.#named.at(this.#of.at(link)) === 0) count += 1;
    return count;
  }
}

/** The groups of all people one after the other, and where each person's begin and end. */
interface Resolved {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly groups: Uint32Array;
  readonly nesting: readonly Nesting[];
}

const NOBODY: readonly number[] = [];

/** Sorts the numbers and moves each to the front once; gives how many those are. */
function eachOnce(numbers: Uint32Array): number {
  if (numbers.length < 2) return numbers.length;
  numbers.sort();
  let count = 1;
  for (let at = 1; at < numbers.length; at += 1) {
    const number = numbers[at] ?? 0;
    if (number === numbers[count - 1]) continue;
    numbers[count] = number;
    count += 1;
  }
  return count;
}

/** An entry as one number, never 0. */
function encode(kind: MemberRef['kind'], entry: number): number {
  return (entry + 1) * 2 + (kind === 'person' ? 0 : 1);
}

function kindOf(entry: number): MemberRef['kind'] {
  return entry % 2 === 0 ? 'person' : 'group';
}

function numberOf(entry: number): number {
  return Math.floor(entry / 2) - 1;
}

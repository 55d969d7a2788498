// Learning: what a reading changes in the facts of its own connection. A reading withdraws only what its connection
// gave (law 3); what it does not say stays as it was (law 4); nobody goes unless it says so (law 5).
import type { Group, Link, MemberRef, Person } from './fact.ts';
import type { ConnectionId, Instant } from './ids.ts';
import type { PersonSaid, PushReading } from './reading.ts';

/** The facts of one connection, as far as a reading can touch them. */
export interface KnownFacts {
  readonly person: (externalId: string) => Person | undefined;
  readonly group: (externalId: string) => Group | undefined;
  /** Direct links in which it is the member. */
  readonly linksOf: (member: MemberRef) => readonly Link[];
  /** Direct links into the group. */
  readonly linksInto: (group: string) => readonly Link[];
}

export interface FactChanges {
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
  readonly linked: readonly Link[];
  readonly unlinked: readonly Link[];
}

export function learn(known: KnownFacts, reading: PushReading): FactChanges {
  const { connection, at } = reading;
  const people = new Map<string, Person>();
  const groups = new Map<string, Group>();
  const links = new LinkChanges(known, at);
  // Said and let go at once is let go: a reading is one moment, and the departure is its last word.
  const gone = new Set(reading.peopleGone);
  const goneGroups = new Set(reading.groupsGone);
  const saidGroups = reading.groups.filter(({ externalId }) => !goneGroups.has(externalId));
  const saidPeople = reading.people.filter(({ externalId }) => !gone.has(externalId));

  for (const said of saidGroups) {
    const before = known.group(said.externalId);
    const after: Group = {
      connection,
      externalId: said.externalId,
      name: said.name,
      nameKey: said.nameKey,
      present: true,
      since: before?.present === true ? before.since : at,
    };
    // Its last word counts, also within one reading.
    if (before === undefined || !same(before, after)) groups.set(said.externalId, after);
    else groups.delete(said.externalId);
  }
  for (const said of saidPeople) {
    const before = known.person(said.externalId);
    const after = mergePerson(connection, before, said, at);
    if (before === undefined || !same(before, after)) people.set(said.externalId, after);
    else people.delete(said.externalId);
  }
  /** Nobody can be linked to what has been let go: its groups would come back with it. */
  const isThere = ({ kind, externalId }: MemberRef): boolean =>
    kind === 'person'
      ? !gone.has(externalId) && (people.get(externalId) ?? known.person(externalId))?.present === true
      : !goneGroups.has(externalId) && (groups.get(externalId) ?? known.group(externalId))?.present === true;
  const isThereGroup = (externalId: string): boolean => isThere({ kind: 'group', externalId });

  for (const { externalId, members } of saidGroups) {
    if (members !== 'unknown') links.replaceMembers(externalId, members.filter(isThere));
  }
  for (const said of saidPeople) {
    if (said.groups === 'unknown') continue;
    links.replaceGroups({ kind: 'person', externalId: said.externalId }, said.groups.filter(isThereGroup));
  }
  for (const { group, member } of reading.joins) if (isThere(member) && isThereGroup(group)) links.add(group, member);
  for (const { group, member } of reading.leaves) links.remove(group, member);
  for (const externalId of gone) {
    const before = known.person(externalId);
    if (before?.present === true) people.set(externalId, { ...before, present: false, presentSince: at });
    // A returning person's groups do not come back by themselves (organizations.md section 5).
    links.removeAllOf({ kind: 'person', externalId });
  }
  for (const externalId of goneGroups) {
    const before = known.group(externalId);
    if (before?.present === true) groups.set(externalId, { ...before, present: false, since: at });
    links.removeAllOf({ kind: 'group', externalId });
    links.replaceMembers(externalId, []);
  }
  return { people: [...people.values()], groups: [...groups.values()], ...links.changes() };
}

/** The person as the reading leaves them; `since` moves only when the value does. */
function mergePerson(connection: ConnectionId, before: Person | undefined, said: PersonSaid, at: Instant): Person {
  return {
    connection,
    externalId: said.externalId,
    present: true,
    presentSince: before?.present === true ? before.presentSince : at,
    active: said.active,
    activeSince: before !== undefined && before.active === said.active ? before.activeSince : at,
    attributes: said.attributes,
  };
}

interface Wanted {
  readonly link: Link;
  there: boolean;
  readonly was: boolean;
}

function memberKey({ kind, externalId }: MemberRef): string {
  return `${kind} ${externalId}`;
}

/** Collects link changes over the known links, so that a link named twice is one and a removed one can be added again. */
class LinkChanges {
  readonly #known: KnownFacts;
  readonly #at: Instant;
  /** By member, then by group. */
  readonly #wanted = new Map<string, { readonly groups: Map<string, Wanted>; readonly known: ReadonlySet<string> }>();

  constructor(known: KnownFacts, at: Instant) {
    this.#known = known;
    this.#at = at;
  }

  add(group: string, member: MemberRef): void {
    this.#set({ group, member, since: this.#at }, true);
  }

  remove(group: string, member: MemberRef): void {
    this.#set({ group, member, since: this.#at }, false);
  }

  replaceMembers(group: string, members: readonly MemberRef[]): void {
    for (const link of this.#known.linksInto(group)) this.#set(link, false);
    for (const member of members) this.add(group, member);
  }

  replaceGroups(member: MemberRef, groups: readonly string[]): void {
    this.removeAllOf(member);
    for (const group of groups) this.add(group, member);
  }

  removeAllOf(member: MemberRef): void {
    for (const link of this.#known.linksOf(member)) this.#set(link, false);
    for (const wanted of this.#wanted.get(memberKey(member))?.groups.values() ?? []) wanted.there = false;
  }

  changes(): { linked: Link[]; unlinked: Link[] } {
    const entries = [...this.#wanted.values()].flatMap(({ groups }) => [...groups.values()]);
    return {
      linked: entries.filter(({ there, was }) => there && !was).map(({ link }) => link),
      unlinked: entries.filter(({ there, was }) => !there && was).map(({ link }) => link),
    };
  }

  #set(link: Link, there: boolean): void {
    const key = memberKey(link.member);
    let wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      // Looked through once a member: somebody may be in 5,000 groups.
      const known = new Set(this.#known.linksOf(link.member).map(({ group }) => group));
      wanted = { groups: new Map(), known };
      this.#wanted.set(key, wanted);
    }
    const entry = wanted.groups.get(link.group);
    if (entry !== undefined) entry.there = there;
    else wanted.groups.set(link.group, { link, there, was: wanted.known.has(link.group) });
  }
}

function same(a: Person | Group, b: Person | Group): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

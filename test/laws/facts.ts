// The facts of one connection in memory, and whom a change of them can touch.
import type { Group, Link, MemberRef, Person } from '../../src/core/fact.ts';
import type { FactChanges, KnownFacts } from '../../src/core/learn.ts';

export class Facts {
  readonly people = new Map<string, Person>();
  readonly groups = new Map<string, Group>();
  readonly links = new Map<string, Link>();
  /** Missed once by a complete read of a source that cannot be asked again. */
  readonly missed = new Set<string>();

  known(): KnownFacts {
    const all = [...this.links.values()];
    return {
      person: (id) => this.people.get(id),
      group: (id) => this.groups.get(id),
      linksOf: (member) => all.filter((link) => sameMember(link.member, member)),
      linksInto: (group) => all.filter((link) => link.group === group),
    };
  }

  write(changes: FactChanges): void {
    for (const person of changes.people) this.people.set(person.externalId, person);
    for (const group of changes.groups) this.groups.set(group.externalId, group);
    for (const link of changes.unlinked) this.links.delete(linkKey(link));
    for (const link of changes.linked) this.links.set(linkKey(link), link);
  }

  linksOf(kind: MemberRef['kind'], externalId: string): Link[] {
    return [...this.links.values()].filter((link) => sameMember(link.member, { kind, externalId }));
  }

  /** Group id → ids of the groups that it is directly in. */
  parents(): Map<string, string[]> {
    const parents = new Map<string, string[]>();
    for (const { group, member } of this.links.values()) {
      if (member.kind === 'group') parents.set(member.externalId, [...(parents.get(member.externalId) ?? []), group]);
    }
    return parents;
  }

  /** External people whom the change can touch: those it names, and everybody below a group it names. */
  touchedBy(changes: FactChanges): Set<string> {
    const edges = [...this.links.values(), ...changes.unlinked];
    const moved = [...changes.linked, ...changes.unlinked].map(({ member }) => member);
    const groups = new Set([
      ...changes.groups.map(({ externalId }) => externalId),
      ...moved.filter(({ kind }) => kind === 'group').map(({ externalId }) => externalId),
    ]);
    const people = new Set([
      ...changes.people.map(({ externalId }) => externalId),
      ...moved.filter(({ kind }) => kind === 'person').map(({ externalId }) => externalId),
    ]);
    for (const group of groups) {
      for (const { member } of edges.filter((link) => link.group === group)) {
        (member.kind === 'group' ? groups : people).add(member.externalId);
      }
    }
    return people;
  }

  /** Everything, in one comparable text. */
  text(): string {
    const sorted = (map: ReadonlyMap<string, unknown>): unknown[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([sorted(this.people), sorted(this.groups), sorted(this.links)]);
  }
}

export function linkKey({ group, member }: Pick<Link, 'group' | 'member'>): string {
  return `${group} ${member.kind} ${member.externalId}`;
}

function sameMember(a: MemberRef, b: MemberRef): boolean {
  return a.kind === b.kind && a.externalId === b.externalId;
}

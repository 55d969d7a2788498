// A whole directory read reduced to a push, the way the store does it: everybody seen with their complete list of
// groups; gone are only those whose absence is proved (law 5). An incomplete read takes nothing away.
import type { MemberRef } from '../../src/core/fact.ts';
import type { ConnectionId, Instant } from '../../src/core/ids.ts';
import type { PersonSaid, PushReading } from '../../src/core/reading.ts';
import type { Facts } from './facts.ts';

export interface DirectorySaid {
  readonly kind: 'directory';
  readonly connection: ConnectionId;
  readonly people: readonly Omit<PersonSaid, 'groups'>[];
  readonly groups: readonly { readonly externalId: string; readonly name: string; readonly nameKey: string }[];
  readonly links: readonly { readonly group: string; readonly member: MemberRef }[];
  /** Every page arrived. */
  readonly complete: boolean;
  /** Absent people and groups whom the source finds when asked by id; null where it cannot be asked. */
  readonly foundByLookUp: readonly string[] | null;
}

export function reduceRead(facts: Facts, said: DirectorySaid, at: Instant): PushReading {
  const seen = new Set(said.groups.map(({ externalId }) => externalId));
  const met = new Set([...said.people, ...said.groups].map(({ externalId }) => externalId));
  // A link leads nowhere unless both its ends were read.
  const links = said.links.filter(({ group, member }) => seen.has(group) && met.has(member.externalId));
  const push = {
    kind: 'push' as const,
    connection: said.connection,
    at,
    groups: said.groups.map((group) => ({ ...group, members: 'unknown' as const })),
  };
  if (!isComplete(facts, said)) {
    const people = said.people.map((person) => ({ ...person, groups: 'unknown' as const }));
    return { ...push, people, joins: links, leaves: [], peopleGone: [], groupsGone: [] };
  }
  const nesting = links.filter(({ member }) => member.kind === 'group');
  return {
    ...push,
    people: said.people.map((person) => ({ ...person, groups: groupsOf(links, person.externalId) })),
    joins: nesting,
    leaves: [...facts.links.values()].filter(
      ({ group, member }) =>
        member.kind === 'group' &&
        seen.has(group) &&
        seen.has(member.externalId) &&
        !nesting.some((link) => link.group === group && link.member.externalId === member.externalId),
    ),
    peopleGone: provenAbsent(facts, said, 'person'),
    groupsGone: provenAbsent(facts, said, 'group'),
  };
}

/** Zero people, where the last good read had any, is not complete. */
export function isComplete(facts: Facts, said: DirectorySaid): boolean {
  return said.complete && (said.people.length > 0 || ![...facts.people.values()].some(({ present }) => present));
}

function groupsOf(links: DirectorySaid['links'], person: string): string[] {
  return links
    .filter(({ member }) => member.kind === 'person' && member.externalId === person)
    .map(({ group }) => group);
}

function provenAbsent(facts: Facts, said: DirectorySaid, kind: MemberRef['kind']): string[] {
  const [known, read] = kind === 'person' ? [facts.people, said.people] : [facts.groups, said.groups];
  const seen = new Set(read.map(({ externalId }) => externalId));
  for (const id of seen) facts.missed.delete(`${kind} ${id}`);
  const absent = [...known.values()].filter(({ present, externalId }) => present && !seen.has(externalId));
  return absent
    .map(({ externalId }) => externalId)
    .filter((id) => {
      if (said.foundByLookUp !== null) return !said.foundByLookUp.includes(id);
      const twice = facts.missed.has(`${kind} ${id}`);
      facts.missed.add(`${kind} ${id}`);
      return twice;
    });
}

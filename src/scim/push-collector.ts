// What one request says, gathered into one reading so that the brake judges it whole (law 6). A bulk request may speak
// of one person or member several times: its last word counts.
import type { MemberRef } from '../core/fact.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { GroupSaid, PersonSaid, PushReading } from '../core/reading.ts';

export class PushCollector {
  readonly #people = new Map<string, PersonSaid | null>();
  readonly #groups = new Map<string, GroupSaid | null>();
  readonly #links = new Map<string, { readonly group: string; readonly member: MemberRef; readonly joins: boolean }>();

  person(said: PersonSaid): void {
    this.#people.set(said.externalId, said);
  }

  personGone(externalId: string): void {
    this.#people.set(externalId, null);
    this.#forgetLinks((_group, member) => member.kind === 'person' && member.externalId === externalId);
  }

  group(externalId: string, name: string, nameKey: string): void {
    this.#groups.set(externalId, { externalId, name, nameKey, members: 'unknown' });
  }

  groupGone(externalId: string): void {
    this.#groups.set(externalId, null);
    this.#forgetLinks(
      (group, member) => group === externalId || (member.kind === 'group' && member.externalId === externalId),
    );
  }

  join(group: string, member: MemberRef): void {
    this.#links.set(linkKey(group, member), { group, member, joins: true });
  }

  leave(group: string, member: MemberRef): void {
    this.#links.set(linkKey(group, member), { group, member, joins: false });
  }

  /** The members of a group once what was said so far is so. */
  membersNow(group: string, stored: readonly MemberRef[]): MemberRef[] {
    const members = new Map(stored.map((member) => [linkKey(group, member), member]));
    for (const [key, link] of this.#links) {
      if (link.group !== group) continue;
      if (link.joins) members.set(key, link.member);
      else members.delete(key);
    }
    return [...members.values()];
  }

  /** Null where nothing was said. */
  reading(connection: ConnectionId, at: Instant): PushReading | null {
    if (this.#people.size + this.#groups.size + this.#links.size === 0) return null;
    const links = [...this.#links.values()];
    return {
      kind: 'push',
      connection,
      at,
      people: [...this.#people.values()].filter((said) => said !== null),
      groups: [...this.#groups.values()].filter((said) => said !== null),
      joins: links.filter(({ joins }) => joins).map(({ group, member }) => ({ group, member })),
      leaves: links.filter(({ joins }) => !joins).map(({ group, member }) => ({ group, member })),
      peopleGone: [...this.#people].filter(([, said]) => said === null).map(([id]) => id),
      groupsGone: [...this.#groups].filter(([, said]) => said === null).map(([id]) => id),
    };
  }

  #forgetLinks(ends: (group: string, member: MemberRef) => boolean): void {
    for (const [key, { group, member }] of this.#links) if (ends(group, member)) this.#links.delete(key);
  }
}

function linkKey(group: string, { kind, externalId }: MemberRef): string {
  return JSON.stringify([group, kind, externalId]);
}

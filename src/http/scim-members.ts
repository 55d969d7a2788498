// Who really comes to a group and goes, by what a request says of its members and what is so.
import type { MemberRef } from '../core/fact.ts';
import { elementMatches } from '../scim/element-match.ts';
import type { Filter } from '../scim/filter.ts';
import type { MemberDelta } from '../scim/member-delta.ts';
import { mixed } from '../scim/member-delta.ts';
import { comparisonsIn } from '../scim/patch-list.ts';
import { refuse, shown } from '../scim/scim-error.ts';
import { allMembers, loadMembers, membersAmong } from '../store/scim-members.ts';
import { scimTypes } from '../store/scim-resources.ts';
import { memberElement } from './scim-present.ts';
import type { Writing } from './scim-write.ts';

export interface LinkChanges {
  readonly joins: readonly MemberRef[];
  readonly leaves: readonly MemberRef[];
}

/** Who really comes and goes. Only a list that replaces the whole one needs the whole one. */
export async function memberChanges(writing: Writing, group: string, delta: MemberDelta | null): Promise<LinkChanges> {
  if (delta === null) return { joins: [], leaves: [] };
  const { db, desk, connection, collector } = writing;
  // Who is named may have been made by an operation before this one.
  await desk.flush();
  const types = await scimTypes(db, connection, delta.joins);
  const unknown = delta.joins.filter((id) => !types.has(id));
  if (unknown.length > 0) {
    const more = unknown.length > 1 ? ` (and ${unknown.length - 1} more)` : '';
    throw refuse(
      'invalidValue',
      `"${shown(unknown[0])}"${more} can't be a member: this connection has no such User or Group`,
    );
  }
  const wanted = delta.joins.map((externalId): MemberRef => {
    return { kind: types.get(externalId) === 'Group' ? 'group' : 'person', externalId };
  });
  const leaves = [...delta.leaves, ...(await chosenMembers(writing, group, delta.chosen))];
  const stored = delta.replaced
    ? await allMembers(db, connection, group)
    : await membersAmong(db, connection, group, [...delta.joins, ...leaves]);
  const members = collector.membersNow(group, stored);
  const present = new Set(members.map(({ externalId }) => externalId));
  const leaving = delta.replaced ? null : new Set(leaves);
  const staying = new Set(delta.joins);
  return {
    joins: wanted.filter(({ externalId }) => !present.has(externalId)),
    leaves: members.filter(({ externalId }) => (leaving === null ? !staying.has(externalId) : leaving.has(externalId))),
  };
}

/** More than a request may compare: a group so large is refused, and never looked through in part. */
const MOST_MEMBERS = 1_000_001;

/** The members whom the filters mean. */
async function chosenMembers(writing: Writing, group: string, filters: readonly Filter[]): Promise<string[]> {
  if (filters.length === 0) return [];
  const { db, connection, base, collector, work } = writing;
  const links = await loadMembers(db, connection, [group], MOST_MEMBERS);
  const known = new Set(links.map(({ member }) => member.externalId));
  const now = collector.membersNow(
    group,
    links.map(({ member }) => member),
  );
  // Of whom an operation before this one has added, no link tells the name yet.
  if (now.some(({ externalId }) => !known.has(externalId))) throw mixed();
  for (const filter of filters) work.take(links.length * comparisonsIn(filter));
  return links
    .filter((link) => filters.some((filter) => elementMatches(memberElement(base, link), filter)))
    .map(({ member }) => member.externalId);
}

// Who is in which group, as SCIM shows it: read from the fact links, of which there is no second copy.
import type { MemberRef } from '../core/fact.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';

export interface ShownLink {
  readonly group: string;
  readonly member: MemberRef;
  /** Name of the other end. */
  readonly display: string;
}

interface Row {
  in_group: string;
  member: string;
  member_kind: MemberRef['kind'];
  display: string;
}

function fromRow(row: Row): ShownLink {
  return {
    group: row.in_group,
    member: { kind: row.member_kind, externalId: row.member },
    display: row.display,
  };
}

/** The members of these groups, at most `limit`. */
export async function loadMembers(
  db: Database,
  connection: ConnectionId,
  groups: readonly string[],
  limit: number,
): Promise<ShownLink[]> {
  const rows: Row[] = await db('links')
    .join('scim_resources', (join) => {
      join.on('scim_resources.connection', 'links.connection').andOn('scim_resources.id', 'links.member');
    })
    .where({ 'links.connection': connection })
    .whereIn('links.in_group', [...groups])
    .orderBy(['links.in_group', 'links.member'])
    .limit(limit)
    .select('links.in_group', 'links.member', 'links.member_kind', 'scim_resources.display');
  return rows.map(fromRow);
}

/** The groups that these people are directly in. */
export async function loadGroupsOf(
  db: Database,
  connection: ConnectionId,
  people: readonly string[],
): Promise<ShownLink[]> {
  const links: ShownLink[] = [];
  for (const ids of inGroups(people)) {
    const rows: Row[] = await db('links')
      .join('scim_resources', (join) => {
        join.on('scim_resources.connection', 'links.connection').andOn('scim_resources.id', 'links.in_group');
      })
      .where({ 'links.connection': connection, 'links.member_kind': 'person' })
      .whereIn('links.member', [...ids])
      .orderBy('links.in_group')
      .select('links.in_group', 'links.member', 'links.member_kind', 'scim_resources.display');
    links.push(...rows.map(fromRow));
  }
  return links;
}

/** Which of these are in the group now; looked up by key, so that the size of the group does not matter. */
export async function membersAmong(
  db: Database,
  connection: ConnectionId,
  group: string,
  members: readonly string[],
): Promise<MemberRef[]> {
  const found: MemberRef[] = [];
  for (const ids of inGroups(members)) {
    const rows: Pick<Row, 'member' | 'member_kind'>[] = await db('links')
      .where({ connection, in_group: group })
      .whereIn('member_kind', ['person', 'group'])
      .whereIn('member', [...ids])
      .select('member', 'member_kind');
    found.push(...rows.map((row) => ({ kind: row.member_kind, externalId: row.member })));
  }
  return found;
}

/** Everybody in the group: for a request that replaces the whole list. */
export async function allMembers(db: Database, connection: ConnectionId, group: string): Promise<MemberRef[]> {
  const rows: Pick<Row, 'member' | 'member_kind'>[] = await db('links')
    .where({ connection, in_group: group })
    .select('member', 'member_kind');
  return rows.map((row) => ({ kind: row.member_kind, externalId: row.member }));
}

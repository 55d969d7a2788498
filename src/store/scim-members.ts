// Who is in which group, as SCIM shows it: read from the fact links, of which there is no second copy.
import type { MemberRef } from '../core/fact.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { oneOf, rowsOf } from './statement.ts';

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

/** The groups that these people are directly in. (A join would be planned anew by SQLite at each call.) */
export async function loadGroupsOf(
  db: Database,
  connection: ConnectionId,
  people: readonly string[],
): Promise<ShownLink[]> {
  if (people.length === 0) return [];
  const rows = await rowsOf<Row>(
    db,
    `SELECT in_group, member, member_kind,
       (SELECT r.display FROM scim_resources r WHERE r.connection = l.connection AND r.id = l.in_group) AS display
     FROM links l WHERE connection = ? AND member_kind = 'person' AND ${oneOf(db, 'member')}`,
    [connection, people],
  );
  return rows.map(fromRow).sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Which of these are in the group now; looked up by key, so that the size of the group does not matter. */
export async function membersAmong(
  db: Database,
  connection: ConnectionId,
  group: string,
  members: readonly string[],
): Promise<MemberRef[]> {
  if (members.length === 0) return [];
  const rows = await rowsOf<Pick<Row, 'member' | 'member_kind'>>(
    db,
    `SELECT member, member_kind FROM links
     WHERE connection = ? AND member_kind IN ('person', 'group') AND ${oneOf(db, 'member')} AND in_group = ?`,
    [connection, members, group],
  );
  return rows.map((row) => ({ kind: row.member_kind, externalId: row.member }));
}

/** Everybody in the group: for a request that replaces the whole list. */
export async function allMembers(db: Database, connection: ConnectionId, group: string): Promise<MemberRef[]> {
  const rows: Pick<Row, 'member' | 'member_kind'>[] = await db('links')
    .where({ connection, in_group: group })
    .select('member', 'member_kind');
  return rows.map((row) => ({ kind: row.member_kind, externalId: row.member }));
}

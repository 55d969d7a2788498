// Groups by where they stand: around others, inside others, or under the name that a mapping gives. Read step by step
// from the links, so that the cost is that of the groups found and not of all that the connection has.
import type { Group } from '../core/fact.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { loadGroups, loadLinksOf } from './facts.ts';
import { oneOf, rowsOf } from './statement.ts';

export interface GroupsAround {
  readonly groups: ReadonlyMap<string, Group>;
  /** Group id → ids of the groups that it is directly in, of every group found. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

/** These groups and all around them; each once, so that cycles end. */
export async function loadGroupsAround(
  db: Database,
  connection: ConnectionId,
  ids: Iterable<string>,
): Promise<GroupsAround> {
  const found = new Set(ids);
  const parents = new Map<string, string[]>();
  for (let next = [...found]; next.length > 0; ) {
    const links = await loadLinksOf(db, connection, 'group', next);
    for (const { group, member } of links) {
      parents.set(member.externalId, [...(parents.get(member.externalId) ?? []), group]);
    }
    next = [...new Set(links.map(({ group }) => group))].filter((id) => !found.has(id));
    for (const id of next) found.add(id);
  }
  return { groups: await loadGroups(db, connection, [...found]), parents };
}

/** Ids of the groups that stand inside these, at any depth. */
export async function groupsInside(db: Database, connection: ConnectionId, ids: Iterable<string>): Promise<string[]> {
  const found = new Set(ids);
  const outermost = found.size;
  for (let next = [...found]; next.length > 0; ) {
    const inside = await directlyInside(db, connection, next);
    next = inside.filter((id) => !found.has(id));
    for (const id of next) found.add(id);
  }
  return [...found].slice(outermost);
}

async function directlyInside(db: Database, connection: ConnectionId, groups: readonly string[]): Promise<string[]> {
  const rows = await rowsOf<{ member: string }>(
    db,
    `SELECT DISTINCT member FROM links WHERE connection = ? AND member_kind = 'group' AND ${oneOf(db, 'in_group')}`,
    [connection, groups],
  );
  return rows.map(({ member }) => member);
}

/** Ids of the present groups whose name is one of these. */
export async function groupsNamed(
  db: Database,
  connection: ConnectionId,
  nameKeys: readonly string[],
): Promise<string[]> {
  if (nameKeys.length === 0) return [];
  const rows = await rowsOf<{ external_id: string }>(
    db,
    `SELECT external_id FROM external_groups WHERE connection = ? AND present = 1 AND ${oneOf(db, 'name_key')}`,
    [connection, nameKeys],
  );
  return rows.map(({ external_id: id }) => id);
}

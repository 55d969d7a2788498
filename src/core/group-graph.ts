// Which mappings a group answers to: its own and those of every group around it. Groups inside groups expand,
// bounded by the number of groups, and cycles end (organizations.md section 4, "Names and ids").
import type { Connection, Mapping } from './connection.ts';
import { reaches } from './connection.ts';
import type { Group } from './fact.ts';

/** One mapping met by a group: the mapped group itself, or one that stands inside it. */
export interface Match {
  readonly mapping: Mapping;
  /** The group that the mapping names. */
  readonly mapped: Group;
}

/** One connection with its groups and open mappings, ready to be asked which mappings a group meets. */
export interface ConnectionView {
  readonly connection: Connection;
  readonly mappings: readonly Mapping[];
  readonly groups: ReadonlyMap<string, Group>;
  /** Group id → ids of the groups that it is directly in. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
  readonly matches: (groupId: string) => readonly Match[];
}

/**
 * Puts a connection, its mappings and its groups together. `groups` must hold every group that the ones asked for
 * stand in; groups below them are not needed.
 */
export function viewConnection(
  connection: Connection,
  mappings: readonly Mapping[],
  groups: ReadonlyMap<string, Group>,
  parents: ReadonlyMap<string, readonly string[]>,
): ConnectionView {
  const live = mappings.filter((mapping) => mapping.connection === connection.id && reaches(mapping, connection));
  const byName = Map.groupBy(
    live.filter((mapping) => mapping.groupBy === 'name'),
    (mapping) => mapping.groupKey,
  );
  const byId = Map.groupBy(
    live.filter((mapping) => mapping.groupBy === 'id'),
    (mapping) => mapping.groupKey,
  );
  const known = new Map<string, readonly Match[]>();

  const own = (group: Group): Match[] =>
    [...(byName.get(group.nameKey) ?? []), ...(byId.get(group.externalId) ?? [])].map((mapping) => ({
      mapping,
      mapped: group,
    }));

  // A group that is gone gives nothing, and nothing reaches through it.
  const standing = new Map([...parents].filter(([id]) => groups.get(id)?.present === true));

  const matches = (groupId: string): readonly Match[] => {
    const cached = known.get(groupId);
    if (cached !== undefined) return cached;
    const found: Match[] = [];
    for (const id of withAncestors(groupId, standing)) {
      const group = groups.get(id);
      if (group?.present === true) found.push(...own(group));
    }
    known.set(groupId, found);
    return found;
  };

  return { connection, mappings: live, groups, parents, matches };
}

/** The group itself and every group around it, each once. */
export function withAncestors(groupId: string, parents: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set([groupId]);
  for (const id of seen) for (const parent of parents.get(id) ?? []) seen.add(parent);
  return seen;
}

// Which groups each name mapping brought people through, and what to tell of mappings that match nothing.
import type { Mapping } from '../core/connection.ts';
import { describeMapping } from '../core/grant.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import { setLastMatched } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { viewOf } from './landscape.ts';
import { nearest } from '../core/nearest.ts';

/** Remembers the groups that mappings match now; a mapping that matches none keeps what it matched last. */
export async function rememberMatches(db: Database, landscape: Landscape, connection: ConnectionId): Promise<void> {
  const view = viewOf(landscape, connection);
  const byName = presentByName(view);
  for (const mapping of view.mappings) {
    if (mapping.groupBy !== 'name') continue;
    const now = (byName.get(mapping.groupKey) ?? []).map(({ externalId }) => externalId).sort();
    if (now.length > 0 && now.join() !== mapping.lastMatched.join()) await setLastMatched(db, mapping.id, now);
  }
}

function presentByName(view: ConnectionView): ReadonlyMap<string, { readonly externalId: string }[]> {
  return Map.groupBy(
    [...view.groups.values()].filter(({ present }) => present),
    ({ nameKey }) => nameKey,
  );
}

/** One line for each mapping that matches no group: what its group is called now, or the nearest name there is. */
export function mappingWarnings(view: ConnectionView): string[] {
  const byName = presentByName(view);
  return view.mappings.flatMap((mapping) => {
    const found =
      mapping.groupBy === 'name' ? byName.has(mapping.groupKey) : view.groups.get(mapping.groupKey)?.present === true;
    return found ? [] : [`mapping ${describeMapping(mapping)}: ${whyNone(view, mapping)}`];
  });
}

function whyNone(view: ConnectionView, mapping: Mapping): string {
  const id = view.connection.id;
  const renamed = mapping.lastMatched.flatMap((group) => {
    const now = view.groups.get(group);
    return now?.present === true ? [now.name] : [];
  });
  if (renamed.length > 0) return `its group is now called ${renamed.join(', ')}; map that name, or its stable id`;
  if (mapping.lastMatched.length > 0) return `its group is no longer in ${id}`;
  if (view.groups.size === 0) return `${id} has no groups yet`;
  const present = [...view.groups.values()].filter((group) => group.present);
  const choices = present.map((group) => (mapping.groupBy === 'name' ? group.name : group.externalId));
  const close = nearest(mapping.group, choices, 1);
  return close === null ? `${id} has no such group` : `${id} has no such group; the nearest is ${close}`;
}

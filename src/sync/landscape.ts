// The landscape that a plan is made in, read from the store, or as it will be once a reading's groups are written.
import type { FactChanges } from '../core/learn.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { ConnectionId, OrganizationId } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import { serves } from '../core/grant.ts';
import type { Database } from '../store/database.ts';
import { loadGroups, loadNesting } from '../store/facts.ts';
import { loadOutline } from './outline.ts';

/** Everything, with all groups of every connection that has mappings. */
export async function loadLandscape(db: Database): Promise<Landscape> {
  const { organizations, connections: outlines } = (await loadOutline(db)).landscape;
  const connections: ConnectionView[] = [];
  for (const outline of outlines) {
    const { connection, mappings } = outline;
    // Without mappings no group gives anything, so none needs to be read.
    if (mappings.length === 0) connections.push(outline);
    else {
      const groups = await loadGroups(db, connection.id);
      connections.push(viewConnection(connection, mappings, groups, await loadNesting(db, connection.id)));
    }
  }
  return { organizations, connections };
}

export function viewOf(landscape: Landscape, connection: ConnectionId): ConnectionView {
  const view = landscape.connections.find((one) => one.connection.id === connection);
  if (view === undefined) throw new Error(`connection ${connection} is not in the landscape`);
  return view;
}

/** The organizations in which the connection has a word. */
export function servedBy(landscape: Landscape, connection: ConnectionId): OrganizationId[] {
  const view = viewOf(landscape, connection);
  return [...landscape.organizations.values()].filter((one) => serves(view, one)).map(({ id }) => id);
}

/** The landscape with one connection's view replaced. */
export function withView(landscape: Landscape, view: ConnectionView): Landscape {
  if (landscape.connections.includes(view)) return landscape;
  const connections = landscape.connections.map((one) => (one.connection.id === view.connection.id ? view : one));
  return { ...landscape, connections };
}

/** The view once the groups and nested links among these changes are written. */
export function overlayGroups(view: ConnectionView, changes: FactChanges): ConnectionView {
  const nested = [...changes.linked, ...changes.unlinked].filter(({ member }) => member.kind === 'group');
  if (changes.groups.length === 0 && nested.length === 0) return view;
  const groups = new Map(view.groups);
  for (const group of changes.groups) groups.set(group.externalId, group);
  const parents = new Map(view.parents);
  for (const { group, member } of changes.unlinked) {
    if (member.kind !== 'group') continue;
    parents.set(
      member.externalId,
      (parents.get(member.externalId) ?? []).filter((parent) => parent !== group),
    );
  }
  for (const { group, member } of changes.linked) {
    if (member.kind === 'group') parents.set(member.externalId, [...(parents.get(member.externalId) ?? []), group]);
  }
  return viewConnection(view.connection, view.mappings, groups, parents);
}

/** The groups that answer to a mapping. */
export function mappedGroups(view: ConnectionView): string[] {
  return [...view.groups.keys()].filter((group) => view.matches(group).length > 0);
}

/** Groups that meet other mappings, or meet them under another name, in `after` than in `before`. */
export function groupsThatDiffer(before: ConnectionView, after: ConnectionView): string[] {
  if (before === after) return [];
  const told = (view: ConnectionView, group: string): string =>
    view
      .matches(group)
      .map(({ mapping, mapped }) => JSON.stringify([mapping.id, mapped.externalId, mapped.name, mapping.workspace]))
      .sort()
      .join();
  const ids = new Set([...before.groups.keys(), ...after.groups.keys()]);
  return [...ids].filter((id) => told(before, id) !== told(after, id));
}

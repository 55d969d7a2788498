// As much of the landscape as a push needs: the groups that it names and the people it touches are in, the groups
// around those, and the groups that mappings name. What it costs does not grow with what the connection has besides.
import type { LinkedPerson } from '../core/grant.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Dossier, Landscape } from '../core/plan.ts';
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { groupsInside, groupsNamed, loadGroupsAround } from '../store/groups-around.ts';
import { viewOf, withView } from './landscape.ts';

/** The landscape with the groups that the reading speaks of, and all that stand inside groups that it changes. */
export async function loadSurroundings(db: Database, outline: Landscape, reading: PushReading): Promise<Landscape> {
  const { connection } = reading;
  const view = viewOf(outline, connection);
  if (view.mappings.length === 0) return outline;
  const nested = [...reading.joins, ...reading.leaves].flatMap(({ member }) =>
    member.kind === 'group' ? [member.externalId] : [],
  );
  const listed = reading.groups.flatMap(({ members }) => (members === 'unknown' ? [] : members));
  const changed = [
    ...reading.groups.map(({ externalId }) => externalId),
    ...reading.groupsGone,
    ...nested,
    ...listed.flatMap(({ kind, externalId }) => (kind === 'group' ? [externalId] : [])),
  ];
  const named = [
    ...[...reading.joins, ...reading.leaves].map(({ group }) => group),
    ...reading.people.flatMap(({ groups }) => (groups === 'unknown' ? [] : groups)),
  ];
  const groups = [...changed, ...(await groupsInside(db, connection, changed)), ...named];
  return withView(outline, await openView(db, view, groups));
}

/** The landscape with the groups that these people are in; where they are all there already, nothing is read. */
export async function withGroupsOf(
  db: Database,
  landscape: Landscape,
  people: readonly LinkedPerson[],
): Promise<Landscape> {
  let wider = landscape;
  const wanted = new Map<ConnectionId, Set<string>>();
  for (const { person, groups } of people) {
    const ids = wanted.get(person.connection) ?? new Set();
    for (const { group } of groups) ids.add(group);
    wanted.set(person.connection, ids);
  }
  for (const [connection, ids] of wanted) {
    const view = viewOf(landscape, connection);
    const missing = [...ids].filter((id) => !view.groups.has(id));
    if (view.mappings.length === 0 || missing.length === 0) continue;
    wider = withView(wider, await openView(db, view, missing));
  }
  return wider;
}

export function peopleOf(dossiers: readonly Dossier[]): LinkedPerson[] {
  return dossiers.flatMap(({ people }) => people);
}

/** The view with these groups and all around them. Whether a mapping matches anything can be asked of it from then on. */
async function openView(db: Database, view: ConnectionView, groups: readonly string[]): Promise<ConnectionView> {
  const wanted = new Set(groups);
  if (view.groups.size === 0) for (const id of await mappedGroups(db, view)) wanted.add(id);
  if (wanted.size === 0) return view;
  const around = await loadGroupsAround(db, view.connection.id, wanted);
  return viewConnection(
    view.connection,
    view.mappings,
    new Map([...around.groups, ...view.groups]),
    new Map([...around.parents, ...view.parents]),
  );
}

/** The groups that mappings name now, and those that they matched before: these may be called something else by now. */
async function mappedGroups(db: Database, { connection, mappings }: ConnectionView): Promise<string[]> {
  const byName = mappings.filter(({ groupBy }) => groupBy === 'name');
  const keys = [...new Set(byName.map(({ groupKey }) => groupKey))];
  return [...byName.flatMap(({ lastMatched }) => lastMatched), ...(await groupsNamed(db, connection.id, keys))];
}

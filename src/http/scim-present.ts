// A stored resource as it is answered: what was sent, and what the server knows of it. Groups and members are looked up
// only where they are asked for.
import type { Json, JsonObject } from '../scim/json.ts';
import type { Projection } from '../scim/projection.ts';
import { isWanted, project } from '../scim/projection.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { refuse } from '../scim/scim-error.ts';
import type { Database } from '../store/database.ts';
import type { ShownLink } from '../store/scim-members.ts';
import { loadGroupsOf, loadMembers } from '../store/scim-members.ts';
import type { ScimResource } from '../store/scim-resources.ts';
import type { ScimDoor } from './scim-door.ts';

export type Resource = ScimResource<JsonObject>;

/** Where resources stand, and how much of them is shown. */
type Place = Pick<ScimDoor, 'base' | 'limits'>;

/** A resource, and what of it is asked for. */
export interface Showing {
  readonly type: ResourceType;
  readonly resource: Resource;
  readonly projection: Projection;
}

export async function presentAll(
  place: Place,
  db: Database,
  type: ResourceType,
  resources: readonly Resource[],
  projection: Projection,
): Promise<JsonObject[]> {
  const showings = resources.map((resource) => ({ type, resource, projection }));
  return (await presentEach(place, db, showings)).filter((one) => one !== null);
}

/** Each as it is asked for, those of one connection; null for null. */
export async function presentEach(
  { base, limits }: Place,
  db: Database,
  showings: readonly (Showing | null)[],
): Promise<(JsonObject | null)[]> {
  const links = new Map<string, JsonObject[]>();
  const wanting = showings.flatMap((one) => (one !== null && wantsLinks(one) ? [one] : []));
  for (const [type, list] of Map.groupBy(wanting, ({ type }) => type.name)) {
    const found = await linksOf(
      db,
      type,
      list.map(({ resource }) => resource),
      { base, limit: limits.members },
    );
    for (const [id, elements] of found) links.set(id, elements);
  }
  const wants = new Set(wanting);
  return showings.map((one) => {
    if (one === null) return null;
    const { type, resource, projection } = one;
    const { schemas = [], ...attributes } = resource.attributes;
    const list = wants.has(one) ? links.get(resource.id) : undefined;
    const whole: Record<string, Json> = { schemas, id: resource.id, ...attributes };
    if (list !== undefined) whole[type.name === 'User' ? 'groups' : 'members'] = list;
    whole['meta'] = metaOf(base, type, resource);
    return project(whole, projection);
  });
}

function wantsLinks({ type, projection }: Showing): boolean {
  return isWanted(projection, type.name === 'User' ? 'groups' : 'members');
}

export async function presentOne(place: Place, db: Database, showing: Showing): Promise<JsonObject> {
  const [one] = await presentEach(place, db, [showing]);
  return one ?? {};
}

export function locationOf(base: string, type: ResourceType, id: string): string {
  return `${base}${type.endpoint}/${id}`;
}

export function etagOf({ version }: Pick<Resource, 'version'>): string {
  return `W/"${version}"`;
}

function metaOf(base: string, type: ResourceType, resource: Resource): JsonObject {
  return {
    resourceType: type.name,
    created: resource.createdAt,
    lastModified: resource.modifiedAt,
    location: locationOf(base, type, resource.id),
    version: etagOf(resource),
  };
}

async function linksOf(
  db: Database,
  type: ResourceType['name'],
  resources: readonly Resource[],
  { base, limit }: { readonly base: string; readonly limit: number },
): Promise<Map<string, JsonObject[]>> {
  const result = new Map<string, JsonObject[]>();
  const [first] = resources;
  if (first === undefined) return result;
  const { connection } = first;
  const ids = resources.map(({ id }) => id);
  if (type === 'User') {
    for (const { group, member, display } of await loadGroupsOf(db, connection, ids)) {
      const shown = { value: group, $ref: `${base}/Groups/${group}`, display, type: 'direct' };
      push(result, member.externalId, shown);
    }
    return result;
  }
  const links = await loadMembers(db, connection, ids, limit + 1);
  // A list cut short would read as the whole one, and come back as such.
  if (links.length > limit) {
    throw refuse(
      'tooMany',
      `these groups have more than ${limit} members: ask with excludedAttributes=members, or for fewer groups`,
    );
  }
  for (const link of links) push(result, link.group, memberElement(base, link));
  return result;
}

/** A member as it stands in its group. */
export function memberElement(base: string, { member, display }: ShownLink): JsonObject {
  const isPerson = member.kind === 'person';
  const address = `${base}/${isPerson ? 'Users' : 'Groups'}/${member.externalId}`;
  return { value: member.externalId, $ref: address, type: isPerson ? 'User' : 'Group', display };
}

function push(map: Map<string, JsonObject[]>, key: string, value: JsonObject): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

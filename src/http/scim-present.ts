// A stored resource as it is answered: what was sent, and what the server knows of it. Groups and members are looked up
// only where they are asked for.
import type { ConnectionId } from '../core/ids.ts';
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

export async function presentAll(
  { base, limits }: ScimDoor,
  db: Database,
  type: ResourceType,
  resources: readonly Resource[],
  projection: Projection,
): Promise<JsonObject[]> {
  const [first] = resources;
  const links =
    first === undefined
      ? new Map<string, JsonObject[]>()
      : await linksOf(db, first.connection, type, resources, projection, { base, limit: limits.members });
  return resources.map((resource) => {
    const { schemas = [], ...attributes } = resource.attributes;
    const list = links.get(resource.id);
    const whole: Record<string, Json> = { schemas, id: resource.id, ...attributes };
    if (list !== undefined) whole[type.name === 'User' ? 'groups' : 'members'] = list;
    whole['meta'] = metaOf(base, type, resource);
    return project(whole, projection);
  });
}

export async function presentOne(
  door: ScimDoor,
  db: Database,
  type: ResourceType,
  resource: Resource,
  projection: Projection,
): Promise<JsonObject> {
  const [one = {}] = await presentAll(door, db, type, [resource], projection);
  return one;
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
  connection: ConnectionId,
  type: ResourceType,
  resources: readonly Resource[],
  projection: Projection,
  { base, limit }: { readonly base: string; readonly limit: number },
): Promise<Map<string, JsonObject[]>> {
  const ids = resources.map(({ id }) => id);
  const result = new Map<string, JsonObject[]>();
  if (type.name === 'User') {
    if (!isWanted(projection, 'groups')) return result;
    for (const { group, member, display } of await loadGroupsOf(db, connection, ids)) {
      const shown = { value: group, $ref: `${base}/Groups/${group}`, display, type: 'direct' };
      push(result, member.externalId, shown);
    }
    return result;
  }
  if (!isWanted(projection, 'members')) return result;
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

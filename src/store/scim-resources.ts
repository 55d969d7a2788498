// SCIM resources as clients pushed them, each under the id that this server gave. A deleted one stays as a tombstone,
// so that whoever comes back is known (organizations.md section 5).
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import { fromJson, inGroups } from './database.ts';

export type ScimType = 'User' | 'Group';

export interface ScimResource<Attributes = unknown> {
  readonly connection: ConnectionId;
  readonly id: string;
  readonly type: ScimType;
  /** userName or displayName of a group, folded: unique among the living. */
  readonly nameKey: string;
  /** What lists of members and groups show. */
  readonly display: string;
  readonly displayKey: string;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly attributes: Attributes;
  readonly version: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

export interface ScimRow {
  connection: ConnectionId;
  id: string;
  type: ScimType;
  name_key: string;
  display: string;
  display_key: string;
  external_id: string | null;
  active: number;
  attributes: string;
  version: number;
  created_at: Instant;
  modified_at: Instant;
  deleted_at: Instant | null;
}

export function scimFromRow<Attributes>(row: ScimRow): ScimResource<Attributes> {
  return {
    connection: row.connection,
    id: row.id,
    type: row.type,
    nameKey: row.name_key,
    display: row.display,
    displayKey: row.display_key,
    externalId: row.external_id,
    active: row.active === 1,
    attributes: fromJson<Attributes>(row.attributes),
    version: row.version,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function toRow(resource: ScimResource): Omit<ScimRow, 'deleted_at'> & { deleted_at: null } {
  return {
    connection: resource.connection,
    id: resource.id,
    type: resource.type,
    name_key: resource.nameKey,
    display: resource.display,
    display_key: resource.displayKey,
    external_id: resource.externalId,
    active: resource.active ? 1 : 0,
    attributes: JSON.stringify(resource.attributes),
    version: resource.version,
    created_at: resource.createdAt,
    modified_at: resource.modifiedAt,
    deleted_at: null,
  };
}

/** One value of a resource, as filters and sorting find it. */
export interface ScimValue {
  readonly attribute: string;
  readonly part: string;
  readonly element: number;
  readonly key: string;
}

export async function findScimResource<Attributes>(
  db: Database,
  connection: ConnectionId,
  type: ScimType,
  id: string,
): Promise<ScimResource<Attributes> | null> {
  const row: ScimRow | undefined = await db('scim_resources').where({ connection, id, type, deleted_at: null }).first();
  return row === undefined ? null : scimFromRow(row);
}

/** Id of the living resource of that name. */
export async function scimIdByName(
  db: Database,
  connection: ConnectionId,
  type: ScimType,
  nameKey: string,
): Promise<string | null> {
  const row: { id: string } | undefined = await db('scim_resources')
    .where({ connection, type, name_key: nameKey, deleted_at: null })
    .first('id');
  return row?.id ?? null;
}

/** The deleted user who comes back: the same externalId, or without one the same userName; the last one to go. */
export async function findDeparted(
  db: Database,
  connection: ConnectionId,
  who: { readonly externalId: string | null; readonly nameKey: string },
): Promise<ScimResource | null> {
  const known = who.externalId === null ? { name_key: who.nameKey } : { external_id: who.externalId };
  const row: ScimRow | undefined = await db('scim_resources')
    .where({ connection, type: 'User', ...known })
    .whereNotNull('deleted_at')
    .orderBy('deleted_at', 'desc')
    .first();
  return row === undefined ? null : scimFromRow(row);
}

/** The kinds of the living resources among these ids. */
export async function scimTypes(
  db: Database,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ScimType>> {
  const found = new Map<string, ScimType>();
  for (const group of inGroups(ids)) {
    const rows: { id: string; type: ScimType }[] = await db('scim_resources')
      .where({ connection, deleted_at: null })
      .whereIn('id', [...group])
      .select('id', 'type');
    for (const { id, type } of rows) found.set(id, type);
  }
  return found;
}

/** Writes a new resource, or one that comes back under its id. */
export async function addScimResource(
  db: Database,
  resource: ScimResource,
  values: readonly ScimValue[],
): Promise<void> {
  const row = toRow(resource);
  await db('scim_resources').insert(row).onConflict(['connection', 'id']).merge(row);
  await replaceValues(db, resource, values);
  await count(db, resource.connection, resource.type, 1);
}

/** Writes the resource as it is now; null for values that have not changed. */
export async function updateScimResource(
  db: Database,
  resource: ScimResource,
  values: readonly ScimValue[] | null,
): Promise<void> {
  const { connection, id, ...fields } = toRow(resource);
  await db('scim_resources').where({ connection, id }).update(fields);
  if (values !== null) await replaceValues(db, resource, values);
}

export async function removeScimResource(db: Database, resource: ScimResource, at: Instant): Promise<void> {
  const { connection, id, type } = resource;
  await db('scim_resources').where({ connection, id }).update({ deleted_at: at, modified_at: at });
  await db('scim_values').where({ connection, resource: id }).delete();
  await count(db, connection, type, -1);
}

export async function countScimResources(db: Database, connection: ConnectionId, type: ScimType): Promise<number> {
  const row: { live: number } | undefined = await db('scim_counts').where({ connection, type }).first('live');
  return row?.live ?? 0;
}

async function replaceValues(
  db: Database,
  { connection, id }: ScimResource,
  values: readonly ScimValue[],
): Promise<void> {
  await db('scim_values').where({ connection, resource: id }).delete();
  for (const group of inGroups(values)) {
    await db('scim_values').insert(
      group.map(({ attribute, part, element, key }) => ({
        connection,
        resource: id,
        attribute,
        part,
        element,
        value_key: key,
      })),
    );
  }
}

async function count(db: Database, connection: ConnectionId, type: ScimType, difference: 1 | -1): Promise<void> {
  const changed = await db('scim_counts').where({ connection, type }).increment('live', difference);
  if (changed === 0) await db('scim_counts').insert({ connection, type, live: difference });
}

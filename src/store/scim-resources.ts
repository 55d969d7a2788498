// SCIM resources as clients pushed them, each under the id that this server gave. A deleted one stays as a tombstone,
// so that whoever comes back is known (organizations.md section 5).
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Row } from './bulk.ts';
import { insertRows, putRows } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { execute, oneOf, rowOf, rowsOf } from './statement.ts';

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

/** The columns of a resource. */
export const COLUMNS = `connection, id, type, name_key, display, display_key, external_id, active, attributes, version,
  created_at, modified_at`;

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

function toRow(resource: ScimResource): Row {
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
  const row = await rowOf<ScimRow>(
    db,
    `SELECT ${COLUMNS} FROM scim_resources WHERE connection = ? AND id = ? AND type = ? AND deleted_at IS NULL`,
    [connection, id, type],
  );
  return row === null ? null : scimFromRow(row);
}

/** Id of the living resource of that name. */
export async function scimIdByName(
  db: Database,
  connection: ConnectionId,
  type: ScimType,
  nameKey: string,
): Promise<string | null> {
  const row = await rowOf<{ id: string }>(
    db,
    'SELECT id FROM scim_resources WHERE connection = ? AND type = ? AND name_key = ? AND deleted_at IS NULL',
    [connection, type, nameKey],
  );
  return row?.id ?? null;
}

/** The deleted user who comes back: the same externalId, or without one the same userName; the last one to go. */
export async function findDeparted(
  db: Database,
  connection: ConnectionId,
  who: { readonly externalId: string | null; readonly nameKey: string },
): Promise<ScimResource | null> {
  const [column, key] = who.externalId === null ? ['name_key', who.nameKey] : ['external_id', who.externalId];
  const rows = await rowsOf<ScimRow>(
    db,
    `SELECT ${COLUMNS}, deleted_at FROM scim_resources
     WHERE connection = ? AND type = 'User' AND ${column} = ? AND deleted_at IS NOT NULL`,
    [connection, key],
  );
  const [last] = rows.sort((a, b) => ((a.deleted_at ?? '') > (b.deleted_at ?? '') ? -1 : 1));
  return last === undefined ? null : scimFromRow(last);
}

/** The kinds of the living resources among these ids. */
export async function scimTypes(
  db: Database,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ScimType>> {
  const found = new Map<string, ScimType>();
  if (ids.length === 0) return found;
  const rows = await rowsOf<{ id: string; type: ScimType }>(
    db,
    `SELECT id, type FROM scim_resources WHERE connection = ? AND deleted_at IS NULL AND ${oneOf(db, 'id')}`,
    [connection, ids],
  );
  for (const { id, type } of rows) found.set(id, type);
  return found;
}

/** Writes a new resource, or one that comes back under its id: the values of a deleted one are gone. */
export async function addScimResource(
  db: Database,
  resource: ScimResource,
  values: readonly ScimValue[],
): Promise<void> {
  await putRows(db, 'scim_resources', ['connection', 'id'], [toRow(resource)]);
  await addValues(db, resource, values);
  await count(db, resource.connection, resource.type, 1);
}

/** Writes the resource as it is now; null for values that have not changed. */
export async function updateScimResource(
  db: Database,
  resource: ScimResource,
  values: readonly ScimValue[] | null,
): Promise<void> {
  await putRows(db, 'scim_resources', ['connection', 'id'], [toRow(resource)]);
  if (values === null) return;
  await execute(db, 'DELETE FROM scim_values WHERE connection = ? AND resource = ?', [
    resource.connection,
    resource.id,
  ]);
  await addValues(db, resource, values);
}

export async function removeScimResource(db: Database, resource: ScimResource, at: Instant): Promise<void> {
  const { connection, id, type } = resource;
  await db('scim_resources').where({ connection, id }).update({ deleted_at: at, modified_at: at });
  await db('scim_values').where({ connection, resource: id }).delete();
  await count(db, connection, type, -1);
}

export async function countScimResources(db: Database, connection: ConnectionId, type: ScimType): Promise<number> {
  const row = await rowOf<{ live: number }>(db, 'SELECT live FROM scim_counts WHERE connection = ? AND type = ?', [
    connection,
    type,
  ]);
  return row?.live ?? 0;
}

async function addValues(db: Database, { connection, id }: ScimResource, values: readonly ScimValue[]): Promise<void> {
  const rows = values.map(({ key, ...value }) => ({ connection, resource: id, ...value, value_key: key }));
  await insertRows(db, 'scim_values', rows);
}

async function count(db: Database, connection: ConnectionId, type: ScimType, difference: 1 | -1): Promise<void> {
  await execute(
    db,
    `INSERT INTO scim_counts (connection, type, live) VALUES (?, ?, ?)
     ON CONFLICT (connection, type) DO UPDATE SET live = scim_counts.live + excluded.live`,
    [connection, type, difference],
  );
}

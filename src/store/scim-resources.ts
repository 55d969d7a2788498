// SCIM resources as clients pushed them, each under the id that this server gave. A deleted one stays as a tombstone,
// so that whoever comes back is known (organizations.md section 5).
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Row } from './bulk.ts';
import { deleteRows, insertRows, putRows } from './bulk.ts';
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

function toRow(resource: ScimResource, deletedAt: Instant | null): Row {
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
    deleted_at: deletedAt,
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

/** The living resources among these ids. */
export async function findScimResources(
  db: Database,
  connection: ConnectionId,
  ids: readonly string[],
): Promise<ScimResource[]> {
  if (ids.length === 0) return [];
  const rows = await rowsOf<ScimRow>(
    db,
    `SELECT ${COLUMNS} FROM scim_resources WHERE connection = ? AND deleted_at IS NULL AND ${oneOf(db, 'id')}`,
    [connection, ids],
  );
  return rows.map((row) => scimFromRow(row));
}

/** Ids of the living resources of these names. */
export async function scimIdsByName(
  db: Database,
  connection: ConnectionId,
  type: ScimType,
  nameKeys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (nameKeys.length === 0) return new Map();
  const rows = await rowsOf<Pick<ScimRow, 'id' | 'name_key'>>(
    db,
    `SELECT id, name_key FROM scim_resources
     WHERE connection = ? AND type = ? AND deleted_at IS NULL AND ${oneOf(db, 'name_key')}`,
    [connection, type, nameKeys],
  );
  return new Map(rows.map((row) => [row.name_key, row.id]));
}

/** Deleted users by what they are known again by; the last one to go comes first. */
export async function findDeparted(
  db: Database,
  connection: ConnectionId,
  known: 'externalId' | 'nameKey',
  keys: readonly string[],
): Promise<ScimResource[]> {
  if (keys.length === 0) return [];
  const column = known === 'externalId' ? 'external_id' : 'name_key';
  const rows = await rowsOf<ScimRow>(
    db,
    `SELECT ${COLUMNS}, deleted_at FROM scim_resources
     WHERE connection = ? AND type = 'User' AND deleted_at IS NOT NULL AND ${oneOf(db, column)}`,
    [connection, keys],
  );
  return rows.sort((a, b) => ((a.deleted_at ?? '') > (b.deleted_at ?? '') ? -1 : 1)).map((row) => scimFromRow(row));
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

export interface ValueChanges {
  readonly put: readonly ScimValue[];
  readonly gone: readonly ScimValue[];
}

export const NO_VALUES: ValueChanges = { put: [], gone: [] };

/** What differs between the values of a resource before and after. */
export function valueChanges(before: readonly ScimValue[], after: readonly ScimValue[]): ValueChanges {
  const placeOf = ({ attribute, part, element }: ScimValue): string => `${element} ${part} ${attribute}`;
  const known = new Map(before.map((value) => [placeOf(value), value.key]));
  const kept = new Set(after.map(placeOf));
  return {
    put: after.filter((value) => known.get(placeOf(value)) !== value.key),
    gone: before.filter((value) => !kept.has(placeOf(value))),
  };
}

/** How a resource is from now on. */
export interface ScimWrite {
  readonly resource: ScimResource;
  /** What is found by from now on, and what is no more; where somebody is deleted, nothing is left. */
  readonly values: ValueChanges;
  /** Null while it lives. */
  readonly deletedAt: Instant | null;
  /** It was not there before, or it comes back: the values of a deleted one are gone. */
  readonly isNew: boolean;
}

/** Writes resources of one connection in the order given, each once. */
export async function writeScimResources(
  db: Database,
  connection: ConnectionId,
  writes: readonly ScimWrite[],
): Promise<void> {
  await putRows(
    db,
    'scim_resources',
    ['connection', 'id'],
    writes.map(({ resource, deletedAt }) => toRow(resource, deletedAt)),
  );
  const deleted = writes.filter(({ deletedAt }) => deletedAt !== null).map(({ resource }) => resource.id);
  if (deleted.length > 0) {
    const values = `DELETE FROM scim_values WHERE connection = ? AND ${oneOf(db, 'resource')}`;
    await execute(db, values, [connection, deleted]);
  }
  const [added, put, gone] = [[] as Row[], [] as Row[], [] as Row[]];
  for (const { resource, values, isNew } of writes) {
    for (const { key, ...place } of values.put) {
      (isNew ? added : put).push({ connection, resource: resource.id, ...place, value_key: key });
    }
    for (const { key: _key, ...place } of values.gone) gone.push({ connection, resource: resource.id, ...place });
  }
  await insertRows(db, 'scim_values', added);
  await deleteRows(db, 'scim_values', gone);
  await putRows(db, 'scim_values', ['connection', 'resource', 'attribute', 'part', 'element'], put);
  for (const [type, list] of Map.groupBy(writes, ({ resource }) => resource.type)) {
    const added = list.filter(({ isNew }) => isNew).length;
    await count(db, connection, type, added - list.filter(({ deletedAt }) => deletedAt !== null).length);
  }
}

export async function countScimResources(db: Database, connection: ConnectionId, type: ScimType): Promise<number> {
  const row = await rowOf<{ live: number }>(db, 'SELECT live FROM scim_counts WHERE connection = ? AND type = ?', [
    connection,
    type,
  ]);
  return row?.live ?? 0;
}

async function count(db: Database, connection: ConnectionId, type: ScimType, difference: number): Promise<void> {
  if (difference === 0) return;
  await execute(
    db,
    `INSERT INTO scim_counts (connection, type, live) VALUES (?, ?, ?)
     ON CONFLICT (connection, type) DO UPDATE SET live = scim_counts.live + excluded.live`,
    [connection, type, difference],
  );
}

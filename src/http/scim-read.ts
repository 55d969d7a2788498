// Reading: one resource, or a page of a list by index or by cursor.
import type { Position } from '../scim/cursor.ts';
import { writeCursor } from '../scim/cursor.ts';
import type { JsonObject } from '../scim/json.ts';
import type { ListQuery } from '../scim/list-query.ts';
import type { Projection } from '../scim/projection.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import type { Found, Page } from '../store/scim-page.ts';
import { countScim, findScimPage } from '../store/scim-page.ts';
import { findScimResource } from '../store/scim-resources.ts';
import type { Answer } from './scim-answer.ts';
import { answer, listBody } from './scim-answer.ts';
import { conditionOf, sortOf } from './scim-conditions.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { PageMemory } from './scim-pages.ts';
import { names } from './scim-preconditions.ts';
import { etagOf, locationOf, presentAll, presentOne } from './scim-present.ts';
import { notFound } from './scim-write.ts';

export async function readResource(
  door: ScimDoor,
  caller: Caller,
  type: ResourceType,
  wish: { readonly id: string; readonly projection: Projection; readonly ifNoneMatch: string | null },
): Promise<Answer> {
  const { db } = door.sync;
  const resource = await findScimResource<JsonObject>(db, caller.connection, type.name, wish.id);
  if (resource === null) throw notFound(type, wish.id);
  const headers = { ETag: etagOf(resource), Location: locationOf(door.base, type, resource.id) };
  if (wish.ifNoneMatch !== null && names(wish.ifNoneMatch, resource)) return answer(304, null, { headers });
  return answer(200, await presentOne(door, db, { type, resource, projection: wish.projection }), { headers });
}

export async function listResources(
  door: ScimDoor,
  caller: Caller,
  type: ResourceType,
  query: ListQuery,
  pages: PageMemory,
): Promise<Answer> {
  const { db } = door.sync;
  const scope = { connection: caller.connection, type: type.name, base: door.base };
  const condition = query.filter === null ? null : conditionOf(type, query.filter);
  const sort = query.sorting === null ? null : sortOf(type, query.sorting);
  const from = startOf(query, caller, pages);
  const page: Page = { condition, sort, descending: query.sorting?.descending ?? false, limit: query.count + 1, from };
  const found = query.count === 0 ? [] : await findScimPage<JsonObject>(db, scope, page);
  const shown = found.slice(0, query.count);
  const end = found.length > shown.length ? positionOf(shown.at(-1)) : null;
  const resources = await presentAll(
    door,
    db,
    type,
    shown.map(({ resource }) => resource),
    query.projection,
  );
  // A first page with nothing behind it is all there is; nothing needs to be counted.
  const isAll = query.count > 0 && end === null && from.kind === 'offset' && from.rows === 0;
  const live = isAll ? shown.length : await countScim(db, scope, condition);
  if (query.paging.kind === 'cursor') {
    const next = end === null ? {} : { nextCursor: writeCursor(end, query.question) };
    return answer(200, listBody(resources, { totalResults: live, ...next }));
  }
  const { startIndex } = query.paging;
  if (end !== null) pages.remember(caller.token, query.question, startIndex + shown.length, end);
  // A list that grew shorter behind the reader's back still has what is yet to come.
  const seen = shown.length === 0 ? 0 : startIndex - 1 + shown.length + (end === null ? 0 : 1);
  return answer(200, listBody(resources, { totalResults: Math.max(live, seen), startIndex }));
}

function startOf({ paging, question }: ListQuery, { token }: Caller, pages: PageMemory): Page['from'] {
  if (paging.kind === 'cursor') {
    return paging.after === null ? { kind: 'offset', rows: 0 } : { kind: 'after', ...paging.after };
  }
  const remembered = paging.startIndex === 1 ? null : pages.recall(token, question, paging.startIndex);
  return remembered === null ? { kind: 'offset', rows: paging.startIndex - 1 } : { kind: 'after', ...remembered };
}

function positionOf(found: Found<unknown> | undefined): Position | null {
  return found === undefined ? null : { key: found.key, id: found.resource.id };
}

// What each route does once it is known who asks and what was sent.
import type { Json, JsonObject } from '../scim/json.ts';
import { isObject } from '../scim/json.ts';
import type { Parameters } from '../scim/list-query.ts';
import { readListQuery, readProjectionQuery } from '../scim/list-query.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { refuse } from '../scim/scim-error.ts';
import { act } from './scim-act.ts';
import type { Answer } from './scim-answer.ts';
import { answer } from './scim-answer.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { PageMemory } from './scim-pages.ts';
import type { Resource } from './scim-present.ts';
import { etagOf, locationOf, presentOne } from './scim-present.ts';
import { listResources, readResource } from './scim-read.ts';
import type { Writing } from './scim-write.ts';
import { createResource, deleteResource, patchResource, replaceResource } from './scim-write.ts';

/** A request, as far as a handler looks at it. */
export interface Asked {
  readonly caller: Caller;
  readonly id: string;
  readonly query: Parameters;
  readonly body: Json;
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
}

export type Handler = (door: ScimDoor, asked: Asked) => Promise<Answer>;

export interface TypeHandlers {
  readonly list: Handler;
  readonly search: Handler;
  readonly create: Handler;
  readonly read: Handler;
  readonly replace: Handler;
  readonly patch: Handler;
  readonly remove: Handler;
}

export function handlersOf(type: ResourceType, pages: PageMemory): TypeHandlers {
  return {
    list: (door, { caller, query }) =>
      listResources(door, caller, type, readListQuery(type, query, door.limits), pages),
    search: (door, { caller, body }) =>
      listResources(door, caller, type, readListQuery(type, searchOf(body), door.limits), pages),
    create: (door, asked) => write(door, type, asked, 201, (writing) => createResource(writing, type, asked.body)),
    read: (door, { caller, id, query, ifNoneMatch }) =>
      readResource(door, caller, type, { id, projection: readProjectionQuery(type, query), ifNoneMatch }),
    replace: (door, asked) =>
      write(door, type, asked, 200, (writing) => replaceResource(writing, { type, ...asked }, asked.body)),
    patch: (door, asked) => {
      // The members of a group are not listed for one of them who came: the answer would cost what the group counts.
      const isBare = type.name === 'Group' && !asksForParts(asked.query);
      const status = isBare ? 204 : 200;
      return write(door, type, asked, status, (writing) => patchResource(writing, { type, ...asked }, asked.body));
    },
    remove: async (door, asked) => {
      const removal = (writing: Writing): Promise<void> => deleteResource(writing, { type, ...asked });
      const { plan } = await act(door, asked.caller, removal, () => Promise.resolve(null));
      return answer(204, null, { plan });
    },
  };
}

/** What a .search body asks; the names are those of a query string. */
export function searchOf(body: Json): Parameters {
  if (isObject(body)) return body;
  throw refuse('invalidSyntax', 'the body must be one JSON object, a SearchRequest');
}

async function write(
  door: ScimDoor,
  type: ResourceType,
  { caller, query }: Asked,
  status: number,
  change: (writing: Writing) => Promise<Resource>,
): Promise<Answer> {
  const projection = readProjectionQuery(type, query);
  const { shown, plan } = await act(door, caller, change, async ({ db }, resource) => ({
    resource,
    body: status === 204 ? null : await presentOne(door, db, type, resource, projection),
  }));
  const headers = { ETag: etagOf(shown.resource), Location: locationOf(door.base, type, shown.resource.id) };
  const body: JsonObject | null = shown.body;
  return answer(status, body, { headers, plan });
}

function asksForParts(query: Parameters): boolean {
  return Object.keys(query).some((key) => /^(excluded)?attributes$/i.test(key));
}

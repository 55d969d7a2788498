// What each route does once it is known who asks and what was sent.
import type { Json } from '../scim/json.ts';
import { isObject } from '../scim/json.ts';
import type { Parameters } from '../scim/list-query.ts';
import { readListQuery, readProjectionQuery } from '../scim/list-query.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { refuse } from '../scim/scim-error.ts';
import type { Act, ScimActs } from './scim-act.ts';
import type { Answer } from './scim-answer.ts';
import { answer } from './scim-answer.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { PageMemory } from './scim-pages.ts';
import type { Resource, Showing } from './scim-present.ts';
import { etagOf, locationOf } from './scim-present.ts';
import { listResources, readResource } from './scim-read.ts';
import type { Writing } from './scim-write.ts';
import { createResource, deleteResource, patchResource, readFresh, replaceResource } from './scim-write.ts';

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

export function handlersOf(type: ResourceType, acts: ScimActs, pages: PageMemory): TypeHandlers {
  const isOfPeople = type.name === 'User';
  const aboutOne = ({ id }: Asked): { readonly id: string } | null => (isOfPeople ? { id } : null);
  return {
    list: (door, { caller, query }) =>
      listResources(door, caller, type, readListQuery(type, query, door.limits), pages),
    search: (door, { caller, body }) =>
      listResources(door, caller, type, readListQuery(type, searchOf(body), door.limits), pages),
    create: (door, asked) => {
      const fresh = readFresh(type, asked.body);
      const about = isOfPeople ? fresh.keys : null;
      const change = { about, write: (writing: Writing) => createResource(writing, fresh) };
      return write(door, acts, type, asked, 201, change);
    },
    read: (door, { caller, id, query, ifNoneMatch }) =>
      readResource(door, caller, type, { id, projection: readProjectionQuery(type, query), ifNoneMatch }),
    replace: (door, asked) =>
      write(door, acts, type, asked, 200, {
        about: aboutOne(asked),
        write: (writing) => replaceResource(writing, { type, ...asked }, asked.body),
      }),
    patch: (door, asked) => {
      // The members of a group are not listed for one of them who came: the answer would cost what the group counts.
      const isBare = type.name === 'Group' && !asksForParts(asked.query);
      const status = isBare ? 204 : 200;
      return write(door, acts, type, asked, status, {
        about: aboutOne(asked),
        write: (writing) => patchResource(writing, { type, ...asked }, asked.body),
      });
    },
    remove: async (_door, asked) => {
      const { plan } = await acts.do(asked.caller, {
        about: aboutOne(asked),
        write: (writing) => deleteResource(writing, { type, ...asked }),
        shows: () => null,
      });
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
  acts: ScimActs,
  type: ResourceType,
  { caller, query }: Asked,
  status: number,
  change: Pick<Act<Resource>, 'about' | 'write'>,
): Promise<Answer> {
  const projection = readProjectionQuery(type, query);
  const shows = (resource: Resource): Showing | null => (status === 204 ? null : { type, resource, projection });
  const { written, shown, plan } = await acts.do(caller, { ...change, shows });
  const headers = { ETag: etagOf(written), Location: locationOf(door.base, type, written.id) };
  return answer(status, shown, { headers, plan });
}

function asksForParts(query: Parameters): boolean {
  return Object.keys(query).some((key) => /^(excluded)?attributes$/i.test(key));
}

// A search at the root (RFC 7644 sections 3.4.2.1 and 3.4.3): people, then groups, as one list. A filter that names what one of them
// does not have finds none of those.
import type { JsonObject } from '../scim/json.ts';
import type { ListQuery, Parameters } from '../scim/list-query.ts';
import { readListQuery } from '../scim/list-query.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { RESOURCE_TYPES } from '../scim/resource-type.ts';
import { ScimError, refuse } from '../scim/scim-error.ts';
import { countScim, findScimPage } from '../store/scim-page.ts';
import type { Answer } from './scim-answer.ts';
import { answer, listBody } from './scim-answer.ts';
import { conditionOf } from './scim-conditions.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import { presentAll } from './scim-present.ts';

export async function searchEverything(door: ScimDoor, caller: Caller, parameters: Parameters): Promise<Answer> {
  const { db } = door.sync;
  const found: JsonObject[] = [];
  const asked = questions(door, parameters);
  const startIndex = startOf(asked);
  let total = 0;
  for (const { type, query } of asked) {
    const scope = { connection: caller.connection, type: type.name, base: door.base };
    const condition = query.filter === null ? null : conditionOf(type, query.filter);
    const rows = Math.max(0, startIndex - 1 - total);
    const limit = query.count - found.length;
    const page = { condition, sort: null, descending: false, limit, from: { kind: 'offset', rows } } as const;
    const list = limit === 0 ? [] : await findScimPage<JsonObject>(db, scope, page);
    const resources = list.map(({ resource }) => resource);
    found.push(...(await presentAll(door, db, type, resources, query.projection)));
    total += await countScim(db, scope, condition);
  }
  return answer(200, listBody(found, { totalResults: total, startIndex }));
}

interface Question {
  readonly type: ResourceType;
  readonly query: ListQuery;
}

/** The types of which the request can be asked; refused when it can be asked of none. */
function questions({ limits }: ScimDoor, parameters: Parameters): Question[] {
  const refusals: ScimError[] = [];
  const asked = RESOURCE_TYPES.flatMap((type): Question[] => {
    try {
      return [{ type, query: readListQuery(type, parameters, limits) }];
    } catch (error) {
      if (!(error instanceof ScimError)) throw error;
      refusals.push(error);
      return [];
    }
  });
  if (asked.length === 0) throw refusals[0] ?? refuse('invalidFilter', 'the search can be asked of no resource');
  return asked;
}

function startOf(asked: readonly Question[]): number {
  const [first] = asked;
  if (first === undefined || first.query.paging.kind === 'cursor' || first.query.sorting !== null) {
    throw refuse('invalidValue', 'a search at the root goes by index and has no order: ask /Users or /Groups for more');
  }
  return first.query.paging.startIndex;
}

// A bulk request (RFC 7644 section 3.7): its operations one after another in one transaction. A refused one leaves
// nothing and the others go on, up to `failOnErrors`; what was done stays done.
import { bulkOrder, readBulk, readBulkOperation, readBulkPath, withIds } from '../scim/bulk.ts';
import type { BulkOperation } from '../scim/bulk.ts';
import type { Json, JsonObject } from '../scim/json.ts';
import { isObject } from '../scim/json.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { ScimError, refuse } from '../scim/scim-error.ts';
import type { ScimActs } from './scim-act.ts';
import type { Answer } from './scim-answer.ts';
import { answer, errorBody } from './scim-answer.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { Resource } from './scim-present.ts';
import { etagOf, locationOf } from './scim-present.ts';
import type { Writing } from './scim-write.ts';
import { createResource, deleteResource, patchResource, readFresh, replaceResource } from './scim-write.ts';

export async function bulk(door: ScimDoor, acts: ScimActs, caller: Caller, body: Json): Promise<Answer> {
  const { operations, failOnErrors } = readBulk(body, door.limits.bulkOperations);
  const order = bulkOrder(operations);
  const write = async (writing: Writing): Promise<JsonObject[]> => {
    const ids = new Map<string, string>();
    const results = new Map<number, JsonObject>();
    let errors = 0;
    for (const at of order) {
      if (failOnErrors !== null && errors >= failOnErrors) break;
      const result = await attempt(door, writing, operations[at] ?? null, ids);
      if (Number(result['status']) >= 400) errors += 1;
      results.set(at, result);
    }
    return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
  };
  const { written, plan } = await acts.do(caller, { about: null, write, shows: () => null });
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'];
  return answer(200, { schemas, Operations: written }, { plan });
}

/** The operation's entry in the answer; only a refusal is caught, since what nobody foresaw must undo everything. */
async function attempt(door: ScimDoor, writing: Writing, written: Json, ids: Map<string, string>): Promise<JsonObject> {
  const named = isObject(written) && typeof written['bulkId'] === 'string' ? { bulkId: written['bulkId'] } : {};
  const method = isObject(written) && typeof written['method'] === 'string' ? written['method'].toUpperCase() : null;
  try {
    const operation = readBulkOperation(written);
    const path = withIds(operation.path, ids);
    const { type, id } = readBulkPath(typeof path === 'string' ? path : '');
    const resource = await perform(writing, type, id, { ...operation, data: withIds(operation.data, ids) });
    if (resource !== null && operation.bulkId !== null) ids.set(operation.bulkId, resource.id);
    const location = locationOf(door.base, type, resource?.id ?? id ?? '');
    const status = operation.method === 'POST' ? '201' : operation.method === 'DELETE' ? '204' : '200';
    const version = resource === null ? {} : { version: etagOf(resource) };
    return { method, ...named, location, ...version, status };
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    const { status, scimType, message } = error;
    const place = method === 'POST' ? {} : placeOf(door, written, ids);
    return { method, ...named, ...place, status: String(status), response: errorBody(status, scimType, message) };
  }
}

/** Where what was refused would have been done, if it says a place at all. */
function placeOf({ base }: ScimDoor, written: Json, ids: ReadonlyMap<string, string>): JsonObject {
  try {
    const path = withIds(readBulkOperation(written).path, ids);
    const { type, id } = readBulkPath(typeof path === 'string' ? path : '');
    return id === null ? {} : { location: locationOf(base, type, id) };
  } catch (error) {
    if (error instanceof ScimError) return {};
    throw error;
  }
}

async function perform(
  writing: Writing,
  type: ResourceType,
  id: string | null,
  { method, data, version }: BulkOperation,
): Promise<Resource | null> {
  if (method === 'POST') {
    if (id !== null) throw refuse('invalidSyntax', `a POST in a bulk request goes to ${type.endpoint} itself`);
    return createResource(writing, readFresh(type, data));
  }
  if (id === null)
    throw refuse('invalidSyntax', `a ${method} in a bulk request names a resource, as ${type.endpoint}/ID`);
  const target = { type, id, ifMatch: version };
  if (method === 'PUT') return replaceResource(writing, target, data);
  if (method === 'PATCH') return patchResource(writing, target, data);
  await deleteResource(writing, target);
  return null;
}

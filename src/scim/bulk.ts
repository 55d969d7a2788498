// Bulk requests (RFC 7644 section 3.7): the operations, and the order in which one that names another's bulkId comes
// after it.
import type { Json, JsonObject } from './json.ts';
import { deeperThan, isObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-type.ts';
import { ScimError, refuse, shown } from './scim-error.ts';

export interface BulkOperation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly bulkId: string | null;
  readonly path: string;
  readonly version: string | null;
  readonly data: Json;
}

export interface BulkRequest {
  /** How many operations may fail before the rest is left undone; null: all are tried. */
  readonly failOnErrors: number | null;
  readonly operations: readonly Json[];
}

const MAX_DEPTH = 24;

/** @throws ScimError `invalidSyntax`, or 413 for too many operations */
export function readBulk(body: Json, maxOperations: number): BulkRequest {
  const list = isObject(body) ? body['Operations'] : undefined;
  if (!isObject(body) || !Array.isArray(list)) {
    throw refuse('invalidSyntax', 'a bulk body has "Operations", a list of operations');
  }
  if (list.length > maxOperations) {
    throw new ScimError(413, null, `a bulk request has at most ${maxOperations} operations: send several`);
  }
  if (deeperThan(body, MAX_DEPTH)) throw refuse('invalidSyntax', `the body is nested more than ${MAX_DEPTH} deep`);
  const { failOnErrors = null } = body;
  if (failOnErrors !== null && (typeof failOnErrors !== 'number' || failOnErrors < 1)) {
    throw refuse('invalidValue', 'failOnErrors is a number from 1');
  }
  return { failOnErrors, operations: list as readonly Json[] };
}

/** @throws ScimError `invalidSyntax` */
export function readBulkOperation(written: Json): BulkOperation {
  if (!isObject(written)) throw refuse('invalidSyntax', `a bulk operation is an object, not ${shown(written)}`);
  const { method, bulkId = null, path, version = null, data = null } = written;
  const word = typeof method === 'string' ? method.toUpperCase() : '';
  if (word !== 'POST' && word !== 'PUT' && word !== 'PATCH' && word !== 'DELETE') {
    throw refuse('invalidSyntax', `a bulk operation's method is POST, PUT, PATCH or DELETE, not ${shown(method)}`);
  }
  if (typeof path !== 'string') throw refuse('invalidSyntax', 'a bulk operation has a path, as "/Users"');
  if (bulkId !== null && typeof bulkId !== 'string') throw refuse('invalidSyntax', 'bulkId must be text');
  if (word === 'POST' && bulkId === null) throw refuse('invalidSyntax', 'a POST in a bulk request needs a bulkId');
  return { method: word, bulkId, path, version: typeof version === 'string' ? version : null, data };
}

/** `/Users` or `/Users/ID`. */
export function readBulkPath(path: string): { readonly type: ResourceType; readonly id: string | null } {
  const [, endpoint = '', id = null, more] = path.split('/');
  const type = RESOURCE_TYPES.find((one) => one.endpoint.toLowerCase() === `/${endpoint}`.toLowerCase());
  if (type === undefined || more !== undefined) {
    throw new ScimError(404, null, `there is no "${shown(path)}": a bulk path is /Users, /Groups, or one of theirs`);
  }
  return { type, id: id === '' ? null : id };
}

/** Positions in an order in which every operation comes after those whose bulkId it names, as far as there is one. */
export function bulkOrder(operations: readonly Json[]): number[] {
  const makers = new Map<string, number>();
  operations.forEach((one, at) => {
    if (isObject(one) && typeof one['bulkId'] === 'string') makers.set(one['bulkId'], at);
  });
  const order: number[] = [];
  const seen = new Set<number>();
  const visit = (start: number): void => {
    // A stack of its own: a chain of a thousand references must not be a thousand calls.
    const stack: { at: number; waits: number[] }[] = [];
    const enter = (at: number): void => {
      seen.add(at);
      const named = bulkIdsIn(operations[at] ?? null);
      stack.push({ at, waits: named.flatMap((id) => makers.get(id) ?? []).filter((other) => other !== at) });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.waits.shift();
      if (next === undefined) {
        order.push(top.at);
        stack.pop();
      } else if (!seen.has(next)) enter(next);
    }
  };
  operations.forEach((_one, at) => {
    if (!seen.has(at)) visit(at);
  });
  return order;
}

const REFERENCE = /^bulkId:(.+)$/;

function bulkIdsIn(written: Json): string[] {
  if (typeof written === 'string') {
    const id = REFERENCE.exec(written.split('/').at(-1) ?? '')?.[1];
    return id === undefined ? [] : [id];
  }
  if (typeof written !== 'object' || written === null) return [];
  return Object.values(written as JsonObject).flatMap(bulkIdsIn);
}

/** The value with every `bulkId:…` replaced by the id that it stands for. @throws ScimError 409 for one without. */
export function withIds(written: Json, ids: ReadonlyMap<string, string>): Json {
  if (typeof written === 'string') {
    const parts = written.split('/');
    const name = REFERENCE.exec(parts.at(-1) ?? '')?.[1];
    if (name === undefined) return written;
    const id = ids.get(name);
    if (id === undefined) {
      throw new ScimError(409, null, `"bulkId:${shown(name)}" stands for nothing that this request has made`);
    }
    return [...parts.slice(0, -1), id].join('/');
  }
  if (Array.isArray(written)) return (written as readonly Json[]).map((one) => withIds(one, ids));
  if (!isObject(written)) return written;
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, withIds(value, ids)]));
}

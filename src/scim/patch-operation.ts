// The operations of a PATCH body, as clients write them: `op` in any case, `Operations` in any case, an empty path
// for none, and a path-less value taken apart into one operation per key.
import type { Json } from './json.ts';
import { deeperThan, isObject } from './json.ts';
import { ScimError, refuse, shown } from './scim-error.ts';

export const MAX_OPERATIONS = 5_000;
const MAX_VALUE_DEPTH = 20;

export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value: Json | undefined;
  /** It came as a key of a path-less value. */
  readonly fromObject: boolean;
}

/** @throws ScimError `invalidSyntax`, `noTarget` or `invalidValue` */
export function readOperations(body: Json): Operation[] {
  const list = isObject(body) ? keyed(body, 'operations') : undefined;
  // None at all asks for nothing, and Microsoft's validator does so.
  if (!Array.isArray(list)) throw refuse('invalidSyntax', 'a PATCH body has "Operations", a list of operations');
  if (list.length > MAX_OPERATIONS) {
    throw new ScimError(413, null, `a PATCH has at most ${MAX_OPERATIONS} operations: send several`);
  }
  return (list as readonly Json[]).flatMap(readOperation);
}

function readOperation(written: Json, at: number): Operation[] {
  const place = `Operations[${at}]`;
  if (!isObject(written)) throw refuse('invalidSyntax', `${place} must be an object, and is ${shown(written)}`);
  const word = keyed(written, 'op');
  const op = typeof word === 'string' ? word.toLowerCase() : '';
  if (op !== 'add' && op !== 'replace' && op !== 'remove') {
    throw refuse('invalidSyntax', `${place}.op is "add", "replace" or "remove", not ${shown(word)}`);
  }
  const path = keyed(written, 'path') ?? '';
  if (typeof path !== 'string') throw refuse('invalidPath', `${place}.path must be text, and is ${shown(path)}`);
  const value = keyed(written, 'value');
  if (deeperThan(value, MAX_VALUE_DEPTH)) throw refuse('invalidValue', `${place}.value is nested too deep`);
  if (value === undefined && op !== 'remove') throw refuse('invalidValue', `${place} has no value to ${op}`);
  if (path.trim() !== '') return [{ op, path, value, fromObject: false }];
  if (op === 'remove') throw refuse('noTarget', `${place} removes nothing: "remove" needs a path`);
  if (!isObject(value)) {
    throw refuse('invalidValue', `${place} has no path, so its value must be an object of attributes`);
  }
  return Object.entries(value).map(([key, part]) => ({ op, path: key, value: part, fromObject: true }));
}

function keyed(object: { readonly [key: string]: Json }, name: string): Json | undefined {
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];
}

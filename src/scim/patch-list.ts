// What an operation does to a multi-valued attribute: appended without doubles, chosen elements changed, a missing
// chosen element made, one primary left.
import type { Attribute } from './attribute.ts';
import { MAX_VALUES } from './body.ts';
import { elementDescribed, elementMatches } from './element-match.ts';
import type { Filter } from './filter.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, sameJson } from './json.ts';
import { refuse } from './scim-error.ts';
import { readOne, readValue } from './value.ts';

export interface ListOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly attribute: Attribute;
  readonly filter: Filter | null;
  readonly sub: Attribute | null;
  /** Undefined where the operation gives none. */
  readonly value: Json | undefined;
}

/** The list afterwards; untouched elements are the same objects as before. */
export function patchList(before: readonly Json[], operation: ListOperation): readonly Json[] {
  const after = operation.op === 'remove' ? removed(before, operation) : written(before, operation);
  if (after.length > MAX_VALUES) {
    throw refuse('invalidValue', `"${operation.attribute.name}" would have more than ${MAX_VALUES} values`);
  }
  return onePrimary(before, after, operation.attribute.name);
}

/** How many values have to be looked at for it, about. */
export function workOf(before: readonly Json[], { filter, value }: ListOperation): number {
  const comparisons = filter === null ? (Array.isArray(value) ? value.length : 1) : comparisonsIn(filter);
  return (before.length + 1) * comparisons;
}

export function comparisonsIn(filter: Filter): number {
  if (filter.kind === 'not') return comparisonsIn(filter.filter);
  if (filter.kind !== 'and' && filter.kind !== 'or') return 1;
  return filter.filters.reduce((sum, one) => sum + comparisonsIn(one), 0);
}

function written(
  before: readonly Json[],
  { op, attribute, filter, sub, value = null }: ListOperation,
): readonly Json[] {
  if (filter === null && sub === null) {
    const values = (readValue(attribute, value) ?? []) as readonly Json[];
    if (values.length > MAX_VALUES)
      throw refuse('invalidValue', `"${attribute.name}" takes ${MAX_VALUES} values at most`);
    return values.reduce<readonly Json[]>(withOne, op === 'replace' ? [] : before);
  }
  const part = sub === null ? readOne(attribute, value) : readSub(sub, value);
  const matched = before.some((one) => isChosen(one, filter));
  if (matched) return before.flatMap((one) => (isChosen(one, filter) ? changed(one, part, sub) : [one]));
  if (part === undefined) return before;
  const described = filter === null ? {} : elementDescribed(filter);
  if (described === null) {
    throw refuse('noTarget', `no value of "${attribute.name}" meets the filter, and it does not say how to make one`);
  }
  return [...before, ...changed(described, part, sub)];
}

function removed(before: readonly Json[], { attribute, filter, sub, value }: ListOperation): readonly Json[] {
  if (sub !== null) return before.flatMap((one) => (isChosen(one, filter) ? changed(one, undefined, sub) : [one]));
  if (filter !== null) return before.filter((one) => !isChosen(one, filter));
  // Entra and JumpCloud name what goes in a list of values beside the path.
  if (value === undefined || value === null) return [];
  const named = (readValue(attribute, value) ?? []) as readonly Json[];
  return before.filter((one) => !named.some((other) => isSame(one, other)));
}

function readSub(sub: Attribute, value: Json): Json | undefined {
  const read = readValue(sub, value);
  return read === '' ? undefined : read;
}

function isChosen(element: Json, filter: Filter | null): element is JsonObject {
  return isObject(element) && (filter === null || elementMatches(element, filter));
}

/** The element with the part set, or taken away; none where only labels would be left of it. */
function changed(element: JsonObject, part: Json | undefined, sub: Attribute | null): Json[] {
  const after: Record<string, Json> = { ...element };
  if (sub === null) Object.assign(after, isObject(part) ? part : {});
  else if (part === undefined) delete after[sub.name];
  else after[sub.name] = part;
  const isLabelled = Object.keys(after).every((key) => key === 'type' || key === 'primary' || key === 'display');
  if (part === undefined && isLabelled) return [];
  return [sameJson(after, element) ? element : after];
}

/** The list with one more; a value that is there already, with the same type, is the same one. */
function withOne(list: readonly Json[], value: Json): readonly Json[] {
  const at = list.findIndex((one) => isSame(one, value));
  const there = list[at];
  if (there === undefined) return [...list, value];
  if (!isObject(there) || !isObject(value)) return list;
  const merged = { ...there, ...value };
  return sameJson(merged, there) ? list : list.with(at, merged);
}

function isSame(one: Json, other: Json): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  if (one['value'] === undefined || other['value'] === undefined) return sameJson(one, other);
  if (one['value'] !== other['value']) return false;
  return other['type'] === undefined || one['type'] === undefined || one['type'] === other['type'];
}

/** Whoever became primary last is; the others no longer are (RFC 7644 section 3.5.2). */
function onePrimary(before: readonly Json[], after: readonly Json[], name: string): readonly Json[] {
  const isPrimary = (one: Json): boolean => isObject(one) && one['primary'] === true;
  if (after.filter(isPrimary).length < 2) return after;
  const fresh = after.filter((one) => isPrimary(one) && !before.includes(one));
  if (fresh.length !== 1) throw refuse('invalidValue', `"${name}" would have more than one primary value: mark one`);
  return after.map((one) => (isPrimary(one) && one !== fresh[0] && isObject(one) ? { ...one, primary: false } : one));
}

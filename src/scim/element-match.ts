// Whether one element of a multi-valued attribute meets the filter of a value path, and what a new element must hold
// to meet it.
import type { Filter } from './filter.ts';
import { leafOf } from './filter.ts';
import type { Comparator } from './filter-value.ts';
import type { Json, JsonObject } from './json.ts';
import { valueKey } from './value-key.ts';

export function elementMatches(element: JsonObject, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.filters.every((one) => elementMatches(element, one));
    case 'or':
      return filter.filters.some((one) => elementMatches(element, one));
    case 'not':
      return !elementMatches(element, filter.filter);
    case 'present': {
      const value = element[leafOf(filter.path).name];
      return value !== undefined && value !== null && value !== '';
    }
    case 'compare': {
      const leaf = leafOf(filter.path);
      const key = valueKey(leaf, element[leaf.name] ?? unstated(leaf.name));
      const wanted = valueKey(leaf, filter.value) ?? '';
      return key === null ? filter.operator === 'ne' : compares(key, filter.operator, wanted);
    }
    case 'element':
      return false;
  }
}

/** An element that says nothing of `primary` is not the primary one. */
function unstated(name: string): Json | undefined {
  return name === 'primary' ? false : undefined;
}

/** Whether two keys stand so to each other. */
export function compares(key: string, operator: Comparator, wanted: string): boolean {
  switch (operator) {
    case 'eq':
      return key === wanted;
    case 'ne':
      return key !== wanted;
    case 'co':
      return key.includes(wanted);
    case 'sw':
      return key.startsWith(wanted);
    case 'ew':
      return key.endsWith(wanted);
    case 'gt':
      return key > wanted;
    case 'ge':
      return key >= wanted;
    case 'lt':
      return key < wanted;
    case 'le':
      return key <= wanted;
  }
}

/** The element that `type eq "work" and primary eq true` describes; null where a filter describes none. */
export function elementDescribed(filter: Filter): JsonObject | null {
  const parts = filter.kind === 'and' ? filter.filters : [filter];
  const element: Record<string, Json> = {};
  for (const part of parts) {
    if (part.kind !== 'compare' || part.operator !== 'eq') return null;
    element[leafOf(part.path).name] = part.value;
  }
  return element;
}

/** The values of `value eq "a" or value eq "b"`, the form in which members are named; null for any other filter. */
export function valuesNamed(filter: Filter): string[] | null {
  const parts = filter.kind === 'or' ? filter.filters : [filter];
  const values: string[] = [];
  for (const part of parts) {
    if (part.kind !== 'compare' || part.operator !== 'eq' || part.path.sub?.name !== 'value') return null;
    values.push(String(part.value));
  }
  return values;
}

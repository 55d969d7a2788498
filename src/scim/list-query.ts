// What a list request asks (RFC 7644 section 3.4.2, RFC 9865), from a query string or a .search body; names in any case.
import type { AttributePath } from './attribute-path.ts';
import { resolveAttribute } from './attribute-path.ts';
import { readCursor } from './cursor.ts';
import type { Position } from './cursor.ts';
import type { Filter } from './filter.ts';
import { parseFilter } from './filter.ts';
import type { Projection } from './projection.ts';
import { readProjection } from './projection.ts';
import type { ResourceType } from './resource-type.ts';
import { refuse, shown } from './scim-error.ts';

export interface ListLimits {
  readonly defaultCount: number;
  readonly maxCount: number;
}

export interface Sorting {
  readonly path: AttributePath;
  readonly descending: boolean;
}

/** Index paging starts at a number; cursor paging goes on behind a position (null: from the first). */
export type Paging =
  | { readonly kind: 'index'; readonly startIndex: number }
  | { readonly kind: 'cursor'; readonly after: Position | null };

export interface ListQuery {
  readonly filter: Filter | null;
  readonly sorting: Sorting | null;
  readonly paging: Paging;
  readonly count: number;
  readonly projection: Projection;
  /** What a cursor must have been given for. */
  readonly question: string;
}

export type Parameters = Readonly<Record<string, unknown>>;

/** @throws ScimError `invalidFilter`, `invalidPath`, `invalidValue`, `invalidCount` or `invalidCursor` */
export function readListQuery(type: ResourceType, parameters: Parameters, limits: ListLimits): ListQuery {
  const filter = textOf(parameters, 'filter');
  const sortBy = textOf(parameters, 'sortBy');
  const sorting = sortBy === null ? null : readSorting(type, sortBy, textOf(parameters, 'sortOrder') ?? 'ascending');
  const question = JSON.stringify([type.name, filter, sortBy?.toLowerCase() ?? null, sorting?.descending ?? false]);
  const cursor = textOf(parameters, 'cursor', true);
  const count = numberOf(parameters, 'count') ?? limits.defaultCount;
  const startIndex = numberOf(parameters, 'startIndex');
  return {
    filter: filter === null ? null : parseFilter(type, filter),
    sorting,
    paging:
      cursor === null
        ? { kind: 'index', startIndex: Math.max(1, startIndex ?? 1) }
        : { kind: 'cursor', after: cursor === '' ? null : readCursor(cursor, question) },
    count: Math.min(Math.max(0, count), limits.maxCount),
    projection: readProjectionQuery(type, parameters),
    question,
  };
}

export function readProjectionQuery(type: ResourceType, parameters: Parameters): Projection {
  return readProjection(type, {
    attributes: namesOf(parameters, 'attributes'),
    excludedAttributes: namesOf(parameters, 'excludedAttributes'),
  });
}

function readSorting(type: ResourceType, sortBy: string, order: string): Sorting {
  const path = resolveAttribute(type, sortBy);
  if (path === null) throw refuse('invalidPath', `sortBy: a ${type.name} has no attribute "${shown(sortBy)}"`);
  const word = order.toLowerCase();
  if (word !== 'ascending' && word !== 'descending') {
    throw refuse('invalidValue', `sortOrder is "ascending" or "descending", not ${shown(order)}`);
  }
  const { attribute, sub } = path;
  if (attribute.type !== 'complex' || sub !== null) return { path, descending: word === 'descending' };
  const value = attribute.subAttributes?.find(({ name }) => name === 'value');
  if (value === undefined) throw refuse('invalidPath', `sortBy: "${attribute.name}" has parts: name one of them`);
  return { path: { ...path, sub: value }, descending: word === 'descending' };
}

function valueOf(parameters: Parameters, name: string): unknown {
  const lower = name.toLowerCase();
  return Object.entries(parameters).find(([key]) => key.toLowerCase() === lower)?.[1];
}

function textOf(parameters: Parameters, name: string, keepEmpty = false): string | null {
  const value = valueOf(parameters, name);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw refuse('invalidValue', `${name} must be given once, as text`);
  return value.trim() === '' && !keepEmpty ? null : value;
}

function numberOf(parameters: Parameters, name: string): number | null {
  const value = valueOf(parameters, name);
  if (value === undefined || value === null || value === '') return null;
  const number = typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw refuse(
    name === 'count' ? 'invalidCount' : 'invalidValue',
    `${name} must be a whole number of at most 15 digits, not ${shown(value)}`,
  );
}

function namesOf(parameters: Parameters, name: string): string[] {
  const value = valueOf(parameters, name);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((one) => (typeof one === 'string' ? one.split(',') : [])).filter((one) => one.trim() !== '');
}

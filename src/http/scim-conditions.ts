// A SCIM filter as a condition of the store: which attribute stands in which column, value or link.
import type { AttributePath } from '../scim/attribute-path.ts';
import { pathKey } from '../scim/attribute-path.ts';
import { compares } from '../scim/element-match.ts';
import type { Filter } from '../scim/filter.ts';
import { leafOf } from '../scim/filter.ts';
import type { Comparator, FilterValue } from '../scim/filter-value.ts';
import { hasOwnColumn, indexKey } from '../scim/index-values.ts';
import type { Sorting } from '../scim/list-query.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { refuse } from '../scim/scim-error.ts';
import { valueKey } from '../scim/value-key.ts';
import type { Test } from '../store/scim-compare.ts';
import type { Page } from '../store/scim-page.ts';
import type { Condition, Field } from '../store/scim-query.ts';

const FIELDS: Readonly<Record<string, Field>> = {
  id: 'id',
  externalId: 'external_id',
  active: 'active',
  'meta.created': 'created',
  'meta.lastModified': 'modified',
  'meta.version': 'version',
  'meta.location': 'location',
};

export function conditionOf(type: ResourceType, filter: Filter): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, conditions: filter.filters.map((one) => conditionOf(type, one)) };
    case 'not':
      return { kind: 'not', condition: conditionOf(type, filter.filter) };
    case 'present':
      return present(type, filter.path);
    case 'compare':
      return compared(type, filter.path, filter.operator, filter.value);
    case 'element':
      return holding(type, filter.path, partOf(filter.filter));
  }
}

export function sortOf(type: ResourceType, { path }: Sorting): Page['sort'] {
  const field = fieldOf(type, path);
  if (field !== null) return { field };
  if (isLink(type, path) || path.attribute.name === 'meta' || path.attribute.returned === 'never') {
    throw refuse('invalidPath', `sortBy: resources can't be sorted by "${pathKey(path)}"`);
  }
  return { attribute: pathKey({ ...path, sub: null }), part: path.sub?.name ?? '' };
}

function present(type: ResourceType, path: AttributePath): Condition {
  const field = fieldOf(type, path);
  if (field !== null) return { kind: 'field', field, test: 'present' };
  if (path.attribute.name === 'meta') return { kind: 'constant', holds: true };
  const inside: Condition =
    path.sub === null && path.attribute.subAttributes !== undefined
      ? { kind: 'constant', holds: true }
      : { kind: 'part', part: path.sub?.name ?? '', test: 'present' };
  return holding(type, path, inside);
}

function compared(type: ResourceType, path: AttributePath, operator: Comparator, value: FilterValue): Condition {
  if (operator === 'ne') return { kind: 'not', condition: compared(type, path, 'eq', value) };
  const field = fieldOf(type, path);
  const key = valueKey(leafOf(path), value) ?? '';
  if (field === 'created' || field === 'modified') return atTime(field, operator, key);
  if (field !== null) return { kind: 'field', field, test: { operator, key } };
  if (pathKey(path) === 'meta.resourceType') return { kind: 'constant', holds: compares(type.name, operator, key) };
  return holding(type, path, part(path, operator, key));
}

/** The condition on one element: of its parts, all of the same one. */
function partOf(filter: Filter): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, conditions: filter.filters.map(partOf) };
    case 'not':
      return { kind: 'not', condition: partOf(filter.filter) };
    case 'present':
      return { kind: 'part', part: filter.path.sub?.name ?? '', test: 'present' };
    case 'compare': {
      const key = valueKey(leafOf(filter.path), filter.value) ?? '';
      if (filter.operator === 'ne') return { kind: 'not', condition: part(filter.path, 'eq', key) };
      return part(filter.path, filter.operator, key);
    }
    case 'element':
      throw new Error('an element holds no elements');
  }
}

function part(path: AttributePath, operator: Test['operator'], key: string): Condition {
  const name = path.sub?.name ?? '';
  // An element that says nothing of `primary` is not the primary one.
  if (name === 'primary' && key === 'false') {
    return { kind: 'not', condition: { kind: 'part', part: name, test: { operator: 'eq', key: 'true' } } };
  }
  return { kind: 'part', part: name, test: { operator, key: indexKey(key) } };
}

function holding(type: ResourceType, path: AttributePath, condition: Condition): Condition {
  if (isLink(type, path)) return { kind: 'link', condition };
  return { kind: 'element', attribute: pathKey({ ...path, sub: null }), condition };
}

function isLink(type: ResourceType, { attribute, extension }: AttributePath): boolean {
  return extension === null && attribute.name === (type.name === 'User' ? 'groups' : 'members');
}

function fieldOf(type: ResourceType, path: AttributePath): Field | null {
  if (path.extension !== null) return null;
  const field = FIELDS[pathKey(path)];
  if (field !== undefined) return field;
  return hasOwnColumn(type, path.attribute) && path.attribute.name !== 'meta' ? 'name' : null;
}

/** Stored instants have three fraction digits and asked ones nine: rounded so that nothing is found or missed by it. */
function atTime(field: 'created' | 'modified', operator: Test['operator'], key: string): Condition {
  if (operator === 'co' || operator === 'sw' || operator === 'ew') {
    return { kind: 'field', field, test: { operator, key: key.toUpperCase() } };
  }
  const instant = `${key.slice(0, 23)}Z`;
  const isExact = key.slice(23) === '000000Z';
  if (operator === 'eq' && !isExact) return { kind: 'constant', holds: false };
  const rounded = isExact ? operator : operator === 'ge' ? 'gt' : operator === 'lt' ? 'le' : operator;
  return { kind: 'field', field, test: { operator: rounded, key: instant } };
}

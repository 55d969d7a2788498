// Which comparisons an attribute's type can answer, and the value in the type's own form.
import type { Attribute } from './attribute.ts';
import { dateTimeKey } from './date-time.ts';
import { shown } from './scim-error.ts';
import { truthOf } from './value.ts';

export const COMPARATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparator = (typeof COMPARATORS)[number];
export type FilterValue = string | number | boolean;

export function checkedValue(
  attribute: Attribute,
  operator: Comparator,
  value: FilterValue,
): { readonly value: FilterValue } | { readonly problem: string } {
  const { name, type } = attribute;
  if (typeof value === 'string' && value.includes('\0')) return { problem: `no "${name}" holds a NUL character` };
  const substring = operator === 'co' || operator === 'sw' || operator === 'ew';
  const ordered = operator === 'gt' || operator === 'ge' || operator === 'lt' || operator === 'le';
  switch (type) {
    case 'boolean': {
      const truth = truthOf(value);
      if (truth === null) return { problem: `"${name}" is true or false, not ${shown(value)}` };
      if (substring || ordered) return { problem: `"${name}" can only be asked for by eq, ne and pr` };
      return { value: truth };
    }
    case 'integer':
    case 'decimal':
      if (typeof value !== 'number') return { problem: `"${name}" is a number, not ${shown(value)}` };
      return substring ? { problem: `"${name}" is a number and has no ${operator}` } : { value };
    case 'dateTime': {
      if (substring && typeof value === 'string') return { value };
      const instant = typeof value === 'string' ? dateTimeKey(value) : null;
      return instant === null
        ? { problem: `"${name}" is a time, as "2026-01-31T12:00:00Z", not ${shown(value)}` }
        : { value: instant };
    }
    case 'binary':
      return ordered ? { problem: `"${name}" is binary and has no order` } : { value: String(value) };
    default:
      return { value: String(value) };
  }
}

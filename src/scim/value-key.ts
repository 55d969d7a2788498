// How values compare: text without case unless the attribute is case-exact, instants as instants. The store's index
// and the filter on an element both go by these keys.
import type { Attribute } from './attribute.ts';
import { dateTimeKey } from './date-time.ts';
import type { Json } from './json.ts';

/** Text without case, in composed form. */
export function foldedKey(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** The comparable form of a value of the attribute; null for what has none. */
export function valueKey(attribute: Attribute, value: Json | undefined): string | null {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  if (attribute.type === 'dateTime') return dateTimeKey(value) ?? value;
  return attribute.caseExact ? value : foldedKey(value);
}

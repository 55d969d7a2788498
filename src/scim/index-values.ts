// The values of a resource as filters and sorting look for them: one row for each part of each element, the primary
// element first. What has a column of its own (names, externalId, active, meta) is not among them.
import { createHash } from 'node:crypto';
import type { Attribute } from './attribute.ts';
import { attributesOf } from './attribute-path.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';
import { valueKey } from './value-key.ts';

export interface IndexValue {
  readonly attribute: string;
  readonly part: string;
  readonly element: number;
  readonly key: string;
}

const OWN_COLUMNS: ReadonlySet<string> = new Set(['id', 'externalId', 'meta', 'active']);

export function hasOwnColumn(type: ResourceType, { name }: Attribute): boolean {
  return OWN_COLUMNS.has(name) || name === (type.name === 'User' ? 'userName' : 'displayName');
}

export function indexValues(type: ResourceType, resource: JsonObject): IndexValue[] {
  const core = attributesOf(type, null).filter((attribute) => !hasOwnColumn(type, attribute));
  return [
    ...core.flatMap((attribute) => valuesOf(attribute, attribute.name, resource[attribute.name])),
    ...type.extensions.flatMap(({ id, attributes }) => {
      const extension = resource[id];
      if (!isObject(extension)) return [];
      return attributes.flatMap((attribute) =>
        valuesOf(attribute, `${id}:${attribute.name}`, extension[attribute.name]),
      );
    }),
  ];
}

/** An index holds no more than this of a value; what is longer is told apart by its hash. */
const MAX_KEY_LENGTH = 400;

export function indexKey(key: string): string {
  if (key.length <= MAX_KEY_LENGTH) return key;
  return `${key.slice(0, MAX_KEY_LENGTH)}#${createHash('sha256').update(key).digest('hex')}`;
}

function valuesOf(attribute: Attribute, name: string, value: Json | undefined): IndexValue[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const isPrimary = (one: Json): boolean => isObject(one) && one['primary'] === true;
  const elements = [...list.filter(isPrimary), ...list.filter((one) => !isPrimary(one))];
  return elements.flatMap((one, element) =>
    partsOf(attribute, one).map(([part, key]) => ({ attribute: name, part, element, key: indexKey(key) })),
  );
}

function partsOf(attribute: Attribute, value: Json): [part: string, key: string][] {
  if (attribute.subAttributes === undefined) {
    const key = valueKey(attribute, value);
    return key === null ? [] : [['', key]];
  }
  if (!isObject(value)) return [];
  return attribute.subAttributes.flatMap((sub): [string, string][] => {
    const key = valueKey(sub, value[sub.name]);
    return key === null ? [] : [[sub.name, key]];
  });
}

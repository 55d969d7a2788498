// A whole resource as POST and PUT send it, checked and in the schema's spelling. What the server gives itself (id,
// meta, groups) is ignored (RFC 7644 section 3.3); what no schema names is kept, so that it reads back as sent.
import type { Attribute } from './attribute.ts';
import { attributeNamed, attributesOf, resolvePath } from './attribute-path.ts';
import type { Json, JsonObject } from './json.ts';
import { deeperThan, isObject } from './json.ts';
import type { MemberDelta } from './member-delta.ts';
import { memberIds } from './member-delta.ts';
import type { ResourceType } from './resource-type.ts';
import { refuse, shown } from './scim-error.ts';
import { readValue } from './value.ts';

/** Far beyond what anybody has; work grows with it. */
export const MAX_VALUES = 500;
const MAX_BODY_DEPTH = 20;
const MAX_ATTRIBUTES = 1_000;
/** Names are looked up by index, and an index takes no more. */
const MAX_NAME_LENGTH = 500;

export interface ResourceBody {
  /** Without id, meta, groups, members and password. */
  readonly resource: JsonObject;
  /** Null where the body does not speak of members: then nothing is asserted about them (law 4). */
  readonly members: MemberDelta | null;
}

/**
 * @param isNew whether it is to be made; else it replaces one that is there.
 * @throws ScimError `invalidSyntax` or `invalidValue`
 */
export function readBody(type: ResourceType, body: Json, isNew = true): ResourceBody {
  if (!isObject(body)) throw refuse('invalidSyntax', `the body must be one JSON object, a ${type.name}`);
  if (deeperThan(body, MAX_BODY_DEPTH)) {
    throw refuse('invalidSyntax', `the body is nested more than ${MAX_BODY_DEPTH} deep`);
  }
  const entries = Object.entries(body);
  if (entries.length > MAX_ATTRIBUTES) {
    throw refuse('invalidSyntax', `the body has more than ${MAX_ATTRIBUTES} attributes, and a ${type.name} has few`);
  }
  const resource: Record<string, Json> = {};
  let members: MemberDelta | null = null;
  for (const [key, value] of entries) {
    const path = resolvePath(type, key);
    if (path === null || (path.attribute !== null && path.sub !== null)) {
      resource[key] = value;
    } else if (path.attribute === null) {
      const read = readExtension(path.extension.attributes, key, value);
      if (read !== undefined) resource[path.extension.id] = read;
    } else if (isMembers(type, path.attribute)) {
      if (value === null && !isNew) {
        throw refuse('invalidValue', '"members" is null: leave it out to say nothing of them, or say [] for nobody');
      }
      members = { replaced: true, joins: value === null ? [] : [...new Set(memberIds(value))], leaves: [], chosen: [] };
    } else if (path.attribute.mutability !== 'readOnly') {
      const read = readValue(path.attribute, value);
      if (read !== undefined && path.attribute.returned !== 'never') resource[path.attribute.name] = read;
    }
  }
  return { resource: finished(type, resource), members };
}

export function isMembers(type: ResourceType, attribute: Attribute): boolean {
  return type.name === 'Group' && attribute.name === 'members';
}

/** Checks what must be true of every resource, and makes `schemas` say what is in it. */
export function finished(type: ResourceType, resource: JsonObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(resource)) {
    const isEmpty = isObject(value) && Object.keys(value).length === 0;
    if (!isEmpty) result[key] = value;
  }
  for (const attribute of attributesOf(type, null)) {
    const value = result[attribute.name];
    if (attribute.required && (typeof value !== 'string' || value.trim() === '')) {
      throw refuse('invalidValue', `"${attribute.name}" is missing or blank: every ${type.name} needs one`);
    }
    const isName = attribute.required || attribute.name === 'externalId';
    if (isName && typeof value === 'string' && value.length > MAX_NAME_LENGTH) {
      throw refuse('invalidValue', `"${attribute.name}" has more than ${MAX_NAME_LENGTH} characters`);
    }
    if (attribute.multiValued && value !== undefined) checkList(attribute, value);
  }
  return { ...result, schemas: schemasOf(type, result) };
}

function readExtension(attributes: readonly Attribute[], key: string, value: Json): JsonObject | undefined {
  if (value === null) return undefined;
  if (!isObject(value)) throw refuse('invalidValue', `"${key}" must be an object, and is ${shown(value)}`);
  const entries = Object.entries(value).flatMap(([name, part]): [string, Json][] => {
    const attribute = attributeNamed(attributes, name);
    if (attribute === null) return [[name, part]];
    const read = readValue(attribute, part);
    return read === undefined ? [] : [[attribute.name, read]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function checkList({ name }: Attribute, value: Json): void {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (list.length > MAX_VALUES) throw refuse('invalidValue', `"${name}" has more than ${MAX_VALUES} values`);
  if (list.filter((one) => isObject(one) && one['primary'] === true).length > 1) {
    throw refuse('invalidValue', `"${name}" has more than one primary value: mark one`);
  }
}

/** Those that were sent, the resource's own first, and the extensions that are there. */
function schemasOf(type: ResourceType, resource: JsonObject): string[] {
  const known = [type.schema, ...type.extensions];
  const sent = Array.isArray(resource['schemas']) ? (resource['schemas'] as readonly Json[]) : [];
  const foreign = sent.filter(
    (id): id is string =>
      typeof id === 'string' && !known.some((schema) => schema.id.toLowerCase() === id.toLowerCase()),
  );
  const extensions = type.extensions.filter(({ id }) => resource[id] !== undefined).map(({ id }) => id);
  return [...new Set([type.schema.id, ...extensions, ...foreign])];
}

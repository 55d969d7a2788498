// What of a resource is answered: `attributes` or `excludedAttributes` (RFC 7644 section 3.9), ids and schemas always,
// passwords never. Names that no schema knows choose nothing.
import type { AttributePath, ExtensionPath } from './attribute-path.ts';
import { pathKey, resolvePath } from './attribute-path.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { ResourceType } from './resource-type.ts';

type Chosen = AttributePath | ExtensionPath;

export interface Projection {
  /** Null: everything that is returned by default. */
  readonly only: readonly Chosen[] | null;
  readonly without: readonly Chosen[];
}

const MAX_NAMES = 200;

export function readProjection(
  type: ResourceType,
  asked: { readonly attributes: readonly string[]; readonly excludedAttributes: readonly string[] },
): Projection {
  const resolve = (names: readonly string[]): Chosen[] =>
    names.slice(0, MAX_NAMES).flatMap((name) => resolvePath(type, withoutFilter(name)) ?? []);
  return {
    only: asked.attributes.length === 0 ? null : resolve(asked.attributes),
    without: resolve(asked.excludedAttributes).filter(({ attribute }) => attribute?.returned !== 'always'),
  };
}

/** Who asks for `emails[type eq "work"]` is given all of them: a name chooses attributes, and no elements. */
function withoutFilter(name: string): string {
  return name.replace(/\[[^\]]*\]/, '');
}

/** Whether the core attribute is answered at all, in whole or in part: if not, it need not be looked up. */
export function isWanted({ only, without }: Projection, name: string): boolean {
  const names = (path: Chosen): boolean => path.extension === null && path.attribute?.name === name;
  if (without.some((path) => names(path) && path.sub === null)) return false;
  return only === null || only.some(names);
}

export function project(resource: JsonObject, { only, without }: Projection): JsonObject {
  const { schemas = [], id = null } = resource;
  const kept = only === null ? resource : { schemas, id, ...chosen(resource, only) };
  return without.reduce<JsonObject>(left, kept);
}

function chosen(resource: JsonObject, paths: readonly Chosen[]): JsonObject {
  const result: Record<string, Json> = {};
  const byAttribute = Map.groupBy(paths, (path) =>
    path.attribute === null ? path.extension.id : pathKey({ ...path, sub: null }),
  );
  for (const group of byAttribute.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const holder = first.extension === null ? resource : resource[first.extension.id];
    if (!isObject(holder)) continue;
    const value = first.attribute === null ? holder : holder[first.attribute.name];
    if (value === undefined) continue;
    const subs = group.flatMap(({ sub }) => (sub === null ? [] : [sub.name]));
    const part = subs.length < group.length ? value : mapped(value, (one) => picked(one, subs));
    if (first.attribute === null) result[first.extension.id] = part;
    else if (first.extension === null) result[first.attribute.name] = part;
    else {
      const before = result[first.extension.id];
      result[first.extension.id] = { ...(isObject(before) ? before : {}), [first.attribute.name]: part };
    }
  }
  return result;
}

function left(resource: JsonObject, { extension, attribute, sub }: Chosen): JsonObject {
  if (attribute === null) return omitted(resource, extension.id);
  if (extension !== null) {
    const inner = resource[extension.id];
    if (!isObject(inner)) return resource;
    const rest = left(inner, { extension: null, attribute, sub });
    return Object.keys(rest).length === 0 ? omitted(resource, extension.id) : { ...resource, [extension.id]: rest };
  }
  const value = resource[attribute.name];
  if (value === undefined) return resource;
  if (sub === null) return omitted(resource, attribute.name);
  return { ...resource, [attribute.name]: mapped(value, (one) => omitted(one, sub.name)) };
}

function mapped(value: Json, change: (one: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => (isObject(one) ? change(one) : one));
  return isObject(value) ? change(value) : value;
}

function picked(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => names.includes(key)));
}

function omitted(object: JsonObject, name: string): JsonObject {
  const { [name]: _omitted, ...rest } = object;
  return rest;
}

// Naming an attribute: by its bare name, a dotted sub-attribute, or the full URN of its schema; case never counts
// (RFC 7643 section 2.1). URNs have dots and colons of their own, so the known schemas are taken off first.
import type { Attribute, Schema } from './attribute.ts';
import { COMMON_ATTRIBUTES } from './attribute.ts';
import type { ResourceType } from './resource-type.ts';

/** An attribute in its place; `attribute` is null for a whole extension. */
export interface AttributePath {
  /** The extension that holds it; null for the core. */
  readonly extension: Schema | null;
  readonly attribute: Attribute;
  readonly sub: Attribute | null;
}

/** A path that names a whole extension by its URN. */
export interface ExtensionPath {
  readonly extension: Schema;
  readonly attribute: null;
  readonly sub: null;
}

/** What the name stands for, or null where there is no such attribute. */
export function resolvePath(type: ResourceType, written: string): AttributePath | ExtensionPath | null {
  const name = written.trim();
  const lower = name.toLowerCase();
  for (const schema of [type.schema, ...type.extensions]) {
    const id = schema.id.toLowerCase();
    if (!lower.startsWith(id)) continue;
    const extension = schema === type.schema ? null : schema;
    const rest = name.slice(id.length);
    if (rest === '') return extension === null ? null : { extension, attribute: null, sub: null };
    // Entra's samples join an extension and its attribute by a dot; no attribute is called so otherwise.
    if (/^[:.]/.test(rest)) return within(extension, attributesOf(type, extension), rest.slice(1));
  }
  return within(null, attributesOf(type, null), name);
}

/** As `resolvePath`, for where a whole extension makes no sense. */
export function resolveAttribute(type: ResourceType, written: string): AttributePath | null {
  const path = resolvePath(type, written);
  return path === null || path.attribute === null ? null : path;
}

export function attributesOf(type: ResourceType, extension: Schema | null): readonly Attribute[] {
  return extension === null ? [...COMMON_ATTRIBUTES, ...type.schema.attributes] : extension.attributes;
}

export function attributeNamed(attributes: readonly Attribute[], name: string): Attribute | null {
  const lower = name.toLowerCase();
  return attributes.find((one) => one.name.toLowerCase() === lower) ?? null;
}

/** The path in its one spelling: what stored values are found by. */
export function pathKey({ extension, attribute, sub }: AttributePath): string {
  const prefix = extension === null ? '' : `${extension.id}:`;
  return `${prefix}${attribute.name}${sub === null ? '' : `.${sub.name}`}`;
}

function within(extension: Schema | null, attributes: readonly Attribute[], name: string): AttributePath | null {
  const [first = '', second, ...more] = name.split('.');
  if (more.length > 0) return null;
  const attribute = attributeNamed(attributes, first);
  if (attribute === null) return null;
  if (second === undefined) return { extension, attribute, sub: null };
  const sub = attributeNamed(attribute.subAttributes ?? [], second);
  return sub === null ? null : { extension, attribute, sub };
}

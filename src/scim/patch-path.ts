// The path of a PATCH operation (RFC 7644 section 3.5.2): an attribute, or elements of it chosen by a filter, and a
// sub-attribute of those.
import type { AttributePath, ExtensionPath } from './attribute-path.ts';
import { attributeNamed, resolvePath } from './attribute-path.ts';
import type { Filter } from './filter.ts';
import { MAX_FILTER_LENGTH, parseElementFilter } from './filter.ts';
import type { ResourceType } from './resource-type.ts';
import { refuse, shown } from './scim-error.ts';

export interface PatchTarget {
  readonly path: AttributePath;
  /** Which elements of a multi-valued attribute; null for all. */
  readonly filter: Filter | null;
}

/** @throws ScimError `invalidPath`, or `invalidFilter` for what stands in the brackets */
export function parsePatchPath(type: ResourceType, written: string): PatchTarget | ExtensionPath {
  const text = written.trim();
  if (text.length > MAX_FILTER_LENGTH)
    throw refuse('invalidPath', `a path has at most ${MAX_FILTER_LENGTH} characters`);
  const bracket = text.indexOf('[');
  const name = bracket < 0 ? text : text.slice(0, bracket);
  const path = resolvePath(type, name);
  if (path === null) {
    throw refuse('invalidPath', `a ${type.name} has no attribute "${shown(name)}": /Schemas lists those there are`);
  }
  if (path.attribute === null) {
    if (bracket < 0) return path;
    throw refuse('invalidPath', `"${shown(name)}" is a schema: a filter stands behind a list of values`);
  }
  if (bracket < 0) return { path, filter: null };
  if (!path.attribute.multiValued || path.sub !== null || path.attribute.subAttributes === undefined) {
    throw refuse('invalidPath', `"${shown(name)}" is no list of values with parts: a filter can't choose among them`);
  }
  const { filter, end } = parseElementFilter(path, text, bracket + 1);
  const rest = text.slice(end);
  if (rest === '') return { path, filter };
  const sub = rest.startsWith('.') ? attributeNamed(path.attribute.subAttributes, rest.slice(1)) : null;
  if (sub === null) throw refuse('invalidPath', `"${path.attribute.name}" has no sub-attribute "${shown(rest)}"`);
  return { path: { ...path, sub }, filter };
}

// PATCH (RFC 7644 section 3.5.2): a resource and operations give the resource afterwards, or one refusal and nothing
// of it. A group's members are never read: what the operations say of them comes back as a delta.
import type { AttributePath } from './attribute-path.ts';
import { finished, isMembers } from './body.ts';
import { valuesNamed } from './element-match.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { MemberDelta } from './member-delta.ts';
import { MemberChanges, memberIds } from './member-delta.ts';
import type { ListOperation } from './patch-list.ts';
import { patchList, workOf } from './patch-list.ts';
import type { Operation } from './patch-operation.ts';
import { readOperations } from './patch-operation.ts';
import type { PatchTarget } from './patch-path.ts';
import { parsePatchPath } from './patch-path.ts';
import { PatchWork } from './patch-work.ts';
import type { ResourceType } from './resource-type.ts';
import { refuse, shown } from './scim-error.ts';
import { readValue } from './value.ts';

export interface Patched {
  readonly resource: JsonObject;
  readonly members: MemberDelta | null;
}

/** @throws ScimError with the scimType that the RFC names */
export function applyPatch(
  type: ResourceType,
  before: JsonObject,
  id: string,
  body: Json,
  work = new PatchWork(),
): Patched {
  const draft: Draft = { type, id, resource: { ...before }, members: new MemberChanges(), work };
  for (const operation of readOperations(body)) applyOperation(draft, operation);
  return { resource: finished(type, draft.resource), members: draft.members.delta() };
}

interface Draft {
  readonly type: ResourceType;
  readonly id: string;
  readonly resource: Record<string, Json>;
  readonly members: MemberChanges;
  readonly work: PatchWork;
}

function applyOperation(draft: Draft, operation: Operation): void {
  if (operation.fromObject && repeatsServer(draft, operation)) return;
  draft.work.take(operation.path.length);
  const target = parsePatchPath(draft.type, operation.path);
  if (!('path' in target)) {
    applyToExtension(draft, operation, target.extension.id);
    return;
  }
  const { path } = target;
  if (isMembers(draft.type, path.attribute)) {
    applyToMembers(draft, operation, target);
    return;
  }
  const readOnly = [path.sub, path.attribute].find((one) => one?.mutability === 'readOnly');
  if (readOnly !== undefined && readOnly !== null) {
    throw refuse('mutability', `"${shown(operation.path)}" is read-only: the server gives it`);
  }
  if (path.attribute.returned === 'never') {
    // Checked, and kept nowhere: there are no passwords here.
    readValue(path.attribute, operation.value ?? null);
  } else if (path.attribute.multiValued) {
    applyToList(draft, operation, target);
  } else {
    applyToOne(draft, operation, path);
  }
}

/** Clients that send back what they have read name the id and the schemas too; what is so already is no change. */
function repeatsServer({ id }: Draft, { path, value }: Operation): boolean {
  const name = path.toLowerCase();
  return name === 'schemas' || name === 'meta' || (name === 'id' && value === id);
}

function applyToExtension(draft: Draft, { op, value = null }: Operation, id: string): void {
  if (op === 'remove' || value === null) {
    delete draft.resource[id];
    return;
  }
  if (!isObject(value)) throw refuse('invalidValue', `"${id}" must be an object, and is ${shown(value)}`);
  for (const [key, part] of Object.entries(value)) {
    // Some write an extension as a resource of its own, with its URN in it once more.
    if (key.toLowerCase() === 'schemas') continue;
    applyOperation(draft, { op, path: `${id}:${key}`, value: part, fromObject: false });
  }
}

function applyToMembers(
  { members }: Draft,
  { op, path: written, value }: Operation,
  { path, filter }: PatchTarget,
): void {
  if (path.sub !== null) {
    throw refuse('mutability', `"${shown(written)}": the parts of a member can't change; remove it and add another`);
  }
  if (filter === null) {
    if (op === 'add') members.add(memberIds(stated(written, value)));
    else if (op === 'replace') members.replace(memberIds(stated(written, value)));
    else if (value === undefined || value === null) members.replace([]);
    else members.remove(memberIds(value));
    return;
  }
  const named = valuesNamed(filter);
  if (op === 'remove') {
    if (named === null) members.removeWhere(filter);
    else members.remove(named);
    return;
  }
  if (named === null) {
    throw refuse('invalidFilter', `"${shown(written)}": members are added by value, as members[value eq "id"]`);
  }
  if (memberIds(stated(written, value)).some((id) => !named.includes(id))) {
    throw refuse('mutability', `"${shown(written)}": a member can't become another; remove it and add the other`);
  }
  members.add(named);
}

/** Taken for nobody, a null that was no more than a mistake would empty the group, or be answered as done. */
function stated(path: string, value: Json | undefined): Json {
  if (value !== undefined && value !== null) return value;
  throw refuse('invalidValue', `"${shown(path)}": the value is null; name the members, or say [] for nobody`);
}

function applyToList(draft: Draft, { op, value }: Operation, { path, filter }: PatchTarget): void {
  const present = valueAt(draft, path);
  const before = Array.isArray(present) ? (present as readonly Json[]) : [];
  const operation: ListOperation = { op, attribute: path.attribute, filter, sub: path.sub, value };
  draft.work.take(workOf(before, operation));
  const after = patchList(before, operation);
  setAt(draft, path, after.length === 0 ? undefined : after);
}

function applyToOne(draft: Draft, { op, path: written, value = null }: Operation, path: AttributePath): void {
  const { attribute, sub } = path;
  if (op === 'remove' && attribute.required) {
    throw refuse('mutability', `"${shown(written)}" is required and can't be removed: replace it`);
  }
  const present = valueAt(draft, path);
  const before = isObject(present) ? present : {};
  if (sub === null) {
    const read = op === 'remove' ? undefined : readValue(attribute, value);
    setAt(draft, path, isObject(read) ? merged(before, read) : read);
    return;
  }
  const read = op === 'remove' ? undefined : readValue(sub, value);
  const isReferenceEnd = sub.name === 'value' && (read === undefined || read === '');
  if (read !== undefined && !isReferenceEnd) {
    setAt(draft, path, merged(before, { [sub.name]: read }));
    return;
  }
  const { [sub.name]: _removed, ...rest } = before;
  setAt(draft, path, isReferenceEnd || Object.keys(rest).length === 0 ? undefined : rest);
}

/** Unnamed siblings stay; but a reference to somebody else brings none of the old one's words. */
function merged(before: JsonObject, part: JsonObject): JsonObject {
  const moved = part['value'] !== undefined && before['value'] !== undefined && part['value'] !== before['value'];
  return moved ? part : { ...before, ...part };
}

function valueAt({ resource }: Draft, { extension, attribute }: AttributePath): Json | undefined {
  const holder = extension === null ? resource : resource[extension.id];
  return isObject(holder) ? holder[attribute.name] : undefined;
}

function setAt({ resource }: Draft, { extension, attribute }: AttributePath, value: Json | undefined): void {
  const stored = extension === null ? resource : resource[extension.id];
  const holder: Record<string, Json> = extension === null ? resource : isObject(stored) ? { ...stored } : {};
  if (value === undefined) delete holder[attribute.name];
  else holder[attribute.name] = value;
  if (extension !== null) resource[extension.id] = holder;
}

// Writing resources, in the caller's transaction: the resource row now, and what it says to the collector, which ends
// as one reading in that same transaction. Everything is checked before anything is written, so that of several
// operations in one request the refused ones leave nothing.
import { groupKey } from '../connection/group-key.ts';
import { readBody } from '../scim/body.ts';
import { indexValues } from '../scim/index-values.ts';
import type { Json, JsonObject } from '../scim/json.ts';
import { sameJson } from '../scim/json.ts';
import type { MemberDelta } from '../scim/member-delta.ts';
import { applyPatch } from '../scim/patch.ts';
import type { PatchWork } from '../scim/patch-work.ts';
import { personSaid } from '../scim/person.ts';
import type { PushCollector } from '../scim/push-collector.ts';
import type { ResourceType } from '../scim/resource-type.ts';
import { ScimError, shown } from '../scim/scim-error.ts';
import { foldedKey } from '../scim/value-key.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import type { ScimDesk } from '../store/scim-desk.ts';
import type { ScimResource } from '../store/scim-resources.ts';
import { NO_VALUES, valueChanges } from '../store/scim-resources.ts';
import type { LinkChanges } from './scim-members.ts';
import { memberChanges } from './scim-members.ts';
import { requireMatch } from './scim-preconditions.ts';
import type { Resource } from './scim-present.ts';

export interface Writing {
  readonly db: Database;
  readonly desk: ScimDesk;
  /** Under which resources stand for clients. */
  readonly base: string;
  readonly connection: ConnectionId;
  readonly collector: PushCollector;
  readonly work: PatchWork;
  readonly now: () => Instant;
}

interface Target {
  readonly type: ResourceType;
  readonly id: string;
  /** The versions that the client accepts to change; null for any. */
  readonly ifMatch: string | null;
}

/** A resource that is to be made, as its body says. */
export interface Fresh {
  readonly type: ResourceType;
  readonly keys: Keys;
  readonly attributes: JsonObject;
  readonly members: MemberDelta | null;
}

/** @throws ScimError what is wrong with the body by itself */
export function readFresh(type: ResourceType, body: Json): Fresh {
  const { resource, members } = readBody(type, body);
  const attributes = type.name === 'User' ? { active: true, ...resource } : resource;
  return { type, keys: keysOf(type, attributes), attributes, members };
}

export async function createResource(writing: Writing, fresh: Fresh): Promise<Resource> {
  const { desk, connection } = writing;
  const { type, keys, attributes } = fresh;
  await requireFreeName(writing, type, keys.nameKey, attributes, null);
  const departed = type.name === 'User' ? await desk.departed(keys) : null;
  const at = writing.now();
  const resource: Resource = {
    connection,
    id: departed?.id ?? newId(),
    type: type.name,
    ...keys,
    attributes,
    version: (departed?.version ?? 0) + 1,
    createdAt: at,
    modifiedAt: at,
  };
  const members = await memberChanges(writing, resource.id, fresh.members);
  await desk.add(resource, indexValues(type, attributes));
  say(writing, type, resource, null);
  sayMembers(writing, resource.id, members);
  return resource;
}

/** PUT: the whole resource, but what it does not say of `active` and members stays (law 4). */
export async function replaceResource(writing: Writing, target: Target, body: Json): Promise<Resource> {
  const before = await requireResource(writing, target);
  const read = readBody(target.type, body, false);
  const attributes =
    target.type.name === 'User' ? { active: before.attributes['active'] ?? true, ...read.resource } : read.resource;
  return writeChange(writing, target.type, before, attributes, read.members);
}

export async function patchResource(writing: Writing, target: Target, body: Json): Promise<Resource> {
  const before = await requireResource(writing, target);
  const patched = applyPatch(target.type, before.attributes, before.id, body, writing.work);
  return writeChange(writing, target.type, before, patched.resource, patched.members);
}

export async function deleteResource(writing: Writing, target: Target): Promise<void> {
  const before = await requireResource(writing, target);
  await writing.desk.remove(before, writing.now());
  if (target.type.name === 'User') writing.collector.personGone(before.id);
  else writing.collector.groupGone(before.id);
}

async function writeChange(
  writing: Writing,
  type: ResourceType,
  before: Resource,
  attributes: JsonObject,
  delta: MemberDelta | null,
): Promise<Resource> {
  const keys = keysOf(type, attributes);
  if (keys.nameKey !== before.nameKey) await requireFreeName(writing, type, keys.nameKey, attributes, before.id);
  const members = await memberChanges(writing, before.id, delta);
  const isSame = sameJson(before.attributes, attributes);
  // An unchanged resource keeps its version.
  if (isSame && members.joins.length === 0 && members.leaves.length === 0) return before;
  const after = { ...before, ...keys, attributes, version: before.version + 1, modifiedAt: writing.now() };
  const values = isSame ? NO_VALUES : valueChanges(indexValues(type, before.attributes), indexValues(type, attributes));
  await writing.desk.change(before, after, values);
  say(writing, type, after, before);
  sayMembers(writing, after.id, members);
  return after;
}

async function requireResource({ desk }: Writing, { type, id, ifMatch }: Target): Promise<Resource> {
  const resource = (await desk.find(type.name, id)) as Resource | null;
  if (resource === null) throw notFound(type, id);
  requireMatch(ifMatch, resource);
  return resource;
}

export function notFound(type: ResourceType, id: string): ScimError {
  return new ScimError(404, null, `there is no ${type.name} ${shown(id)}: it was deleted, or is not this connection's`);
}

type Keys = Pick<ScimResource, 'nameKey' | 'display' | 'displayKey' | 'externalId' | 'active'>;

function keysOf(type: ResourceType, attributes: JsonObject): Keys {
  const name = textOf(attributes, type.name === 'User' ? 'userName' : 'displayName') ?? '';
  const display = textOf(attributes, 'displayName') ?? name;
  return {
    nameKey: foldedKey(name),
    display,
    displayKey: foldedKey(display),
    externalId: textOf(attributes, 'externalId'),
    active: attributes['active'] !== false,
  };
}

function textOf(attributes: JsonObject, name: string): string | null {
  const value = attributes[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

async function requireFreeName(
  { desk }: Writing,
  type: ResourceType,
  nameKey: string,
  attributes: JsonObject,
  own: string | null,
): Promise<void> {
  const holder = await desk.idByName(type.name, nameKey);
  if (holder === null || holder === own) return;
  const attribute = type.name === 'User' ? 'userName' : 'displayName';
  throw new ScimError(
    409,
    'uniqueness',
    `${attribute} "${shown(attributes[attribute])}" is that of ${type.name} ${holder}, ignoring case: change that one, or take another name`,
  );
}

/** What the resource says that it has not said before. */
function say({ collector }: Writing, type: ResourceType, after: Resource, before: Resource | null): void {
  if (type.name === 'User') {
    const said = personSaid(after.attributes, after.id);
    const told = before === null ? null : personSaid(before.attributes, before.id);
    if (JSON.stringify(said) !== JSON.stringify(told)) collector.person(said);
    return;
  }
  const name = textOf(after.attributes, 'displayName') ?? '';
  if (before === null || textOf(before.attributes, 'displayName') !== name) {
    collector.group(after.id, name, groupKey('scim', name));
  }
}

function sayMembers({ collector }: Writing, group: string, { joins, leaves }: LinkChanges): void {
  for (const member of joins) collector.join(group, member);
  for (const member of leaves) collector.leave(group, member);
}

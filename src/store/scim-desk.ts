// What a few requests read and write of one connection's resources in one transaction: what they will ask for is read
// at once, what they change is seen by those who come after them, and is written at once.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import type { ScimResource, ScimType, ScimValue, ScimWrite, ValueChanges } from './scim-resources.ts';
import { findDeparted, findScimResources, NO_VALUES, scimIdsByName, writeScimResources } from './scim-resources.ts';

/** By what somebody who comes is looked for: the name must be free, and the externalId tells who comes back. */
export type Newcomer = Pick<ScimResource, 'nameKey' | 'externalId'>;

export class ScimDesk {
  readonly #db: Database;
  readonly #connection: ConnectionId;
  /** As they are with what was written here; null where there is none. */
  readonly #living = new Map<string, ScimResource | null>();
  readonly #idsByName = new Map<string, string | null>();
  readonly #departed = new Map<string, ScimResource | null>();
  #unwritten = new Map<string, ScimWrite>();
  #hasUnwrittenLeavers = false;

  constructor(db: Database, connection: ConnectionId) {
    this.#db = db;
    this.#connection = connection;
  }

  /** Reads what will be asked of these resources and of these people who come. */
  async expect(ids: readonly string[], newcomers: readonly Newcomer[]): Promise<void> {
    for (const id of ids) this.#living.set(id, null);
    for (const resource of await findScimResources(this.#db, this.#connection, ids)) {
      this.#living.set(resource.id, resource);
    }
    const names = newcomers.map(({ nameKey }) => nameKey);
    const found = await scimIdsByName(this.#db, this.#connection, 'User', names);
    for (const name of names) this.#idsByName.set(nameOf('User', name), found.get(name) ?? null);
    await this.#lookForDeparted(newcomers);
  }

  /** The living resource. */
  async find(type: ScimType, id: string): Promise<ScimResource | null> {
    if (!this.#living.has(id)) await this.expect([id], []);
    const resource = this.#living.get(id) ?? null;
    return resource?.type === type ? resource : null;
  }

  /** Id of the living resource of that name. */
  async idByName(type: ScimType, nameKey: string): Promise<string | null> {
    const name = nameOf(type, nameKey);
    const known = this.#idsByName.get(name);
    if (known !== undefined) return known;
    return (await scimIdsByName(this.#db, this.#connection, type, [nameKey])).get(nameKey) ?? null;
  }

  /** The deleted user who comes back: the same externalId, or without one the same userName; the last one to go. */
  async departed(newcomer: Newcomer): Promise<ScimResource | null> {
    const key = departedKey(newcomer);
    if (!this.#departed.has(key)) {
      if (this.#hasUnwrittenLeavers) await this.flush();
      await this.#lookForDeparted([newcomer]);
    }
    return this.#departed.get(key) ?? null;
  }

  /** A new resource, or one that comes back under its id. */
  async add(resource: ScimResource, values: readonly ScimValue[]): Promise<void> {
    await this.#write({ resource, values: { put: values, gone: [] }, deletedAt: null, isNew: true });
    for (const [key, one] of this.#departed) if (one?.id === resource.id) this.#departed.delete(key);
  }

  async change(before: ScimResource, after: ScimResource, values: ValueChanges): Promise<void> {
    if (before.nameKey !== after.nameKey) this.#idsByName.set(nameOf(before.type, before.nameKey), null);
    await this.#write({ resource: after, values, deletedAt: null, isNew: false });
  }

  async remove(resource: ScimResource, at: Instant): Promise<void> {
    await this.#write({ resource: { ...resource, modifiedAt: at }, values: NO_VALUES, deletedAt: at, isNew: false });
    this.#hasUnwrittenLeavers = true;
    for (const externalId of [resource.externalId, null])
      this.#departed.delete(departedKey({ ...resource, externalId }));
  }

  /** Writes what was not yet written: whoever reads from the database itself sees it from now on. */
  async flush(): Promise<void> {
    const writes = [...this.#unwritten.values()];
    this.#unwritten = new Map();
    this.#hasUnwrittenLeavers = false;
    if (writes.length > 0) await writeScimResources(this.#db, this.#connection, writes);
  }

  /** Each is written once in one go, in the order of the words: who takes a name comes behind whoever left it. */
  async #write(write: ScimWrite): Promise<void> {
    const { resource, deletedAt } = write;
    if (this.#unwritten.has(resource.id)) await this.flush();
    this.#unwritten.set(resource.id, write);
    this.#living.set(resource.id, deletedAt === null ? resource : null);
    this.#idsByName.set(nameOf(resource.type, resource.nameKey), deletedAt === null ? resource.id : null);
  }

  async #lookForDeparted(newcomers: readonly Newcomer[]): Promise<void> {
    for (const newcomer of newcomers) this.#departed.set(departedKey(newcomer), null);
    const known = Map.groupBy(newcomers, ({ externalId }) => (externalId === null ? 'nameKey' : 'externalId'));
    for (const [by, list] of known) {
      const keys = list.map((newcomer) => newcomer[by] ?? '');
      const found = await findDeparted(this.#db, this.#connection, by, keys);
      // The last one to go is written last. Who has come back here may not be written yet.
      for (const one of found.toReversed()) {
        if ((this.#living.get(one.id) ?? null) !== null) continue;
        this.#departed.set(departedKey(by === 'nameKey' ? { ...one, externalId: null } : one), one);
      }
    }
  }
}

function nameOf(type: ScimType, nameKey: string): string {
  return `${type} ${nameKey}`;
}

function departedKey({ nameKey, externalId }: Newcomer): string {
  return externalId === null ? `name ${nameKey}` : `id ${externalId}`;
}

// A store of its own for a test, on either database, with one clock that moves a second at each look.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { declare } from '../../src/organization/declare.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Sync } from '../../src/sync/context.ts';
import { newPostgresDatabase } from './postgres-databases.ts';

/** Every database that must keep what the tests ask. */
export const DATABASES = ['sqlite', 'postgres'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

export interface TestDatabase {
  readonly url: string;
  readonly remove: () => Promise<void>;
}

/** Where a store can be opened. With `empty` nothing is in it; otherwise migrating it is quick. */
export async function newDatabase(
  kind: DatabaseKind,
  options: { readonly empty?: boolean } = {},
): Promise<TestDatabase> {
  if (kind === 'postgres') return newPostgresDatabase(options);
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-store-'));
  return {
    url: `sqlite:${join(folder, 'r.db')}`,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface TestStore {
  readonly sync: Sync;
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What a test may have otherwise: the database, and the brake. */
export type StoreOptions = Partial<Sync['brake']> & { readonly database?: DatabaseKind };

export async function openTestStore(
  declaration: Declaration,
  { database = 'sqlite', ...brake }: StoreOptions = {},
): Promise<TestStore> {
  const { url, remove } = await newDatabase(database);
  const db = openDatabase(url);
  await migrate(db);
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const now = (): string => new Date((clock += 1000)).toISOString();
  const sync: Sync = { db, brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null, ...brake }, now };
  await declare(sync, declaration, { preview: false });
  return {
    sync,
    url,
    close: async () => {
      await db.destroy();
      await remove();
    },
  };
}

/** The organization that most tests declare: Acme, whose Owner is Olga. */
export function declareAcme({
  organization = {},
  connections = [],
  mappings = [],
}: {
  readonly organization?: Partial<Declaration['organizations'][number]>;
  readonly connections?: Declaration['connections'];
  readonly mappings?: Declaration['mappings'];
} = {}): Declaration {
  const acme: Declaration['organizations'][number] = {
    id: 'acme' as OrganizationId,
    title: 'Acme',
    owner: 'olga@acme.example',
    roleAuthority: 'shared',
    defaultRole: 'not_activated',
    seats: null,
    domains: [],
    successor: null,
    projects: [],
  };
  return { organizations: [{ ...acme, ...organization }], connections, mappings };
}

/** Acme with one SCIM connection of its own, whose people become annotators. */
export function declareAcmeWithScim(): Declaration {
  return declareAcme({
    organization: { defaultRole: 'annotator', domains: ['acme.example'] },
    connections: [
      {
        id: 'acme-scim' as ConnectionId,
        kind: 'scim',
        organization: 'acme' as OrganizationId,
        state: null,
        lifecycle: true,
        trustEmail: 'verified',
      },
    ],
  });
}

/** Acme with the directory `corp`, whose group `staff` makes annotators. */
export function declareAcmeWithStaff(): Declaration {
  const corp = 'corp' as ConnectionId;
  return declareAcme({
    connections: [{ id: corp, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' }],
    mappings: [
      {
        connection: corp,
        groupBy: 'name',
        group: 'staff',
        groupKey: 'staff',
        organization: 'acme' as OrganizationId,
        role: 'annotator',
        workspace: null,
        project: null,
        projectRole: null,
      },
    ],
  });
}

// Bringing the schema up. The list is explicit, so that a migration's name never depends on a file's ending.
import type { Knex } from 'knex';
import { RollcallError } from '../errors.ts';
import type { Database } from './database.ts';
import { initial } from './migrations/0001-initial.ts';
import { schedules } from './migrations/0004-schedules.ts';
import { saml } from './migrations/0006-saml.ts';

/** In order; a migration that has been released is never edited. */
export const MIGRATIONS: readonly { readonly name: string; readonly migration: Knex.Migration }[] = [
  { name: '0001-initial', migration: initial },
  { name: '0004-schedules', migration: schedules },
  { name: '0006-saml', migration: saml },
];

export interface MigrationState {
  readonly applied: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Applies the migrations that are missing, each in a transaction.
 * @param upTo the last one to apply, by name; all of them by default.
 * @returns the names of those that were applied now.
 * @throws RollcallError `schema_outdated` when the database was written by a newer Rollcall.
 */
export async function migrate(db: Database, upTo?: string): Promise<string[]> {
  await db.migrate.list(options(db)).catch((error: unknown) => rethrowNewer(error));
  const end = upTo === undefined ? MIGRATIONS.length : MIGRATIONS.findIndex(({ name }) => name === upTo) + 1;
  const applied: string[] = [];
  for (const { name } of MIGRATIONS.slice(0, end)) {
    const { missing } = await migrationState(db);
    if (!missing.includes(name)) continue;
    await db.migrate.up({ ...options(db), name });
    applied.push(name);
  }
  return applied;
}

/** Which migrations the database has and lacks. */
export async function migrationState(db: Database): Promise<MigrationState> {
  const [applied, missing] = (await db.migrate.list(options(db))) as [{ name: string }[], { name: string }[]];
  return { applied: applied.map(({ name }) => name), missing: missing.map(({ name }) => name) };
}

function options(_db: Database): Knex.MigratorConfig {
  return {
    tableName: 'migrations',
    migrationSource: {
      getMigrations: () => Promise.resolve([...MIGRATIONS]),
      getMigrationName: (entry: { name: string }) => entry.name,
      getMigration: (entry: { migration: Knex.Migration }) => Promise.resolve(entry.migration),
    },
  };
}

function rethrowNewer(error: unknown): never {
  throw new RollcallError(
    'schema_outdated',
    'the database was written by a newer Rollcall: start that version, or restore a backup',
    {
      cause: error,
    },
  );
}

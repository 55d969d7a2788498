// Bringing the schema up, by any number of processes at once: one applies what is missing, the others wait for it.
// knex's own migrator is not used: a process killed in it leaves its lock behind for a person to remove.
import { RollcallError } from '../errors.ts';
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';
import { initial } from './migrations/0001-initial.ts';
import { delivery } from './migrations/0002-delivery.ts';
import { scim } from './migrations/0003-scim.ts';
import { schedules } from './migrations/0004-schedules.ts';
import { accounts } from './migrations/0005-accounts.ts';
import { saml } from './migrations/0006-saml.ts';
import { groupNames } from './migrations/0007-group-names.ts';
import { sessionEnds } from './migrations/0008-session-ends.ts';
import { accountHistory } from './migrations/0009-account-history.ts';
import { strangers } from './migrations/0010-strangers.ts';
import { firstLoads } from './migrations/0011-first-loads.ts';
import { pushes } from './migrations/0012-pushes.ts';
import type { Migration } from './migrations/migration.ts';
import { runStatements } from './migrations/migration.ts';

/** In order; a migration that has been released is never edited. */
export const MIGRATIONS: readonly { readonly name: string; readonly migration: Migration }[] = [
  { name: '0001-initial', migration: initial },
  { name: '0002-delivery', migration: delivery },
  { name: '0003-scim', migration: scim },
  { name: '0004-schedules', migration: schedules },
  { name: '0005-accounts', migration: accounts },
  { name: '0006-saml', migration: saml },
  { name: '0007-group-names', migration: groupNames },
  { name: '0008-session-ends', migration: sessionEnds },
  { name: '0009-account-history', migration: accountHistory },
  { name: '0010-strangers', migration: strangers },
  { name: '0011-first-loads', migration: firstLoads },
  { name: '0012-pushes', migration: pushes },
];

export interface MigrationState {
  readonly applied: readonly string[];
  readonly missing: readonly string[];
}

/** Any number, the same in every process: who holds it migrates. */
const MIGRATION_LOCK = 7_201_966;

/**
 * Applies the migrations that are missing, all in one transaction.
 * @param upTo the last one to apply, by name; all of them by default.
 * @returns the names of those that were applied now, by this process.
 * @throws RollcallError `schema_outdated` when the database was written by a newer Rollcall.
 */
export async function migrate(db: Database, upTo?: string): Promise<string[]> {
  const end = upTo === undefined ? MIGRATIONS.length : MIGRATIONS.findIndex(({ name }) => name === upTo) + 1;
  const wanted = MIGRATIONS.slice(0, end);
  // Nothing is locked where nothing is missing: every command comes by here.
  if (lacking(wanted, await migrationState(db)).length === 0) return [];
  return db.transaction(async (trx) => {
    await lockMigrations(trx);
    const missing = lacking(wanted, await migrationState(trx));
    for (const { name, migration } of missing) {
      await migration.up(trx);
      await trx('migrations').insert({ name, applied_at: new Date().toISOString() });
    }
    return missing.map(({ name }) => name);
  });
}

/** Which migrations the database has and lacks. */
export async function migrationState(db: Database): Promise<MigrationState> {
  const isNew = !(await db.schema.hasTable('migrations'));
  const rows: { name: string }[] = isNew ? [] : await db('migrations').orderBy('name').select('name');
  const applied = rows.map(({ name }) => name);
  const known = MIGRATIONS.map(({ name }) => name);
  if (applied.some((name) => !known.includes(name))) {
    throw new RollcallError(
      'schema_outdated',
      'the database was written by a newer Rollcall: start that version, or restore a backup',
    );
  }
  return { applied, missing: known.filter((name) => !applied.includes(name)) };
}

function lacking(wanted: typeof MIGRATIONS, { missing }: MigrationState): typeof MIGRATIONS {
  return wanted.filter(({ name }) => missing.includes(name));
}

/** Held until the end of the transaction. On SQLite the first write of a transaction locks out all other writers. */
async function lockMigrations(trx: Database): Promise<void> {
  if (isPostgres(trx)) await trx.raw('SELECT pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
  else await trx.raw('PRAGMA user_version = 1');
  await runStatements(trx, [LIST]).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    const words = 'its user may not create tables: GRANT CREATE ON SCHEMA public to it, or make it the owner';
    throw new RollcallError('database_unfit', `database.url: ${words}`, { cause: error });
  });
}

const LIST = 'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at text NOT NULL)';
const INSUFFICIENT_PRIVILEGE = '42501';

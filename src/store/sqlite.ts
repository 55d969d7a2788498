// The embedded database: one file in WAL with synchronous=FULL, so that what was acknowledged survives power loss
// (law 12), readable by its owner only.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import knex from 'knex';
import type { Knex } from 'knex';
import { PATIENCE_MS } from './patience.ts';

export function openSqlite(file: string): Knex {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return knex({
    client: 'better-sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    pool: {
      // One connection: SQLite has one writer, and an idle pool must not close an in-memory database.
      min: 1,
      max: 1,
      idleTimeoutMillis: 2 ** 31 - 1,
      afterCreate: (connection: { pragma: (text: string) => unknown }, done: (error: Error | null) => void) => {
        // Patience first: several processes may turn a new file to WAL at once.
        for (const pragma of [
          `busy_timeout=${PATIENCE_MS}`,
          'journal_mode=WAL',
          'synchronous=FULL',
          'foreign_keys=ON',
        ]) {
          connection.pragma(pragma);
        }
        // Names, addresses and roles of a whole company: for the owner of the process only.
        if (file !== ':memory:') chmodSync(file, 0o600);
        done(null);
      },
    },
  });
}

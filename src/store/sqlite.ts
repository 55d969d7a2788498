// The embedded database: one file in WAL with synchronous=FULL, so that what was acknowledged survives power loss
// (law 12), readable by its owner only.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import knex from 'knex';
import type { Knex } from 'knex';
import { isBusy, PATIENCE_MS } from './patience.ts';

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
      afterCreate: (connection: SqliteConnection, done: (error: Error | null) => void) => {
        keepStatements(connection);
        connection.pragma(`busy_timeout=${PATIENCE_MS}`);
        turnToWal(connection);
        for (const pragma of ['synchronous=FULL', 'foreign_keys=ON']) connection.pragma(pragma);
        // Names, addresses and roles of a whole company: for the owner of the process only.
        if (file !== ':memory:') chmodSync(file, 0o600);
        done(null);
      },
    },
  });
}

interface SqliteConnection {
  pragma: (text: string) => unknown;
  prepare: (sql: string) => unknown;
}

/** Several processes may turn a new file to WAL at once, and SQLite does not wait for another's turn by itself. */
function turnToWal(connection: SqliteConnection): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      connection.pragma('journal_mode=WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > end) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}

/** Statements kept ready; the texts that Rollcall asks again and again are fewer. */
const STATEMENTS_KEPT = 200;

/**
 * The same text is prepared once. A prepared statement is memory that the garbage collector doesn't see: a long run
 * that prepared each anew would hold gigabytes of them.
 */
function keepStatements(connection: SqliteConnection): void {
  const prepare = connection.prepare.bind(connection);
  const kept = new Map<string, unknown>();
  connection.prepare = (sql) => {
    const statement = kept.get(sql) ?? prepare(sql);
    kept.delete(sql);
    kept.set(sql, statement);
    const [oldest] = kept.keys();
    if (kept.size > STATEMENTS_KEPT && oldest !== undefined) kept.delete(oldest);
    return statement;
  };
}

// The embedded database: one file in WAL with synchronous=FULL, so that what was acknowledged survives power loss
// (law 12), readable by its owner only.
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import knex from 'knex';
import type { Knex } from 'knex';
import { RollcallError } from '../errors.ts';
import { isBusy, PATIENCE_MS } from './patience.ts';

/** The indexes of a hundred thousand people are written all over, and a page that fell out is read and written again. */
const CACHE_KB = 64 * 1024;
/** As much is written ahead before it is moved into the file: a page that is written ten times is moved once. */
const CHECKPOINT_PAGES = 16_000;

/** @throws RollcallError `database_unfit` for a path where no database is or can be made. */
export function openSqlite(file: string): Knex {
  if (file !== ':memory:') refuseUnlessUsable(file);
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
        for (const pragma of [
          'synchronous=FULL',
          'foreign_keys=ON',
          `cache_size=-${CACHE_KB}`,
          `wal_autocheckpoint=${CHECKPOINT_PAGES}`,
        ])
          connection.pragma(pragma);
        // Names, addresses and roles of a whole company: for the owner of the process only.
        if (file !== ':memory:') chmodSync(file, 0o600);
        done(null);
      },
    },
  });
}

/** Opens it once before knex does, which would try again for a minute and print what it met. */
function refuseUnlessUsable(file: string): void {
  try {
    makeFolder(dirname(file));
    const connection = new Sqlite(file);
    // Opening reads nothing; this reads the head of the file.
    connection.pragma('schema_version');
    connection.close();
  } catch (error) {
    if (isBusy(error)) return;
    const why = error instanceof Error ? error.message : String(error);
    throw new RollcallError('database_unfit', `database.url: ${file} can't be used as a database: ${why}`, {
      cause: error,
    });
  }
}

/** One folder after the other: made recursively, one below /proc would be tried for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
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
    const known = kept.get(sql);
    if (known !== undefined && kept.size < STATEMENTS_KEPT) return known;
    const statement = known ?? prepare(sql);
    // Behind all others: the one in front is the one that was asked longest ago, once there are many.
    kept.delete(sql);
    kept.set(sql, statement);
    const [oldest] = kept.keys();
    if (kept.size > STATEMENTS_KEPT && oldest !== undefined) kept.delete(oldest);
    return statement;
  };
}

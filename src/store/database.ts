// The database behind plain functions: SQLite embedded by default, Postgres for several processes. What was
// acknowledged survives power loss: SQLite runs in WAL with synchronous=FULL (law 12).
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import knex from 'knex';
import type { Knex } from 'knex';
import { RollcallError } from '../errors.ts';

/** A connection or an open transaction; every store function takes one. */
export type Database = Knex;

/** How long a process waits for another's write on SQLite before it gives up. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * Opens the database that the URL names; nothing is migrated.
 * @param url `sqlite:/path/to/file.db`; the folder is made, readable by its owner only.
 * @throws RollcallError `config_invalid` for a URL of another kind.
 */
export function openDatabase(url: string): Database {
  const file = /^sqlite:(.+)$/.exec(url)?.[1];
  if (file === undefined) {
    throw new RollcallError('config_invalid', `database.url: expected sqlite:PATH, found ${url.replace(/:.*/s, ':…')}`);
  }
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
        for (const pragma of [
          'journal_mode=WAL',
          'synchronous=FULL',
          'foreign_keys=ON',
          `busy_timeout=${BUSY_TIMEOUT_MS}`,
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

interface SqliteConnection {
  pragma: (text: string) => unknown;
  prepare: (sql: string) => unknown;
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

/**
 * Runs `work` in one transaction that holds the write lock from its first statement, so that what it reads is what
 * it writes on: a reader that turns writer half-way is refused by SQLite when another process wrote meanwhile.
 */
export async function inTransaction<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async (trx) => {
    await trx('write_lock').increment('revision', 1);
    return work(trx);
  });
}

/** Counts the transactions so far: two equal revisions, and nothing was written in between. */
export async function revisionOf(db: Database): Promise<number> {
  const row: { revision: number } | undefined = await db('write_lock').first('revision');
  return row?.revision ?? 0;
}

/** SQLite takes at most 32,766 variables a statement; rows are written in groups that stay far below. */
export const ROWS_PER_STATEMENT = 500;

/** The list in groups of at most `size`, in order. */
export function* inGroups<T>(list: readonly T[], size: number = ROWS_PER_STATEMENT): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

/** A stored JSON column, read back in the type that was written. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

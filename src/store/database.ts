// The database behind plain functions: SQLite embedded by default, Postgres for several processes. One write lock
// orders all writers, so that what a transaction reads is what it writes on.
import type { Knex } from 'knex';
import { RollcallError } from '../errors.ts';
import { isBusy, PATIENCE_MS } from './patience.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { inTurn } from './write-queue.ts';

/** A connection or an open transaction; every store function takes one. */
export type Database = Knex;

/**
 * Opens the database that the URL names; nothing is migrated, and Postgres is not yet asked.
 * @param url `sqlite:/path/to/file.db` (the folder is made, readable by its owner only) or a `postgres://` address.
 * @throws RollcallError `config_invalid` for a URL of another kind. The first statement throws `database_unreachable`
 *   or `database_unfit` where the server cannot be used.
 */
export function openDatabase(url: string): Database {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  const file = /^sqlite:(.+)$/.exec(url)?.[1];
  if (file !== undefined) return openSqlite(file);
  const found = url.replace(/:.*/s, ':…');
  throw new RollcallError('config_invalid', `database.url: expected sqlite:PATH or postgres://…, found ${found}`);
}

export function isPostgres(db: Database): boolean {
  return (db.client as { readonly config: { readonly client?: unknown } }).config.client === 'pg';
}

/** Work of a transaction that hangs on nobody else's: on Postgres it is done while another one still writes. */
export interface Ahead {
  readonly work: (trx: Database) => Promise<void>;
  /** Until then the lock is not taken; where it is refused, nothing is written. */
  readonly turn: Promise<void>;
}

/**
 * Runs `work` in one transaction that holds the write lock from its first statement, so that what it reads is what
 * it writes on: on SQLite a reader that turns writer half-way is refused when another process wrote meanwhile; on
 * Postgres the lock is a row, and every statement after it sees what the last writer left. Since all writers queue
 * at one place, none can wait for another in a circle, and nothing needs to be tried again.
 */
export async function inTransaction<T>(
  db: Database,
  work: (trx: Database) => Promise<T>,
  ahead: Ahead = { work: async () => undefined, turn: Promise.resolve() },
): Promise<T> {
  // SQLite has one writer, who would be waited for.
  if (!isPostgres(db)) await ahead.turn;
  return inTurn(db, async () => {
    try {
      return await db.transaction(async (trx) => {
        if (isPostgres(db)) {
          await ahead.work(trx);
          await ahead.turn;
        }
        await takeWriteLock(trx);
        if (!isPostgres(db)) await ahead.work(trx);
        return work(trx);
      });
    } catch (error) {
      if (!isPostgres(db)) await endRefusedCommit(db);
      throw error;
    }
  });
}

/** SQLite leaves a transaction open whose commit broke a rule, and knex would give the connection on as it is. */
async function endRefusedCommit(db: Database): Promise<void> {
  await db.raw('ROLLBACK').catch(() => undefined);
}

async function takeWriteLock(trx: Database): Promise<void> {
  try {
    await trx('write_lock').increment('revision', 1);
  } catch (error) {
    if (!isBusy(error)) throw error;
    const words = `another process has been writing for ${PATIENCE_MS / 1000} seconds: try again when it is done`;
    throw new RollcallError('database_busy', words, { cause: error });
  }
}

/** Reads that see one instant, however many statements they take and whoever writes meanwhile. */
export async function inSnapshot<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async (trx) => {
    if (isPostgres(trx)) await trx.raw('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return work(trx);
  });
}

/** Counts the transactions so far: two equal revisions, and nothing was written in between. */
export async function revisionOf(db: Database): Promise<number> {
  const row: { revision: number } | undefined = await db('write_lock').first('revision');
  return row?.revision ?? 0;
}

/**
 * The database's own clock as a column value, in the form of every other time: processes whose clocks differ agree
 * by it on when a lease ends.
 */
export function databaseTime(db: Database, aheadMs = 0): Knex.Raw {
  return isPostgres(db)
    ? db.raw(
        `to_char((clock_timestamp() + ? * interval '1 millisecond') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
        [aheadMs],
      )
    : db.raw(`strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)`, [`${aheadMs / 1000} seconds`]);
}

/**
 * SQLite takes at most 32,766 variables a statement and Postgres 65,535; rows are written in groups that stay far
 * below.
 */
export const ROWS_PER_STATEMENT = 500;

/** The list in groups of at most `size`, in order. */
export function* inGroups<T>(list: readonly T[], size: number = ROWS_PER_STATEMENT): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

/** A stored JSON column, read back in the type that was written. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

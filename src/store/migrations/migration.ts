// What a migration is: one text of the schema for both databases. Only what they cannot say alike is said here.
import type { Database } from '../database.ts';
import { isPostgres } from '../database.ts';

export interface Migration {
  readonly up: (db: Database) => PromiseLike<unknown>;
}

/**
 * Runs the statements in order. On Postgres every text column compares by bytes, as on SQLite: in the order of a
 * language ids would not sort by time, and two keys could be told apart by one database and not by the other.
 * `WITHOUT ROWID` is SQLite's alone: a table that is nothing but its key is stored once, not twice.
 */
export async function runStatements(db: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    const forPostgres = statement.replaceAll(/\btext\b/g, 'text COLLATE "C"').replace(' WITHOUT ROWID', '');
    await db.raw(isPostgres(db) ? forPostgres : statement);
  }
}

/** A foreign key to a table that is made later. */
export interface ForwardKey {
  readonly table: string;
  readonly clause: string;
}

/**
 * Puts in the keys that close a circle of tables: SQLite takes them only within CREATE TABLE, before the other table
 * is there, Postgres only once it is.
 */
export function withForwardKeys(db: Database, statements: readonly string[], keys: readonly ForwardKey[]): string[] {
  if (isPostgres(db)) return [...statements, ...keys.map(({ table, clause }) => `ALTER TABLE ${table} ADD ${clause}`)];
  return statements.map((statement) => {
    const own = keys.filter(({ table }) => statement.startsWith(`CREATE TABLE ${table} (`));
    return own.length === 0
      ? statement
      : statement.replace(/\n\s*\)$/, `,\n${own.map(({ clause }) => clause).join(',\n')}\n)`);
  });
}

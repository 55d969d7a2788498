// Statements that are asked at every push, by their text: no builder is at work, and each is prepared once per
// connection. The text names its columns: one prepared with `*` fails on Postgres once a migration has added one.
import type { Statement } from 'better-sqlite3';
import type { Client } from 'pg';
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';

export type Value = string | number | null;
/** A list is one value, to be asked by `oneOf`. */
export type Values = readonly (Value | readonly string[])[];

/** The rows of a statement, also of a writing one that returns some. Values stand as `?`. */
export async function rowsOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row[]> {
  return onConnection(db, async (connection) => {
    if (isPrepared(connection)) return connection.prepare(sql).all(...sqliteValues(values)) as Row[];
    const { rows } = await connection.query(named(sql, values));
    return rows as Row[];
  });
}

export async function rowOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row | null> {
  const [row] = await rowsOf<Row>(db, sql, values);
  return row ?? null;
}

/** How many rows the statement has written. */
export async function execute(db: Database, sql: string, values: Values = []): Promise<number> {
  return onConnection(db, async (connection) => {
    if (isPrepared(connection)) return connection.prepare(sql).run(...sqliteValues(values)).changes;
    return (await connection.query(named(sql, values))).rowCount ?? 0;
  });
}

/** The condition that the column is one of a list, which is one value of the statement. */
export function oneOf(db: Database, column: string): string {
  return isPostgres(db) ? `${column} = ANY(CAST(? AS text[]))` : `${column} IN (SELECT value FROM json_each(?))`;
}

interface Prepared {
  readonly prepare: (sql: string) => Statement;
}

function isPrepared(connection: Prepared | Client): connection is Prepared {
  return 'prepare' in connection;
}

/** The connection of the transaction, or one of the pool. */
async function onConnection<T>(db: Database, work: (connection: Prepared | Client) => Promise<T>): Promise<T> {
  const client = db.client as Pool;
  const connection = await client.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await client.releaseConnection(connection);
  }
}

interface Pool {
  readonly acquireConnection: () => Promise<Prepared | Client>;
  readonly releaseConnection: (connection: Prepared | Client) => Promise<void>;
}

function sqliteValues(values: Values): Value[] {
  return values.map((value) => (value !== null && typeof value === 'object' ? JSON.stringify(value) : value));
}

interface Named {
  readonly name: string;
  readonly text: string;
}

const texts = new Map<string, Named>();

/** Texts are fixed, so that there are few; each has its name for as long as the process lives. */
function named(sql: string, values: Values): Named & { readonly values: unknown[] } {
  let known = texts.get(sql);
  if (known === undefined) {
    let at = 0;
    const text = sql.replaceAll('?', () => `$${++at}`);
    known = { name: `rollcall_${texts.size + 1}`, text };
    texts.set(sql, known);
  }
  return { ...known, values: [...values] };
}

// Statements that are asked at every push, by their text: no builder is at work, and each is prepared once per
// connection. The text names its columns: one prepared with `*` fails on Postgres once a migration has added one.
import type { Statement } from 'better-sqlite3';
import type { Client } from 'pg';
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';
import { askOnce } from './ask-once.ts';
import { readTogether } from './read-together.ts';

export type Value = string | number | null;
/** A list is one value, to be asked by `oneOf`. */
export type Values = readonly (Value | readonly string[])[];

/** The rows that a statement finds; it writes nothing. Values stand as `?`. */
export async function rowsOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row[]> {
  return read<Row>(db, isPostgres(db) ? named(sql) : { text: sql }, values);
}

/** As `rowsOf`, for a text that is made of what somebody asks: there is no end of them, so that none is kept. */
export async function rowsOfBuilt<Row>(db: Database, sql: string, values: Values): Promise<Row[]> {
  return read<Row>(db, { text: isPostgres(db) ? numbered(sql) : sql }, values);
}

export async function rowOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row | null> {
  const [row] = await rowsOf<Row>(db, sql, values);
  return row ?? null;
}

/** How many rows the statement has written. */
export async function execute(db: Database, sql: string, values: Values = []): Promise<number> {
  return onConnection(poolOf(db), async (connection) => {
    if (isEmbedded(connection)) return connection.prepare(sql).run(...embedded(values)).changes;
    return (await connection.query({ ...named(sql), values: [...values] })).rowCount ?? 0;
  });
}

/** The condition that the column is one of a list, which is one value of the statement. */
export function oneOf(db: Database, column: string): string {
  return isPostgres(db) ? `${column} = ANY(CAST(? AS text[]))` : `${column} IN (SELECT value FROM json_each(?))`;
}

async function read<Row>(db: Database, query: Query, values: Values): Promise<Row[]> {
  const pool = poolOf(db);
  const ask = (): Promise<Row[]> =>
    onConnection(pool, async (connection) => {
      if (isEmbedded(connection)) return connection.prepare(query.text).all(...embedded(values)) as Row[];
      const { rows } = await connection.query({ ...query, values: [...values] });
      return rows as Row[];
    });
  if (pool.transacting === true) return ask();
  const together = isPostgres(db)
    ? askOnce(pool, JSON.stringify([query.text, values]), ask)
    : readTogether(pool, query.text, embedded(values));
  return (await together) as Row[];
}

/** An open SQLite database. */
export interface Embedded {
  readonly prepare: (sql: string) => Statement;
}

function isEmbedded(connection: Embedded | Client): connection is Embedded {
  return 'prepare' in connection;
}

/** The pool, or the one connection of a transaction. */
interface Pool {
  readonly transacting?: boolean;
  readonly acquireConnection: () => Promise<Embedded | Client>;
  readonly releaseConnection: (connection: Embedded | Client) => Promise<void>;
}

function poolOf(db: Database): Pool {
  return db.client as Pool;
}

async function onConnection<T>(pool: Pool, work: (connection: Embedded | Client) => Promise<T>): Promise<T> {
  const connection = await pool.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await pool.releaseConnection(connection);
  }
}

function embedded(values: Values): Value[] {
  return values.map((value) => (value !== null && typeof value === 'object' ? JSON.stringify(value) : value));
}

interface Query {
  readonly name?: string;
  readonly text: string;
}

const known = new Map<string, Query>();

/** Each text has its name for as long as the process lives. */
function named(sql: string): Query {
  const query = known.get(sql) ?? { name: `rollcall_${known.size + 1}`, text: numbered(sql) };
  known.set(sql, query);
  return query;
}

function numbered(sql: string): string {
  let at = 0;
  return sql.replaceAll('?', () => `$${++at}`);
}

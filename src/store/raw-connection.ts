// The driver's own connections, below the query builder, for statements that are asked at every request.
import type { Statement } from 'better-sqlite3';
import type { Client } from 'pg';
import type { Database } from './database.ts';

export type Value = string | number | null;
/** A list is one value, to be asked by `oneOf`. */
export type Values = readonly (Value | readonly string[])[];

export interface Query {
  /** Prepared once under it, on Postgres. */
  readonly name?: string;
  /** Values stand as `?` on SQLite, as `$1` on Postgres. */
  readonly text: string;
  readonly values: Values;
}

/** An open SQLite database, or a session of Postgres. */
export type RawConnection = { readonly prepare: (sql: string) => Statement } | Client;

/** The pool, or the one connection of a transaction. */
export interface Pool {
  readonly transacting?: boolean;
  readonly acquireConnection: () => Promise<RawConnection>;
  readonly releaseConnection: (connection: RawConnection) => Promise<void>;
}

export function poolOf(db: Database): Pool {
  return db.client as Pool;
}

export async function onConnection<T>(pool: Pool, work: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await pool.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await pool.releaseConnection(connection);
  }
}

/** On SQLite done when this returns, so that several in a row are one instant. */
export function rowsOn(connection: RawConnection, query: Query): Promise<unknown[]> {
  if ('prepare' in connection) return attempt(() => connection.prepare(query.text).all(...embedded(query.values)));
  return connection.query({ ...query, values: [...query.values] }).then(({ rows }: { rows: unknown[] }) => rows);
}

/** How many rows were written. */
export function changesOn(connection: RawConnection, query: Query): Promise<number> {
  if ('prepare' in connection) {
    return attempt(() => connection.prepare(query.text).run(...embedded(query.values)).changes);
  }
  return connection.query({ ...query, values: [...query.values] }).then(({ rowCount }) => rowCount ?? 0);
}

async function attempt<T>(work: () => T): Promise<T> {
  return work();
}

function embedded(values: Values): Value[] {
  return values.map((value) => (value !== null && typeof value === 'object' ? JSON.stringify(value) : value));
}

// Reads of the embedded database that are asked at once share one read transaction: opening it costs more than most
// of them. Each still sees all that was written before it was asked.
import { setImmediate as turn } from 'node:timers/promises';
import type { Value } from './statement.ts';

interface Connection {
  readonly prepare: (sql: string) => {
    readonly all: (...values: Value[]) => unknown[];
    readonly run: () => unknown;
  };
}

interface Pool {
  readonly acquireConnection: () => Promise<unknown>;
  readonly releaseConnection: (connection: never) => Promise<void>;
}

interface Read {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly resolve: (rows: unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

const waiting = new WeakMap<object, Read[]>();

/** The rows of a reading statement; `pool` has SQLite connections. */
export async function readTogether(pool: Pool, sql: string, values: readonly Value[]): Promise<unknown[]> {
  const reads = waiting.get(pool) ?? [];
  waiting.set(pool, reads);
  return new Promise((resolve, reject) => {
    reads.push({ sql, values, resolve, reject });
    if (reads.length === 1) void serve(pool, reads);
  });
}

async function serve(pool: Pool, reads: Read[]): Promise<void> {
  // Lets those in who have arrived.
  await turn();
  try {
    const connection = await pool.acquireConnection();
    try {
      answer(connection as Connection, reads.splice(0));
    } finally {
      await pool.releaseConnection(connection as never);
    }
  } catch (error) {
    for (const { reject } of reads.splice(0)) reject(error);
  }
}

/** All in one go: nothing else happens on the connection in between. */
function answer(connection: Connection, reads: readonly Read[]): void {
  const run = (sql: string): unknown => connection.prepare(sql).run();
  try {
    if (reads.length > 1) run('BEGIN');
    for (const { sql, values, resolve, reject } of reads) {
      try {
        resolve(connection.prepare(sql).all(...values));
      } catch (error) {
        reject(error);
      }
    }
    if (reads.length > 1) run('COMMIT');
  } catch (error) {
    for (const { reject } of reads) reject(error);
  }
}

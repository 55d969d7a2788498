// Reads that are asked at once, outside of any transaction, are answered together, each question once: whose the token
// is, every request asks. On SQLite they share one read transaction, on Postgres one trip: opening the one or making the
// other costs more than most reads. Each still sees all that was written before it was asked.
import { setImmediate as turn } from 'node:timers/promises';
import type { Pool, Query, RawConnection } from './raw-connection.ts';
import { onConnection, rowsOn } from './raw-connection.ts';

interface Read {
  readonly query: Query;
  readonly asking: { readonly resolve: (rows: unknown[]) => void; readonly reject: (error: unknown) => void }[];
}

const waiting = new WeakMap<Pool, Map<string, Read>>();

/** The rows of a reading statement; `pool` is in no transaction. */
export async function readTogether(pool: Pool, query: Query): Promise<unknown[]> {
  const reads = waiting.get(pool) ?? new Map<string, Read>();
  waiting.set(pool, reads);
  const question = JSON.stringify([query.text, query.values]);
  return new Promise((resolve, reject) => {
    const isFirst = reads.size === 0;
    const read = reads.get(question) ?? { query, asking: [] };
    read.asking.push({ resolve, reject });
    reads.set(question, read);
    if (isFirst) void serve(pool, reads);
  });
}

async function serve(pool: Pool, reads: Map<string, Read>): Promise<void> {
  // Lets those in who have arrived.
  await turn();
  const taken: Read[] = [];
  try {
    await onConnection(pool, async (connection) => {
      taken.push(...reads.values());
      reads.clear();
      await answer(connection, taken);
    });
  } catch (error) {
    // Where no connection was to be had, nobody who waits would fare better.
    if (taken.length === 0) taken.push(...reads.values());
    reads.clear();
    for (const { asking } of taken) for (const { reject } of asking) reject(error);
  }
}

async function answer(connection: RawConnection, reads: readonly Read[]): Promise<void> {
  const isEmbedded = 'prepare' in connection && reads.length > 1;
  if (isEmbedded) connection.prepare('BEGIN').run();
  const answers = reads.map(async ({ query, asking }) => {
    await rowsOn(connection, query).then(
      (rows) => asking.forEach(({ resolve }) => resolve(rows)),
      (error: unknown) => asking.forEach(({ reject }) => reject(error)),
    );
  });
  // SQLite has read them all by now, and nothing else happens on the connection in between.
  if (isEmbedded) connection.prepare('COMMIT').run();
  await Promise.all(answers);
}

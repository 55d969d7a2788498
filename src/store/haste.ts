// What need not wait for the disk: the steps of a directory run of which nobody is told before a later one is on disk.
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';

/**
 * The commit of this transaction is on disk a little later, or with the next one that waits for it. Postgres writes its
 * log in order: whatever a crash loses, it loses the latest, and a run goes on from there as if killed a step earlier.
 * SQLite waits for each commit.
 */
export async function commitWithoutWaiting(db: Database): Promise<void> {
  if (isPostgres(db)) await db.raw('SET LOCAL synchronous_commit = off');
}

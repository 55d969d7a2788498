// What the database knows of its tables when it chooses how to search them.
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';

/**
 * To be called after many rows were written. Postgres chooses by what it last counted, and counts by itself only minutes
 * later: until then it would sort a hundred thousand rows for each page of them. SQLite chooses by the indexes alone.
 */
export async function countAnew(db: Database, ...tables: readonly string[]): Promise<void> {
  if (isPostgres(db)) await db.raw(`ANALYZE ${tables.map(() => '??').join(', ')}`, [...tables]);
}

// What the database knows of its tables when it chooses how to search them.
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';

/** What tables are searched by. */
const KEYS = {
  external_people: 'connection, external_id',
  external_groups: 'connection, external_id',
  links: 'connection, member_kind, member, in_group',
  staged_people: 'plan, external_id',
  staged_touched: 'plan, piece',
  staged_strangers: 'plan, piece',
};

/**
 * To be called after many rows were written. Postgres chooses by what it last counted, and counts by itself only minutes
 * later: until then it would sort a hundred thousand rows for each page of them. The keys are enough until it does.
 * SQLite chooses by the indexes alone.
 */
export async function countAnew(db: Database, ...tables: readonly (keyof typeof KEYS)[]): Promise<void> {
  if (isPostgres(db)) await db.raw(`ANALYZE ${tables.map((table) => `${table} (${KEYS[table]})`).join(', ')}`);
}

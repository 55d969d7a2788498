// Statements that are asked at every push, by their text: no builder is at work, and each is prepared once per
// connection. The text names its columns: one prepared with `*` fails on Postgres once a migration has added one.
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';
import type { Query, Values } from './raw-connection.ts';
import { changesOn, onConnection, poolOf, rowsOn } from './raw-connection.ts';
import { readTogether } from './read-together.ts';

/** The rows that a statement finds; it writes nothing. Values stand as `?`. */
export async function rowsOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row[]> {
  return (await read(db, named(db, sql, values))) as Row[];
}

/** As `rowsOf`, for a text that is made of what somebody asks: there is no end of them, so that only the first are kept. */
export async function rowsOfBuilt<Row>(db: Database, sql: string, values: Values): Promise<Row[]> {
  if (isPostgres(db) && !known.has(sql)) {
    if (built >= MOST_BUILT || sql.length > LONGEST_KEPT)
      return (await read(db, { text: numbered(sql), values })) as Row[];
    built += 1;
  }
  return (await read(db, named(db, sql, values))) as Row[];
}

export async function rowOf<Row>(db: Database, sql: string, values: Values = []): Promise<Row | null> {
  const [row] = await rowsOf<Row>(db, sql, values);
  return row ?? null;
}

/** How many rows the statement has written. */
export async function execute(db: Database, sql: string, values: Values = []): Promise<number> {
  return onConnection(poolOf(db), (connection) => changesOn(connection, named(db, sql, values)));
}

/** The condition that the column is one of a list, which is one value of the statement. */
export function oneOf(db: Database, column: string): string {
  return isPostgres(db) ? `${column} = ANY(CAST(? AS text[]))` : `${column} IN (SELECT value FROM json_each(?))`;
}

async function read(db: Database, query: Query): Promise<unknown[]> {
  const pool = poolOf(db);
  if (pool.transacting !== true) return readTogether(pool, query);
  return onConnection(pool, (connection) => rowsOn(connection, query));
}

/** Look-ups by name, by externalId and the like: what clients ask all day is among the first that they ask. */
const MOST_BUILT = 100;
const LONGEST_KEPT = 2_000;
let built = 0;

const known = new Map<string, Omit<Query, 'values'>>();

/** On Postgres each text has its name for as long as the process lives. */
function named(db: Database, sql: string, values: Values): Query {
  if (!isPostgres(db)) return { text: sql, values };
  const query = known.get(sql) ?? { name: `rollcall_${known.size + 1}`, text: numbered(sql) };
  known.set(sql, query);
  return { ...query, values };
}

function numbered(sql: string): string {
  let at = 0;
  return sql.replaceAll('?', () => `$${++at}`);
}

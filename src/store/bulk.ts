// Many rows in one statement with one value, a JSON text: a builder that binds each column of each row spends more time
// on the statement than the database on the rows.
import type { Knex } from 'knex';
import type { Database } from './database.ts';
import { inGroups, isPostgres } from './database.ts';
import { execute } from './statement.ts';

/** Enough that a statement's own cost is nothing, few enough that its text is. */
const ROWS_AT_ONCE = 2_000;

/** So few are bound one by one: reading them from a JSON text would cost more than they do. */
const FEW_ROWS = 12;

export interface Row {
  readonly [column: string]: string | number | null;
}

/** Inserts; a row that is there already is an error. Every row has the columns of the first, in its order. */
export async function insertRows(db: Database, table: string, rows: readonly Row[]): Promise<void> {
  await write(db, table, rows, '');
}

/** Inserts rows that stand in a text as `rowsText` gives it, read back by the database alone. */
export async function insertText(db: Database, table: string, columns: readonly string[], text: string): Promise<void> {
  await execute(db, insertOf(db, table, columns, ''), [text]);
}

/** Rows as they are bound, to be kept until they are inserted. */
export function rowsText(rows: readonly Row[]): string {
  return JSON.stringify(rows);
}

/** Inserts; a row that is there already stays. */
export async function insertMissing(db: Database, table: string, rows: readonly Row[]): Promise<void> {
  await write(db, table, rows, 'ON CONFLICT DO NOTHING');
}

/**
 * Inserts rows that are certainly new, which no lookup has to prove. On Postgres column by column: what names each value
 * anew costs as much to read as the rows to write. A column of numbers has one in every row.
 */
export async function appendRows(db: Database, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined || !isPostgres(db)) return write(db, table, rows, '');
  const columns = Object.keys(first);
  const values = columns.map((column) => (typeof first[column] === 'number' ? `CAST(${column} AS integer)` : column));
  const read = columns.map(() => 'json_array_elements_text(CAST(? AS json))').join(', ');
  const statement = `INSERT INTO ${table} (${columns.join(', ')})
    SELECT ${values.join(', ')} FROM ROWS FROM (${read}) AS r (${columns.join(', ')})`;
  for (const group of inGroups(rows, ROWS_AT_ONCE)) {
    const lists = columns.map((column) => JSON.stringify(group.map((row) => row[column] ?? null)));
    await execute(db, statement, lists);
  }
}

/** Inserts; of a row that is there already, by its key columns, the others are replaced but for those that last. */
export async function putRows(
  db: Database,
  table: string,
  key: readonly string[],
  rows: readonly Row[],
  lasting: readonly string[] = [],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !key.includes(column) && !lasting.includes(column));
  const replaced = columns.map((column) => `${column} = excluded.${column}`).join(', ');
  await write(db, table, rows, `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${replaced}`);
}

/** Sets the other columns of rows that are there, each by its key columns. */
export async function changeRows(
  db: Database,
  table: string,
  key: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const changed = columns.filter((column) => !key.includes(column)).map((column) => `${column} = r.${column}`);
  const named = columns.map((column) => `value ->> '${column}' AS ${column}`).join(', ');
  const list = isPostgres(db)
    ? `json_populate_recordset(NULL::${table}, CAST(? AS json))`
    : `(SELECT ${named} FROM jsonb_each(?))`;
  const same = key.map((column) => `${table}.${column} = r.${column}`).join(' AND ');
  const statement = `UPDATE ${table} SET ${changed.join(', ')} FROM ${list} AS r WHERE ${same}`;
  for (const group of inGroups(rows, ROWS_AT_ONCE)) await execute(db, statement, [JSON.stringify(group)]);
}

/** Deletes rows by these key columns, which are all that the rows have. */
export async function deleteRows(db: Database, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const list = isPostgres(db)
    ? `SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, CAST(? AS json))`
    : `SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM jsonb_each(?)`;
  const statement = `DELETE FROM ${table} WHERE (${columns.join(', ')}) IN (${list})`;
  for (const group of inGroups(rows, ROWS_AT_ONCE)) await execute(db, statement, [JSON.stringify(group)]);
}

/** The condition that the column is one of these texts, in one bound value too; for builders (else `oneOf`). */
export function among(db: Database, column: string, values: readonly string[]): Knex.Raw {
  const list = isPostgres(db) ? 'SELECT json_array_elements_text(CAST(? AS json))' : 'SELECT value FROM json_each(?)';
  return db.raw(`?? IN (${list})`, [column, JSON.stringify(values)]);
}

async function write(db: Database, table: string, rows: readonly Row[], onConflict: string): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const insert = `INSERT INTO ${table} (${columns.join(', ')})`;
  if (rows.length <= FEW_ROWS) {
    const places = `(${columns.map(() => '?').join(', ')})`;
    const list = rows.map(() => places).join(', ');
    await execute(
      db,
      `${insert} VALUES ${list} ${onConflict}`,
      rows.flatMap((row) => columns.map((one) => row[one] ?? null)),
    );
    return;
  }
  const statement = insertOf(db, table, columns, onConflict);
  for (const group of inGroups(rows, ROWS_AT_ONCE)) await execute(db, statement, [rowsText(group)]);
}

/** The statement whose one value is a text of rows. */
function insertOf(db: Database, table: string, columns: readonly string[], onConflict: string): string {
  const values = isPostgres(db)
    ? `SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, CAST(? AS json))`
    : // As jsonb a row's text is read once and not for each column. WHERE, or SQLite takes ON for a join's.
      `SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM jsonb_each(?) WHERE true`;
  return `INSERT INTO ${table} (${columns.join(', ')}) ${values} ${onConflict}`;
}

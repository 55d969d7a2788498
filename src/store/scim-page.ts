// Finding SCIM resources: sorting, and pages by index or behind a position.
import type { Database } from './database.ts';
import { all } from './scim-compare.ts';
import type { Expression } from './scim-compare.ts';
import type { Condition, Field, Scope } from './scim-query.ts';
import { fieldExpression, matching } from './scim-query.ts';
import type { ScimResource, ScimRow } from './scim-resources.ts';
import { COLUMNS, countScimResources, scimFromRow } from './scim-resources.ts';
import { rowsOfBuilt } from './statement.ts';

export interface Page {
  readonly condition: Condition | null;
  readonly sort: { readonly field: Field } | { readonly attribute: string; readonly part: string } | null;
  readonly descending: boolean;
  readonly limit: number;
  readonly from:
    | { readonly kind: 'offset'; readonly rows: number }
    | { readonly kind: 'after'; readonly key: string | null; readonly id: string };
}

export interface Found<Attributes> {
  readonly resource: ScimResource<Attributes>;
  /** What it was sorted by. */
  readonly key: string | null;
}

/** One page; with a limit of one more than is shown, it also tells whether another follows. */
export async function findScimPage<Attributes>(db: Database, scope: Scope, page: Page): Promise<Found<Attributes>[]> {
  const { sql, bindings } = page.sort === null ? unsorted(scope, page) : sorted(scope, page, page.sort);
  const offset = page.from.kind === 'offset' ? page.from.rows : 0;
  const rows = await rowsOfBuilt<ScimRow & { readonly sort_key: string | null }>(db, `${sql} LIMIT ? OFFSET ?`, [
    ...bindings,
    page.limit,
    offset,
  ]);
  return rows.map((row) => ({ resource: scimFromRow(row), key: row.sort_key }));
}

function unsorted(scope: Scope, { condition, from }: Page): Expression {
  const where = all([
    matching(scope, condition),
    ...(from.kind === 'after' ? [{ sql: 'r.id > ?', bindings: [from.id] }] : []),
  ]);
  // Preparing to sort costs more than finding one row by its name.
  const order = condition !== null && findsOne(condition) ? '' : 'ORDER BY r.id';
  return {
    sql: `SELECT ${COLUMNS}, NULL AS sort_key FROM scim_resources r WHERE ${where.sql} ${order}`,
    bindings: where.bindings,
  };
}

function sorted(scope: Scope, { condition, descending, from }: Page, sort: NonNullable<Page['sort']>): Expression {
  const key = sortExpression(scope, sort);
  const where = matching(scope, condition);
  const after = from.kind === 'after' ? behind(from, descending) : null;
  const direction = descending ? 'DESC' : 'ASC';
  return {
    sql: `SELECT * FROM (
       SELECT ${COLUMNS}, ${key.sql} AS sort_key FROM scim_resources r WHERE ${where.sql}
     ) AS found ${after === null ? '' : `WHERE ${after.sql}`}
     ORDER BY CASE WHEN sort_key IS NULL THEN 1 ELSE 0 END ${direction}, sort_key ${direction}, id`,
    bindings: [...key.bindings, ...where.bindings, ...(after?.bindings ?? [])],
  };
}

/** Names and ids are unique among the living of a type. */
function findsOne(condition: Condition): boolean {
  if (condition.kind === 'and') return condition.conditions.some(findsOne);
  if (condition.kind !== 'field' || condition.test === 'present') return false;
  return (condition.field === 'name' || condition.field === 'id') && condition.test.operator === 'eq';
}

/** How many there are in all. */
export async function countScim(db: Database, scope: Scope, condition: Condition | null): Promise<number> {
  if (condition === null) return countScimResources(db, scope.connection, scope.type);
  const { sql, bindings } = matching(scope, condition);
  const [row] = await rowsOfBuilt<{ n: number }>(
    db,
    `SELECT count(*) AS n FROM scim_resources r WHERE ${sql}`,
    bindings,
  );
  return row?.n ?? 0;
}

function sortExpression(scope: Scope, sort: NonNullable<Page['sort']>): Expression {
  if ('field' in sort) return fieldExpression(scope, sort.field);
  // The primary element is the first.
  const sql = `(SELECT v.value_key FROM scim_values v WHERE v.connection = r.connection AND v.resource = r.id
    AND v.attribute = ? AND v.part = ? ORDER BY v.element LIMIT 1)`;
  return { sql, bindings: [sort.attribute, sort.part] };
}

/** Rows that come after the position in the order of the page. */
function behind({ key, id }: { readonly key: string | null; readonly id: string }, descending: boolean): Expression {
  if (key === null) {
    return { sql: `(sort_key IS NULL AND id > ?)${descending ? ' OR sort_key IS NOT NULL' : ''}`, bindings: [id] };
  }
  return {
    sql: `(sort_key = ? AND id > ?) OR sort_key ${descending ? '<' : '>'} ?${descending ? '' : ' OR sort_key IS NULL'}`,
    bindings: [key, id, key],
  };
}

// Finding SCIM resources: conditions compiled to SQL that runs the same on SQLite and Postgres, sorting, and pages by
// index or behind a position. Values never become part of the text of a statement.
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { all, any, compare } from './scim-compare.ts';
import type { Expression, Test } from './scim-compare.ts';
import type { ScimResource, ScimRow, ScimType } from './scim-resources.ts';
import { COLUMNS, countScimResources, scimFromRow } from './scim-resources.ts';
import { rowsOfBuilt } from './statement.ts';

/** Columns that stand in the resource's own row. */
export type Field = 'id' | 'name' | 'external_id' | 'active' | 'created' | 'modified' | 'version' | 'location';

/** What a link tells of its other end. */
export type LinkPart = 'value' | 'display' | 'type' | '$ref';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'field'; readonly field: Field; readonly test: Test | 'present' }
  /** Some element of the attribute; every part inside is asked of that same element. */
  | { readonly kind: 'element'; readonly attribute: string; readonly condition: Condition }
  | { readonly kind: 'part'; readonly part: string; readonly test: Test | 'present' }
  /** Some group that the person is in, or some member of the group; parts are `LinkPart`s. */
  | { readonly kind: 'link'; readonly condition: Condition };

export interface Scope {
  readonly connection: ConnectionId;
  readonly type: ScimType;
  /** Address under which resources stand, as `https://…/scim/v2`. */
  readonly base: string;
}

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

function matching(scope: Scope, condition: Condition | null): Expression {
  const living = {
    sql: 'r.connection = ? AND r.type = ? AND r.deleted_at IS NULL',
    bindings: [scope.connection, scope.type],
  };
  return condition === null ? living : all([living, ask(condition, (one) => ofResource(scope, one))]);
}

/** How a condition that is not made of others is asked where it stands: of the resource, an element or a link. */
type Terms = (condition: Condition) => Expression;

function ask(condition: Condition, terms: Terms): Expression {
  switch (condition.kind) {
    case 'and':
      return all(condition.conditions.map((one) => ask(one, terms)));
    case 'or':
      return any(condition.conditions.map((one) => ask(one, terms)));
    case 'not': {
      const { sql, bindings } = ask(condition.condition, terms);
      return { sql: `NOT (${sql})`, bindings };
    }
    case 'constant':
      return { sql: condition.holds ? '1 = 1' : '1 = 0', bindings: [] };
    default:
      return terms(condition);
  }
}

function ofResource(scope: Scope, condition: Condition): Expression {
  switch (condition.kind) {
    case 'field': {
      const asked = compare(fieldExpression(scope, condition.field), condition.test);
      // The one column that may be empty: "not equal" holds where there is nothing, as it does for other values.
      return condition.field === 'external_id'
        ? all([{ sql: 'r.external_id IS NOT NULL', bindings: [] }, asked])
        : asked;
    }
    case 'element':
      return isAmong(elements(scope, condition));
    case 'link':
      return isAmong(linkEnds(scope, condition.condition));
    default:
      throw new Error('a part is asked outside of its element');
  }
}

function isAmong({ sql, bindings }: Expression): Expression {
  return { sql: `r.id IN (${sql})`, bindings };
}

/** Ids of resources with an element that meets the condition, found through one of its parts where that can be. */
function elements(
  { connection }: Scope,
  { attribute, condition }: Extract<Condition, { kind: 'element' }>,
): Expression {
  const { driver, rest } = split(condition);
  const terms: Terms = (part) => {
    if (part.kind !== 'part') throw new Error('an element has parts only');
    const asked = compare({ sql: 'v.value_key', bindings: [] }, part.test);
    return {
      sql: `EXISTS (SELECT 1 FROM scim_values v WHERE v.connection = e.connection AND v.resource = e.resource
        AND v.attribute = e.attribute AND v.element = e.element AND v.part = ? AND ${asked.sql})`,
      bindings: [part.part, ...asked.bindings],
    };
  };
  const where = all([
    { sql: 'e.connection = ? AND e.attribute = ?', bindings: [connection, attribute] },
    ...(driver === null ? [] : [{ sql: 'e.part = ?', bindings: [driver.part] }]),
    ...(driver === null ? [] : [compare({ sql: 'e.value_key', bindings: [] }, driver.test)]),
    ...rest.map((one) => ask(one, terms)),
  ]);
  return { sql: `SELECT e.resource FROM scim_values e WHERE ${where.sql}`, bindings: where.bindings };
}

type PartCondition = Extract<Condition, { kind: 'part' }>;

/** The part by which elements are looked up: an equality before anything else, so that the index leads there. */
function split(condition: Condition): { driver: PartCondition | null; rest: readonly Condition[] } {
  const all = condition.kind === 'and' ? condition.conditions : [condition];
  const parts = all.filter((one) => one.kind === 'part');
  const equalities = parts.filter(({ test }) => test !== 'present' && test.operator === 'eq');
  const driver = equalities.find(({ part }) => part === 'value') ?? equalities[0] ?? parts[0] ?? null;
  return { driver, rest: all.filter((one) => one !== driver) };
}

function linkEnds(scope: Scope, condition: Condition): Expression {
  const [own, other] = scope.type === 'User' ? ['member', 'in_group'] : ['in_group', 'member'];
  const terms: Terms = (part) => {
    if (part.kind !== 'part') throw new Error('a link has parts only');
    return compare(linkExpression(scope, part.part as LinkPart), part.test);
  };
  const where = all([
    { sql: 'l.connection = ?', bindings: [scope.connection] },
    ...(scope.type === 'User' ? [{ sql: "l.member_kind = 'person'", bindings: [] }] : []),
    ask(condition, terms),
  ]);
  return {
    sql: `SELECT l.${own} FROM links l JOIN scim_resources o ON o.connection = l.connection AND o.id = l.${other}
      WHERE ${where.sql}`,
    bindings: where.bindings,
  };
}

function linkExpression({ base, type }: Scope, part: LinkPart): Expression {
  switch (part) {
    case 'value':
      return { sql: 'o.id', bindings: [] };
    case 'display':
      return { sql: 'o.display_key', bindings: [] };
    case 'type':
      return { sql: type === 'User' ? "'direct'" : 'lower(o.type)', bindings: [] };
    case '$ref':
      return { sql: "(CAST(? AS text) || '/' || o.type || 's/' || o.id)", bindings: [base] };
  }
}

function fieldExpression({ base }: Scope, field: Field): Expression {
  switch (field) {
    case 'name':
      return { sql: 'r.name_key', bindings: [] };
    case 'created':
      return { sql: 'r.created_at', bindings: [] };
    case 'modified':
      return { sql: 'r.modified_at', bindings: [] };
    case 'active':
      return { sql: "CASE r.active WHEN 1 THEN 'true' ELSE 'false' END", bindings: [] };
    case 'version':
      return { sql: `('W/"' || r.version || '"')`, bindings: [] };
    case 'location':
      return { sql: "(CAST(? AS text) || '/' || r.type || 's/' || r.id)", bindings: [base] };
    default:
      return { sql: `r.${field}`, bindings: [] };
  }
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

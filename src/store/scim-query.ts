// Finding SCIM resources: conditions compiled to SQL that runs the same on SQLite and Postgres, sorting, and pages by
// index or behind a position. Values never become part of the text of a statement.
import type { Knex } from 'knex';
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { compare } from './scim-compare.ts';
import type { Expression, Test } from './scim-compare.ts';
import type { ScimResource, ScimRow, ScimType } from './scim-resources.ts';
import { countScimResources, scimFromRow } from './scim-resources.ts';

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

type Query = Knex.QueryBuilder;

/** One page; with a limit of one more than is shown, it also tells whether another follows. */
export async function findScimPage<Attributes>(db: Database, scope: Scope, page: Page): Promise<Found<Attributes>[]> {
  const sorted = sortExpression(scope, page.sort);
  const inner = matching(db, scope, page.condition).select('r.*');
  const rows = db.from(
    (sorted === null ? inner : inner.select(db.raw(`${sorted.sql} AS sort_key`, sorted.bindings))).as('found'),
  );
  const direction = page.descending ? 'desc' : 'asc';
  if (sorted !== null) void rows.orderByRaw(`CASE WHEN sort_key IS NULL THEN 1 ELSE 0 END ${direction}`);
  if (sorted !== null) void rows.orderBy('sort_key', direction);
  void rows.orderBy('id').limit(page.limit);
  if (page.from.kind === 'offset') void rows.offset(page.from.rows);
  else behind(rows, page.from, sorted !== null, page.descending);
  const found: (ScimRow & { sort_key?: string | null })[] = await rows.select('*');
  return found.map((row) => ({ resource: scimFromRow(row), key: row.sort_key ?? null }));
}

/** How many there are in all. */
export async function countScim(db: Database, scope: Scope, condition: Condition | null): Promise<number> {
  if (condition === null) return countScimResources(db, scope.connection, scope.type);
  const [row] = await matching(db, scope, condition).count<{ rows: number | string }[]>({ rows: '*' });
  return Number(row?.rows ?? 0);
}

function matching(db: Database, scope: Scope, condition: Condition | null): Query {
  const query = db('scim_resources as r').where({
    'r.connection': scope.connection,
    'r.type': scope.type,
    'r.deleted_at': null,
  });
  if (condition !== null) void query.where((where) => ask(where, condition, resourceTerms(db, scope)));
  return query;
}

/** How a condition that is not made of others is asked where it stands: of the resource, an element or a link. */
type Terms = (where: Query, condition: Condition) => void;

function ask(where: Query, condition: Condition, terms: Terms): void {
  switch (condition.kind) {
    case 'and':
      for (const one of condition.conditions) void where.where((inner) => ask(inner, one, terms));
      break;
    case 'or':
      for (const one of condition.conditions) void where.orWhere((inner) => ask(inner, one, terms));
      break;
    case 'not':
      void where.whereNot((inner) => ask(inner, condition.condition, terms));
      break;
    case 'constant':
      void where.whereRaw(condition.holds ? '1 = 1' : '1 = 0');
      break;
    default:
      terms(where, condition);
  }
}

function resourceTerms(db: Database, scope: Scope): Terms {
  return (where, condition) => {
    if (condition.kind === 'field') {
      // The one column that may be empty: "not equal" holds where there is nothing, as it does for other values.
      if (condition.field === 'external_id') void where.whereNotNull('r.external_id');
      compare(where, fieldExpression(scope, condition.field), condition.test);
    } else if (condition.kind === 'element') void where.whereIn('r.id', elements(db, scope, condition));
    else if (condition.kind === 'link') void where.whereIn('r.id', linkEnds(db, scope, condition.condition));
    else throw new Error('a part is asked outside of its element');
  };
}

/** Ids of resources with an element that meets the condition, found through one of its parts where that can be. */
function elements(
  db: Database,
  { connection }: Scope,
  { attribute, condition }: Extract<Condition, { kind: 'element' }>,
): Query {
  const { driver, rest } = split(condition);
  const query = db('scim_values as e').where({ 'e.connection': connection, 'e.attribute': attribute });
  if (driver !== null) {
    void query.where({ 'e.part': driver.part });
    compare(query, { sql: 'e.value_key', bindings: [] }, driver.test);
  }
  const terms: Terms = (where, part) => {
    if (part.kind !== 'part') throw new Error('an element has parts only');
    const sameElement = db('scim_values as v')
      .whereRaw('v.connection = e.connection AND v.resource = e.resource')
      .whereRaw('v.attribute = e.attribute AND v.element = e.element')
      .where({ 'v.part': part.part });
    compare(sameElement, { sql: 'v.value_key', bindings: [] }, part.test);
    void where.whereExists(sameElement);
  };
  for (const one of rest) void query.where((inner) => ask(inner, one, terms));
  return query.select('e.resource');
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

function linkEnds(db: Database, scope: Scope, condition: Condition): Query {
  const [own, other] = scope.type === 'User' ? ['member', 'in_group'] : ['in_group', 'member'];
  const query = db('links as l')
    .join('scim_resources as o', (join) => {
      join.on('o.connection', 'l.connection').andOn('o.id', `l.${other}`);
    })
    .where({ 'l.connection': scope.connection });
  if (scope.type === 'User') void query.where({ 'l.member_kind': 'person' });
  const terms: Terms = (where, part) => {
    if (part.kind !== 'part') throw new Error('a link has parts only');
    compare(where, linkExpression(scope, part.part as LinkPart), part.test);
  };
  return query.where((inner) => ask(inner, condition, terms)).select(`l.${own}`);
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

function sortExpression(scope: Scope, sort: Page['sort']): Expression | null {
  if (sort === null) return null;
  if ('field' in sort) return fieldExpression(scope, sort.field);
  // The primary element is the first.
  const sql = `(SELECT v.value_key FROM scim_values v WHERE v.connection = r.connection AND v.resource = r.id
    AND v.attribute = ? AND v.part = ? ORDER BY v.element LIMIT 1)`;
  return { sql, bindings: [sort.attribute, sort.part] };
}

/** Rows that come after the position in the order of the page. */
function behind(
  rows: Query,
  { key, id }: { readonly key: string | null; readonly id: string },
  sorted: boolean,
  descending: boolean,
): void {
  if (!sorted) {
    void rows.where('id', '>', id);
    return;
  }
  void rows.where((where) => {
    if (key === null) {
      void where.where((same) => void same.whereNull('sort_key').where('id', '>', id));
      if (descending) void where.orWhereNotNull('sort_key');
      return;
    }
    void where.where((same) => void same.where('sort_key', key).where('id', '>', id));
    void where.orWhere('sort_key', descending ? '<' : '>', key);
    if (!descending) void where.orWhereNull('sort_key');
  });
}

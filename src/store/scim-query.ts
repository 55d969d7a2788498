// Conditions on SCIM resources as SQL that runs the same on SQLite and Postgres. Values never become part of the text of
// a statement.
import type { ConnectionId } from '../core/ids.ts';
import { all, any, compare } from './scim-compare.ts';
import type { Expression, Test } from './scim-compare.ts';
import type { ScimType } from './scim-resources.ts';

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

/** The living resources of the scope that meet the condition; resources are `r`. */
export function matching(scope: Scope, condition: Condition | null): Expression {
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

export function fieldExpression({ base }: Scope, field: Field): Expression {
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

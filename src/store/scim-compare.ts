// One comparison as SQL that means the same on SQLite and Postgres.
import type { Value } from './raw-connection.ts';

export interface Test {
  readonly operator: 'eq' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
  readonly key: string;
}

/** SQL written here, never by a client; what a client gave stands in the bindings. */
export interface Expression {
  readonly sql: string;
  readonly bindings: readonly Value[];
}

const ORDERINGS = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

export function compare({ sql, bindings }: Expression, test: Test | 'present'): Expression {
  const present = { sql: `${sql} IS NOT NULL`, bindings };
  if (test === 'present') return present;
  const { operator, key } = test;
  switch (operator) {
    case 'co':
      if (key === '') return present;
      // No LIKE: it ignores case on one database and not on the other.
      return all([present, { sql: `replace(${sql}, ?, '') <> ${sql}`, bindings: [...bindings, key, ...bindings] }]);
    case 'sw':
      return {
        sql: `(${sql} >= ? AND ${sql} < ?)`,
        bindings: [...bindings, key, ...bindings, `${key}\u{10ffff}`],
      };
    case 'ew':
      return {
        sql: `substr(${sql}, length(${sql}) - ? + 1) = ?`,
        // Both databases count characters, not the halves of which JavaScript makes some.
        bindings: [...bindings, ...bindings, Array.from(key).length, key],
      };
    default:
      return { sql: `${sql} ${ORDERINGS[operator]} ?`, bindings: [...bindings, key] };
  }
}

/** All of these hold. */
export function all(expressions: readonly Expression[]): Expression {
  return joined(expressions, ' AND ', '1 = 1');
}

/** One of these holds. */
export function any(expressions: readonly Expression[]): Expression {
  return joined(expressions, ' OR ', '1 = 0');
}

function joined(expressions: readonly Expression[], word: string, none: string): Expression {
  if (expressions.length === 0) return { sql: none, bindings: [] };
  return {
    sql: `(${expressions.map(({ sql }) => sql).join(word)})`,
    bindings: expressions.flatMap(({ bindings }) => bindings),
  };
}

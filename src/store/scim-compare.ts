// One comparison as SQL that means the same on SQLite and Postgres.
import type { Knex } from 'knex';

export interface Test {
  readonly operator: 'eq' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
  readonly key: string;
}

/** SQL written here, never by a client; what a client gave stands in the bindings. */
export interface Expression {
  readonly sql: string;
  readonly bindings: readonly string[];
}

const ORDERINGS = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

export function compare(where: Knex.QueryBuilder, { sql, bindings }: Expression, test: Test | 'present'): void {
  if (test === 'present') {
    void where.whereRaw(`${sql} IS NOT NULL`, [...bindings]);
    return;
  }
  const { operator, key } = test;
  switch (operator) {
    case 'co':
      void where.whereRaw(`${sql} IS NOT NULL`, [...bindings]);
      // No LIKE: it ignores case on one database and not on the other.
      if (key !== '') void where.whereRaw(`replace(${sql}, ?, '') <> ${sql}`, [...bindings, key, ...bindings]);
      break;
    case 'sw':
      void where.whereRaw(`${sql} >= ?`, [...bindings, key]);
      void where.whereRaw(`${sql} < ?`, [...bindings, `${key}\u{10ffff}`]);
      break;
    case 'ew':
      // Both databases count characters, not the halves of which JavaScript makes some.
      void where.whereRaw(`substr(${sql}, length(${sql}) - ? + 1) = ?`, [
        ...bindings,
        ...bindings,
        Array.from(key).length,
        key,
      ]);
      break;
    default:
      void where.whereRaw(`${sql} ${ORDERINGS[operator]} ?`, [...bindings, key]);
  }
}

// What a first load writes a hundred thousand times costs less: strangers are set aside many in a row, and on Postgres
// what was looked up for each row anew is no longer looked up.
import { isPostgres } from '../database.ts';
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  // Strangers of a piece, part by part in the order of their ids: { id: [groups they were read in] } as JSON.
  `CREATE TABLE staged_strangers (
    plan text NOT NULL,
    piece integer NOT NULL,
    part integer NOT NULL,
    first text NOT NULL,
    last text NOT NULL,
    people text NOT NULL,
    PRIMARY KEY (plan, piece, part)
  ) WITHOUT ROWID`,
  // Whoever was a stranger of a plan that was not yet committed is looked at like everybody else.
  'ALTER TABLE staged_touched DROP COLUMN stranger',
];

const ON_POSTGRES = [
  // Written once and read once: compressing it would be the dearer part.
  'ALTER TABLE staged_strangers ALTER COLUMN people SET STORAGE EXTERNAL',
  // Looked up for each row by itself, although every writer has read the connection in the same transaction, and none is
  // ever deleted. Links never had the like.
  'ALTER TABLE external_people DROP CONSTRAINT external_people_connection_fkey',
  'ALTER TABLE external_groups DROP CONSTRAINT external_groups_connection_fkey',
  // What tells two links apart comes first, so that most comparisons end with it.
  `ALTER TABLE links DROP CONSTRAINT links_pkey,
    ADD CONSTRAINT links_pkey PRIMARY KEY (member, in_group, connection, member_kind)`,
  'DROP INDEX links_into',
  'CREATE INDEX links_into ON links (in_group, connection)',
  `CREATE INDEX links_between_groups ON links (connection, member) WHERE member_kind = 'group'`,
];

export const firstLoads: Migration = {
  up: async (db) => runStatements(db, isPostgres(db) ? [...STATEMENTS, ...ON_POSTGRES] : STATEMENTS),
};

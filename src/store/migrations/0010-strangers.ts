// People of whom a directory tells for the first time, told apart while they are staged.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  'ALTER TABLE staged_people ADD COLUMN email_key text',
  // The connection has never told of them before.
  'ALTER TABLE staged_people ADD COLUMN newcomer integer NOT NULL DEFAULT 0',
  // Nothing hangs on them but facts.
  'ALTER TABLE staged_touched ADD COLUMN stranger integer NOT NULL DEFAULT 0',
];

export const strangers: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

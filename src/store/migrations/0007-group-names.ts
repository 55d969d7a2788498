// Groups by the name that a mapping gives: each push asks for them, and a connection may have thousands besides.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [`CREATE INDEX groups_by_name ON external_groups (connection, name_key)`];

export const groupNames: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

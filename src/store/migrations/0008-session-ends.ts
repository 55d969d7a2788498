// A provider may say when its session ends; what it opened here ends then too, and the rest of the session goes on.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [`ALTER TABLE session_openings ADD COLUMN until text`];

export const sessionEnds: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

// Sign-ins are many and are forgotten in time; what else people did is kept.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

export const audit: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

const STATEMENTS = [`CREATE INDEX account_events_of_sign_ins ON account_events (at) WHERE kind = 'signed_in'`];

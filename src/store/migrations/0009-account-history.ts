// Sign-ins are many and are forgotten in time, by their age; what else people did is kept. A conflict is found by the
// account that it concerns: its holder may settle it.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

export const accountHistory: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

const STATEMENTS = [
  `CREATE INDEX account_events_of_sign_ins ON account_events (at) WHERE kind = 'signed_in'`,
  `CREATE INDEX conflicts_of_account ON conflicts (account) WHERE state = 'open'`,
];

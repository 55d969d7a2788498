// When a connection was last looked at by the schedule, and until when it backs off.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  `CREATE TABLE schedules (
    connection text PRIMARY KEY REFERENCES connections (id),
    -- Ticks up to here are taken, by whichever process.
    looked_at text NOT NULL,
    -- Runs that failed, or proved nothing, one after the other.
    failures integer NOT NULL,
    -- No run before then: a refused bind that is tried again and again locks the account.
    not_before text
  )`,
];

export const schedules: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

// What leaves the system: events, written in the transaction that causes them, and one delivery for each channel and
// recipient that an event is for.
import { isPostgres } from '../database.ts';
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

/** A number that counts up by itself. */
const COUNTER = 'integer PRIMARY KEY AUTOINCREMENT';
const COUNTER_ON_POSTGRES = 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY';

const STATEMENTS = [
  // seq is the order in which a subject's transactions wrote: they wait for each other, so it never runs back. The
  // position is null until it is given, after the commit.
  `CREATE TABLE events (
    seq integer PRIMARY KEY AUTOINCREMENT,
    id text NOT NULL UNIQUE,
    type text NOT NULL,
    subject text NOT NULL,
    organization text,
    at text NOT NULL,
    data text NOT NULL,
    position bigint UNIQUE
  )`,
  `CREATE INDEX events_unplaced ON events (seq) WHERE position IS NULL`,
  `CREATE INDEX events_by_subject ON events (subject, seq)`,
  `CREATE INDEX events_by_organization ON events (organization, position)`,
  // The last position given. Whoever locks this row, for one transaction, is the only one who gives positions.
  `CREATE TABLE event_head (id integer PRIMARY KEY, position bigint NOT NULL)`,
  `INSERT INTO event_head (id, position) VALUES (1, 0)`,

  `CREATE TABLE deliveries (
    id text PRIMARY KEY,
    event text NOT NULL REFERENCES events (id),
    position bigint NOT NULL,
    subject text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts integer NOT NULL,
    first_attempt_at text,
    due_at text NOT NULL,
    claim text,
    claimed_until text,
    error text,
    ended_at text,
    UNIQUE (event, channel, recipient)
  )`,
  `CREATE INDEX deliveries_waiting ON deliveries (channel, position) WHERE state = 'waiting'`,
  `CREATE INDEX deliveries_due ON deliveries (channel, due_at) WHERE state = 'waiting'`,
  `CREATE INDEX deliveries_of_subject ON deliveries (subject, channel, recipient, position)`,
  `CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead'`,
];

export const delivery: Migration = {
  up: async (db) =>
    runStatements(
      db,
      isPostgres(db) ? STATEMENTS.map((statement) => statement.replace(COUNTER, COUNTER_ON_POSTGRES)) : STATEMENTS,
    ),
};

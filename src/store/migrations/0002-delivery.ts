// What leaves the system: events, written in the transaction that causes them, and one delivery for each channel and
// recipient that an event is for.
import type { Knex } from 'knex';

export const delivery: Knex.Migration = {
  async up(db) {
    await db.schema.createTable('events', (table) => {
      // The order in which a subject's transactions wrote: they wait for each other, so the number never runs back.
      table.bigIncrements('seq');
      table.text('id').notNullable().unique();
      table.text('type').notNullable();
      table.text('subject').notNullable();
      table.text('organization');
      table.text('at').notNullable();
      table.text('data').notNullable();
      // Null until it is given, after the commit.
      table.bigInteger('position').unique();
    });
    for (const statement of STATEMENTS) await db.raw(statement);
  },
  async down(db) {
    for (const table of ['deliveries', 'event_head', 'events']) await db.schema.dropTable(table);
  },
};

const STATEMENTS = [
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
  `CREATE INDEX deliveries_of_subject ON deliveries (subject, channel, recipient, position)`,
  `CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead'`,
];

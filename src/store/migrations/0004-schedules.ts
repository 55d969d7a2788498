// When a connection was last looked at by the schedule, and until when it backs off.
import type { Knex } from 'knex';

export const schedules: Knex.Migration = {
  async up(knex) {
    await knex.schema.createTable('schedules', (table) => {
      table.text('connection').primary().references('id').inTable('connections');
      /** Ticks up to here are taken, by whichever process. */
      table.text('looked_at').notNullable();
      /** Runs that failed, or proved nothing, one after the other. */
      table.integer('failures').notNullable();
      /** No run before then: a refused bind that is tried again and again locks the account. */
      table.text('not_before');
    });
  },
  async down(knex) {
    await knex.schema.dropTable('schedules');
  },
};

// What SAML sign-ins leave: requests under way, ids used up, key pairs, the providers' metadata and certificates, whom
// a session was opened for, and a trace of every attempt. Beside them the domains that organizations claim.
import type { Knex } from 'knex';

export const saml: Knex.Migration = {
  async up(knex) {
    await knex.schema.createTable('saml_requests', (table) => {
      table.text('id').primary();
      table.text('connection').notNullable();
      table.text('purpose').notNullable(); // login, try or logout
      /** Hash of the cookie that names the browser: an answer that another browser brings finds nothing. */
      table.text('browser').notNullable();
      table.text('return_to').notNullable();
      table.text('created_at').notNullable();
      table.text('expires_at').notNullable();
      table.index(['browser', 'connection']);
      table.index(['expires_at']);
    });
    await knex.schema.createTable('saml_used_ids', (table) => {
      table.text('connection').notNullable();
      /** Hash of the id: a provider's id may be of any length. */
      table.text('id').notNullable();
      table.text('expires_at').notNullable();
      table.primary(['connection', 'id']);
      table.index(['expires_at']);
    });
    await knex.schema.createTable('saml_keys', (table) => {
      table.text('id').primary();
      table.text('connection').notNullable();
      table.text('certificate').notNullable();
      /** Encrypted with the installation's secret key. */
      table.text('private_key').notNullable();
      table.text('state').notNullable(); // next, current or previous
      table.text('created_at').notNullable();
      table.index(['connection']);
    });
    await knex.schema.createTable('saml_metadata', (table) => {
      table.text('connection').primary();
      table.text('source').notNullable();
      table.text('xml').notNullable();
      table.text('read_at').notNullable();
      table.text('tried_at').notNullable();
      /** Why the last try failed; what was read before goes on to count. */
      table.text('failure');
    });
    await knex.schema.createTable('saml_certificates', (table) => {
      table.text('connection').notNullable();
      table.text('fingerprint').notNullable();
      table.text('certificate').notNullable();
      table.text('state').notNullable(); // trusted, staged or retired
      table.text('not_after').notNullable();
      /** The number of days before its end that was warned of last: 30, 7, 1 or 0. */
      table.integer('warned_days');
      table.text('created_at').notNullable();
      table.primary(['connection', 'fingerprint']);
    });
    await knex.schema.createTable('saml_sessions', (table) => {
      table.text('session').notNullable();
      table.text('connection').notNullable();
      table.text('account').notNullable();
      /** The NameID as the provider wrote it, with format and qualifiers: JSON. */
      table.text('name_id').notNullable();
      /** Hash of the NameID's value, to be found by. */
      table.text('name_key').notNullable();
      table.text('session_index');
      table.text('created_at').notNullable();
      table.primary(['session', 'connection']);
      table.index(['connection', 'name_key']);
    });
    await knex.schema.createTable('saml_attempts', (table) => {
      table.text('reference').primary();
      table.text('connection').notNullable();
      table.text('at').notNullable();
      table.text('outcome').notNullable(); // accepted, refused or tried
      table.text('rule');
      table.text('reason').notNullable();
      table.text('account');
      table.text('email');
      table.text('certificate');
      table.text('plan');
      table.text('assertion');
      table.text('client_address');
      table.index(['connection', 'at']);
    });
    // A sign-in finds its subject by name among a directory's 100,000 people.
    await knex.raw('CREATE INDEX people_by_user_name ON external_people (connection, lower(user_name))');
    await knex.schema.createTable('domain_claims', (table) => {
      table.text('organization').notNullable().references('id').inTable('organizations');
      table.text('domain').notNullable();
      /** What the organization is to publish as a TXT record. */
      table.text('proof').notNullable();
      table.text('state').notNullable(); // claimed, verified or lost
      table.text('claimed_at').notNullable();
      table.text('checked_at');
      /** Looks in a row at which the record was not there. */
      table.integer('missed').notNullable();
      table.primary(['organization', 'domain']);
    });
  },
  async down(knex) {
    await knex.raw('DROP INDEX people_by_user_name');
    for (const table of TABLES.toReversed()) await knex.schema.dropTable(table);
  },
};

const TABLES = [
  'saml_requests',
  'saml_used_ids',
  'saml_keys',
  'saml_metadata',
  'saml_certificates',
  'saml_sessions',
  'saml_attempts',
  'domain_claims',
];

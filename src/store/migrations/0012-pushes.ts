// What keeps the cost of a push from growing with what is stored: indexes for what each push asks, and a mark that
// changes whenever an organization, its domains, a connection or a mapping does, so that they are read anew only then.
import { isPostgres } from '../database.ts';
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  // The state is a column of these: by an index for one state alone, a bound value finds nothing on SQLite.
  'DROP INDEX deliveries_waiting',
  'DROP INDEX deliveries_due',
  'DROP INDEX deliveries_dead',
  'DROP INDEX conflicts_of_account',
  // A plan is read in the order in which it was made, a page at a time, and by its people.
  'DROP INDEX changes_by_plan',
  'CREATE INDEX changes_in_order ON changes (plan, id)',
  'CREATE INDEX changes_by_plan ON changes (plan, account)',
  'CREATE INDEX deliveries_in_line ON deliveries (channel, state, position)',
  'CREATE INDEX deliveries_due ON deliveries (channel, state, due_at)',
  'CREATE INDEX deliveries_by_state ON deliveries (state, id)',
  'CREATE INDEX conflicts_of_account ON conflicts (account, state)',
  'CREATE INDEX conflicts_by_state ON conflicts (state, id)',
  'CREATE INDEX account_activations_of_account ON account_activations (account)',
  'CREATE INDEX sessions_by_end ON sessions (expires_at)',
  'CREATE INDEX sessions_by_use ON sessions (seen_at)',
  'CREATE INDEX brake_spent_of_window ON brake_spent (connection, organization, account)',
  'CREATE INDEX person_grants_by_account ON person_grants (account)',
  'CREATE INDEX blocks_by_account ON blocks (account)',
  "CREATE INDEX plans_committing ON plans (id) WHERE state = 'committing'",
  'CREATE INDEX conflicts_of_person ON conflicts (connection, external_id)',
  'CREATE TABLE outline_mark (id integer PRIMARY KEY, mark text NOT NULL)',
  "INSERT INTO outline_mark (id, mark) VALUES (1, '')",
];

/** What filters look for is made of the resource and goes with it: it is nothing but its key, and needs no check. */
const VALUES_ANEW = [
  `CREATE TABLE scim_values_anew (
    connection text NOT NULL,
    resource text NOT NULL,
    attribute text NOT NULL,
    part text NOT NULL,
    element integer NOT NULL,
    value_key text NOT NULL,
    PRIMARY KEY (connection, resource, attribute, part, element)
  ) WITHOUT ROWID`,
  `INSERT INTO scim_values_anew SELECT connection, resource, attribute, part, element, value_key FROM scim_values`,
  'DROP TABLE scim_values',
  'ALTER TABLE scim_values_anew RENAME TO scim_values',
  'CREATE INDEX scim_values_by_key ON scim_values (connection, attribute, part, value_key, resource)',
];

/** Tables that the outline is read from (sync/outline.ts). */
const OUTLINE = ['organizations', 'connections', 'mappings', 'workspaces', 'domains'];

export const pushes: Migration = {
  up: async (db) => {
    await runStatements(db, STATEMENTS);
    await runStatements(db, VALUES_ANEW);
    if (isPostgres(db)) for (const statement of postgresTriggers()) await db.raw(statement);
    else for (const statement of [...sqliteTriggers(), ...sqliteStatistics()]) await db.raw(statement);
  },
};

/**
 * SQLite counts nothing by itself, and without counts it takes one connection to have ten links. It is told what a
 * large company looks like: rows, then how many share the first column of the index, the first two, …
 */
function sqliteStatistics(): string[] {
  const counts = [
    ['links', 'links', '1000000 500000 500000 5 1'],
    ['links', 'links_into', '1000000 500000 5000'],
    ['external_people', 'external_people', '100000 50000 1'],
    ['external_people', 'people_by_email', '100000 1'],
    ['external_people', 'people_by_user_name', '100000 50000 1'],
    ['external_people', 'people_by_account', '100000 1'],
    ['external_groups', 'sqlite_autoindex_external_groups_1', '10000 5000 1'],
    ['external_groups', 'groups_by_name', '10000 5000 1'],
    ['scim_resources', 'sqlite_autoindex_scim_resources_1', '100000 50000 1'],
    ['scim_resources', 'scim_names', '100000 50000 50000 1'],
    ['scim_resources', 'scim_external_ids', '100000 50000 50000 1'],
    ['scim_resources', 'scim_listed', '100000 50000 50000 1'],
    ['scim_resources', 'scim_modified', '100000 50000 50000 1'],
    ['scim_resources', 'scim_gone', '1000 500 500 1'],
    ['scim_values', 'scim_values', '1000000 500000 10 3 2 1'],
    ['scim_values', 'scim_values_by_key', '1000000 500000 50000 10000 5 1'],
    ['changes', 'changes_in_order', '1000000 1000 1'],
    ['changes', 'changes_by_plan', '1000000 1000 1'],
    ['conflicts', 'conflicts_of_person', '1000 500 1'],
    ['conflicts', 'conflicts_of_account', '1000 2 1'],
    ['conflicts', 'conflicts_by_state', '1000 500 1'],
    ['session_openings', 'sqlite_autoindex_session_openings_1', '100000 1 1'],
    ['session_openings', 'session_openings_by_organization', '100000 50000'],
  ].map((row) => `(${row.map((text) => `'${text}'`).join(', ')})`);
  // Makes the table of counts, and has them read again.
  return [
    'ANALYZE outline_mark',
    `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ${counts.join(', ')}`,
    'ANALYZE sqlite_schema',
  ];
}

/** A fresh mark and not a count: one that is rolled back must never come again with another content. */
function sqliteTriggers(): string[] {
  return OUTLINE.flatMap((table) =>
    ['INSERT', 'UPDATE', 'DELETE'].map(
      (act) => `
        CREATE TRIGGER outline_${table}_${act.toLowerCase()} AFTER ${act} ON ${table}
        BEGIN UPDATE outline_mark SET mark = hex(randomblob(16)); END`,
    ),
  );
}

function postgresTriggers(): string[] {
  return [
    `CREATE FUNCTION outline_changed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       UPDATE outline_mark SET mark = md5(random()::text || clock_timestamp()::text || txid_current()::text);
       RETURN NULL;
     END $$`,
    ...OUTLINE.map(
      (table) => `
        CREATE TRIGGER outline_${table} AFTER INSERT OR UPDATE OR DELETE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION outline_changed()`,
    ),
  ];
}

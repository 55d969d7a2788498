// What keeps the cost of a push from growing with what is stored: indexes for what each push asks, and a mark that
// changes whenever an organization, its domains, a connection or a mapping does, so that they are read anew only then.
import { isPostgres } from '../database.ts';
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  "CREATE INDEX plans_committing ON plans (id) WHERE state = 'committing'",
  'CREATE INDEX conflicts_of_person ON conflicts (connection, external_id)',
  'CREATE TABLE outline_mark (id integer PRIMARY KEY, mark text NOT NULL)',
  "INSERT INTO outline_mark (id, mark) VALUES (1, '')",
];

/** Tables that the outline is read from (sync/outline.ts). */
const OUTLINE = ['organizations', 'connections', 'mappings', 'workspaces', 'domains'];

export const pushes: Migration = {
  up: async (db) => {
    await runStatements(db, STATEMENTS);
    for (const statement of isPostgres(db) ? postgresTriggers() : sqliteTriggers()) await db.raw(statement);
  },
};

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

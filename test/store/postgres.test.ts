// A Postgres that cannot be used is told in one line with what to do, and one that is used loses nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import { acquireLease } from '../../src/store/leases.ts';
import { migrate } from '../../src/store/migrate.ts';
import { runCli } from '../support/cli.ts';
import { asAdministrator, serverUrl } from '../support/postgres-databases.ts';
import type { TestDatabase } from '../support/store.ts';
import { newDatabase } from '../support/store.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await newDatabase('postgres');
});
afterEach(() => database.remove());

function changed(change: (url: URL) => void, from = database.url): string {
  const url = new URL(from);
  change(url);
  return url.href;
}

async function faultOf(url: string): Promise<{ code?: string; message: string }> {
  const db = openDatabase(url);
  try {
    await migrate(db);
    throw new Error('it could be opened');
  } catch (error) {
    return error as { code?: string; message: string };
  } finally {
    await db.destroy();
  }
}

describe('a server that cannot be used', () => {
  test('nobody listens there', async () => {
    const fault = await faultOf(changed((url) => (url.port = '1')));
    expect(fault).toMatchObject({ code: 'database_unreachable' });
    expect(fault.message).toMatch(
      /^database\.url: cannot reach Postgres at 127\.0\.0\.1:1 \(ECONNREFUSED\): is it running/,
    );
  });

  test('no such host', async () => {
    const fault = await faultOf(changed((url) => (url.hostname = 'nowhere.invalid')));
    expect(fault).toMatchObject({ code: 'database_unreachable' });
    expect(fault.message).toContain('nowhere.invalid');
  });

  test('a wrong password is not repeated', async () => {
    const fault = await faultOf(changed((url) => (url.password = 'not-this-one')));
    expect(fault).toMatchObject({ code: 'database_unreachable' });
    expect(fault.message).toMatch(/refuses .*: check user and password/);
    expect(fault.message).not.toContain('not-this-one');
  });

  test('no password at all', async () => {
    const fault = await faultOf(changed((url) => (url.password = '')));
    expect(fault.message).toMatch(/PGPASSWORD/);
  });

  test('no such database', async () => {
    const fault = await faultOf(changed((url) => (url.pathname = '/nothing_here')));
    expect(fault).toMatchObject({ code: 'database_unreachable' });
    expect(fault.message).toContain('createdb nothing_here');
  });

  test('the command line says it in one line, and its exit code is that of bad input', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-postgres-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'rollcall.yaml'), 'database: { url: { env: STORE } }\n');
    const env = { STORE: changed((url) => (url.port = '1')) };
    const said = await runCli(['holds', '--json', '--config', 'rollcall.yaml'], { cwd: folder, env });
    expect(said.code).toBe(2);
    expect(said.json()).toMatchObject({ error: { code: 'database_unreachable' } });
    expect(said.stderr.trim().split('\n')).toHaveLength(1);
    expect(said.stderr).not.toContain('secret');
  });

  test('a database that cannot hold every name', async () => {
    const name = `latin_${process.pid}`;
    await asAdministrator(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
    const fault = await faultOf(changed((url) => (url.pathname = `/${name}`), serverUrl()));
    expect(fault).toMatchObject({ code: 'database_unfit' });
    expect(fault.message).toContain("ENCODING 'UTF8'");
    await asAdministrator(`DROP DATABASE ${name}`);
  });
});

describe('a server that is used', () => {
  test('a crowd of writers leaves the pool open to those who read, and to the renewal of leases', async () => {
    const db = openDatabase(database.url);
    const blocker = openDatabase(database.url);
    const locked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const blocked = inTransaction(blocker, async () => {
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const writers = Array.from({ length: 50 }, () => inTransaction(db, async () => undefined));
    expect(await db('accounts').select('id')).toEqual([]);
    expect(await acquireLease(db, 'schedule')).not.toBeNull();
    release.resolve();
    await Promise.all([blocked, ...writers]);
    await db.destroy();
    await blocker.destroy();
  });

  test('the password may come from PGPASSWORD', async () => {
    const before = process.env['PGPASSWORD'];
    process.env['PGPASSWORD'] = new URL(database.url).password;
    const db = openDatabase(changed((url) => (url.password = '')));
    expect(await migrate(db)).toEqual([]);
    await db.destroy();
    if (before === undefined) delete process.env['PGPASSWORD'];
    else process.env['PGPASSWORD'] = before;
  });

  test('each commit is on disk before the answer, whatever the server, the database or the role prefers', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await asAdministrator(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    await asAdministrator(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
    const db = openDatabase(database.url);
    const settings = await db('pg_settings')
      .whereIn('name', ['synchronous_commit', 'fsync', 'default_transaction_isolation'])
      .orderBy('name')
      .select('setting');
    expect(settings.map(({ setting }) => setting)).toEqual(['read committed', 'on', 'on']);
    await db.destroy();
  });
});

// What every database must keep, by name. Each entry of DATABASES runs the whole suite.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId, ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import { addAccounts, findAccount } from '../../src/store/accounts.ts';
import { chargeWindow, loadWindow, refund } from '../../src/store/brakes.ts';
import type { Database } from '../../src/store/database.ts';
import { inTransaction, openDatabase, revisionOf } from '../../src/store/database.ts';
import { openHold } from '../../src/store/holds.ts';
import { newId } from '../../src/store/ids.ts';
import { MIGRATIONS, migrate, migrationState } from '../../src/store/migrate.ts';
import { needWorkspace } from '../../src/store/organizations.ts';
import { openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const corp = 'corp' as ConnectionId;
const at = '2026-01-01T00:00:00.000Z';

/** Another process that adds twenty accounts, each in a transaction of its own. */
async function runWriter(url: string, side: string): Promise<void> {
  const writer = fileURLToPath(new URL('../support/writer.ts', import.meta.url));
  const child = spawn(process.execPath, [writer, url, side], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
}

const DATABASES = {
  sqlite: {
    url: (folder: string): string => `sqlite:${join(folder, 'r.db')}`,
  },
};

describe.each(Object.entries(DATABASES))('the store on %s', (_name, { url }) => {
  let folder = '';
  let db: Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-contract-'));
    db = openDatabase(url(folder));
    await migrate(db);
  });
  afterEach(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const account = (email: string) => ({ id: newId<AccountId>(), email, firstName: null, lastName: null });

  test('migrating again does nothing, and old rows stay', async () => {
    await addAccounts(db, [account('anna@acme.example')], at);
    expect(await migrate(db)).toEqual([]);
    expect((await migrationState(db)).applied).toEqual(MIGRATIONS.map(({ name }) => name));
    expect(await findAccount(db, 'anna@acme.example')).not.toBeNull();
  });

  test('a database of a newer Rollcall is refused, with what to do', async () => {
    await db('migrations').insert({ name: '9999-from-the-future', batch: 9, migration_time: at });
    await expect(migrate(db)).rejects.toThrow(/newer Rollcall/);
  });

  test('an address is one account, whatever its case', async () => {
    const anna = account('Anna@Acme.example');
    await addAccounts(db, [anna], at);
    expect((await findAccount(db, ' aNNa@acme.EXAMPLE'))?.id).toBe(anna.id);
    await expect(addAccounts(db, [account('anna@acme.example')], at)).rejects.toThrow(/UNIQUE/i);
  });

  test('ids sort by the time at which they were made', () => {
    const ids = Array.from({ length: 1000 }, () => newId<string>());
    expect([...ids].sort()).toEqual(ids);
  });

  test('a transaction that throws leaves nothing', async () => {
    const before = await revisionOf(db);
    const failing = inTransaction(db, async (trx) => {
      await addAccounts(trx, [account('anna@acme.example')], at);
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect(await findAccount(db, 'anna@acme.example')).toBeNull();
    expect(await revisionOf(db)).toBe(before);
  });

  test('what a second process writes is waited for, not lost', async () => {
    await Promise.all(['a', 'b'].map((side) => runWriter(url(folder), side)));
    expect(await db('accounts').select('id')).toHaveLength(40);
  });

  test('the budget remembers whom it was spent on, and a returning person is taken off', async () => {
    const key = { connection: corp, organization: acme };
    const people = ['a', 'b'] as AccountId[];
    await chargeWindow(db, key, { startedAt: at, base: 50 }, people);
    await refund(db, acme, 'a' as AccountId);
    expect(await loadWindow(db, key)).toEqual({ startedAt: at, base: 50, spent: new Set(['b']) });
    await chargeWindow(db, key, { startedAt: '2026-01-03T00:00:00.000Z', base: 60 }, ['c'] as AccountId[]);
    expect((await loadWindow(db, key))?.spent).toEqual(new Set(['c']));
  });

  test('the database file is readable by its owner only', () => {
    expect(statSync(join(folder, 'r.db')).mode & 0o077).toBe(0);
  });
});

describe('what only a founded organization shows', () => {
  test('one open hold per connection and organization; workspaces are one whatever their case', async () => {
    const { sync, close } = await openTestStore({
      organizations: [
        {
          id: acme,
          title: 'Acme',
          owner: 'olga@acme.example',
          roleAuthority: 'shared',
          defaultRole: 'not_activated',
          seats: null,
          domains: [],
          successor: null,
          projects: [],
        },
      ],
      connections: [],
      mappings: [],
    });
    const key = { connection: corp, organization: acme };
    const first = await openHold(sync.db, key, ['budget'], at);
    expect(await openHold(sync.db, key, ['suspect'], at)).toBe(first);
    await expect(
      sync.db('holds').insert({ id: 'second', ...key, brake: 'budget', state: 'open', created_at: at }),
    ).rejects.toThrow(/UNIQUE/);
    const workspace = await needWorkspace(sync.db, acme, 'Support', at);
    expect(await needWorkspace(sync.db, acme, 'SUPPORT', at)).toBe(workspace);
    await close();
  });
});

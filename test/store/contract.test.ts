// What every database must keep, by name: the whole suite runs on each of them.
import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId, ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import { addAccounts, allAccounts, findAccount } from '../../src/store/accounts.ts';
import { chargeWindow, loadWindow, refund } from '../../src/store/brakes.ts';
import type { Database } from '../../src/store/database.ts';
import { inSnapshot, inTransaction, openDatabase, revisionOf } from '../../src/store/database.ts';
import { openHold } from '../../src/store/holds.ts';
import { newId } from '../../src/store/ids.ts';
import { migrate } from '../../src/store/migrate.ts';
import { needWorkspace } from '../../src/store/organizations.ts';
import { startScript } from '../support/process.ts';
import type { TestDatabase } from '../support/store.ts';
import { DATABASES, declareAcme, newDatabase, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const corp = 'corp' as ConnectionId;
const at = '2026-01-01T00:00:00.000Z';

describe.each(DATABASES)('the store on %s', (kind) => {
  let database: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    database = await newDatabase(kind);
    db = openDatabase(database.url);
    await migrate(db);
  });
  afterEach(async () => {
    await db.destroy();
    await database.remove();
  });

  const account = (email: string, id = newId<AccountId>()) => ({ id, email, firstName: null, lastName: null });

  test('an address is one account, whatever its case', async () => {
    const anna = account('Anna@Acme.example');
    await addAccounts(db, [anna], at);
    expect((await findAccount(db, ' aNNa@acme.EXAMPLE'))?.id).toBe(anna.id);
    await expect(addAccounts(db, [account('anna@acme.example')], at)).rejects.toThrow(/unique/i);
  });

  test('ids sort by the time at which they were made', () => {
    const ids = Array.from({ length: 1000 }, () => newId<string>());
    expect([...ids].sort()).toEqual(ids);
  });

  test('pages miss nobody: ids and keys sort by bytes, whatever language the database speaks', async () => {
    const ids = ['a', 'B', 'b', 'A', 'ä', 'Z', '-1', '_', 'a-b', 'ab'].map((id) => id as AccountId);
    await addAccounts(
      db,
      ids.map((id, nth) => account(`p${nth}@acme.example`, id)),
      at,
    );
    const pages: string[] = [];
    for await (const page of allAccounts(db, 3)) pages.push(...page);
    expect(pages).toEqual([...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
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

  test('what a transaction reads is what it writes on: twenty at once that each add one make twenty', async () => {
    await inTransaction(db, (trx) => addAccounts(trx, [account('0@acme.example')], at));
    const addOne = (): Promise<void> =>
      inTransaction(db, async (trx) => {
        const [row] = await trx('accounts').select('email');
        await trx('accounts').update({ email: `${Number.parseInt(row.email, 10) + 1}@acme.example` });
      });
    await Promise.all(Array.from({ length: 20 }, addOne));
    expect(await db('accounts').first('email')).toEqual({ email: '20@acme.example' });
  });

  test('what a second process writes is waited for, not lost', async () => {
    await Promise.all(['a', 'b'].map((side) => startScript('writer', database.url, side).ended));
    expect(await db('accounts').select('id')).toHaveLength(40);
  });

  test('a snapshot sees one instant, whatever is written meanwhile', async () => {
    const other = openDatabase(database.url);
    const seen = await inSnapshot(db, async (trx) => {
      const before = await trx('accounts').select('id');
      await inTransaction(other, (writing) => addAccounts(writing, [account('late@acme.example')], at));
      return [before.length, (await trx('accounts').select('id')).length];
    });
    await other.destroy();
    expect(seen).toEqual([0, 0]);
    expect(await db('accounts').select('id')).toHaveLength(1);
  });

  test('counts are numbers', async () => {
    await addAccounts(db, [account('a@acme.example'), account('b@acme.example')], at);
    expect(await db('accounts').count({ n: '*' }).first()).toEqual({ n: 2 });
  });

  test('the budget remembers whom it was spent on, and a returning person is taken off', async () => {
    const key = { connection: corp, organization: acme };
    const people = ['a', 'b'] as AccountId[];
    await chargeWindow(db, key, { startedAt: at, base: 50 }, people);
    await refund(db, [{ organization: acme, account: 'a' as AccountId }]);
    const window = await loadWindow(db, key, people);
    expect(window).toMatchObject({ startedAt: at, base: 50, spent: { size: 1 } });
    expect(people.map((one) => window?.spent.has(one))).toEqual([false, true]);
    await chargeWindow(db, key, { startedAt: '2026-01-03T00:00:00.000Z', base: 60 }, ['c'] as AccountId[]);
    const next = await loadWindow(db, key, ['b', 'c'] as AccountId[]);
    expect([next?.spent.size, next?.spent.has('b' as AccountId)]).toEqual([1, false]);
  });

  test('one open hold per connection and organization; workspaces are one whatever their case', async () => {
    const { sync, close } = await openTestStore(declareAcme(), { database: kind });
    const key = { connection: corp, organization: acme };
    const first = await openHold(sync.db, key, ['budget'], at);
    expect(await openHold(sync.db, key, ['suspect'], at)).toBe(first);
    await expect(
      sync.db('holds').insert({ id: 'second', ...key, brake: 'budget', state: 'open', created_at: at }),
    ).rejects.toThrow(/unique/i);
    const workspace = await needWorkspace(sync.db, acme, 'Support', at);
    expect(await needWorkspace(sync.db, acme, 'SUPPORT', at)).toBe(workspace);
    await close();
  });
});

test('the SQLite file is readable by its owner only, and each commit is on disk before the answer', async () => {
  const { url, remove } = await newDatabase('sqlite');
  const db = openDatabase(url);
  expect(await db.raw('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
  expect(statSync(url.slice('sqlite:'.length)).mode & 0o077).toBe(0);
  await db.destroy();
  await remove();
});

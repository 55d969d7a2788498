// The schema comes up whoever starts first, and says what it cannot do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId, PlanId } from '../../src/core/ids.ts';
import { addAccounts, findAccount } from '../../src/store/accounts.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS, migrate, migrationState } from '../../src/store/migrate.ts';
import { touchedInPiece } from '../../src/store/staged-pieces.ts';
import { asAdministrator } from '../support/postgres-databases.ts';
import { startScript } from '../support/process.ts';
import type { TestDatabase } from '../support/store.ts';
import { DATABASES, newDatabase } from '../support/store.ts';

const at = '2026-01-01T00:00:00.000Z';
const ALL = MIGRATIONS.map(({ name }) => name);

describe.each(DATABASES)('the schema on %s', (kind) => {
  let database: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    database = await newDatabase(kind, { empty: true });
    db = openDatabase(database.url);
  });
  afterEach(async () => {
    await db.destroy();
    await database.remove();
  });

  test('migrating again does nothing, and old rows stay', async () => {
    expect(await migrate(db)).toEqual(ALL);
    const anna = { id: 'a' as AccountId, email: 'anna@acme.example', firstName: null, lastName: null };
    await addAccounts(db, [anna], at);
    expect(await migrate(db)).toEqual([]);
    expect(await migrationState(db)).toEqual({ applied: ALL, missing: [] });
    expect(await findAccount(db, 'anna@acme.example')).not.toBeNull();
  });

  test('facts and a plan half committed outlast the change of how strangers are set aside', async () => {
    await migrate(db, '0010-strangers');
    const declared = { declared: 1, declared_state: 1, created_at: at };
    const corp = { id: 'corp', kind: 'ldap', state: 'active', lifecycle: 1, trust_email: 'any', ...declared };
    await db('connections').insert(corp);
    const since = { present: 1, present_since: at, active: 1, active_since: at };
    await db('external_people').insert({ connection: 'corp', external_id: 'ann', ...since });
    const link = { connection: 'corp', member_kind: 'person', member: 'ann', in_group: 'staff', since: at };
    await db('links').insert(link);
    const touched = { plan: 'p', external_id: 'bob', piece: 1, gone: 0, in_groups: '["staff"]' };
    await db('staged_touched').insert([
      { ...touched, stranger: 1 },
      { ...touched, external_id: 'cleo', stranger: 0 },
    ]);
    await migrate(db);
    expect(await db('external_people').select('external_id')).toEqual([{ external_id: 'ann' }]);
    expect(await db('links')).toEqual([link]);
    await expect(db('links').insert(link)).rejects.toThrow(/unique/i);
    const looked = await touchedInPiece(db, 'p' as PlanId, 1);
    expect(looked.map(({ externalId }) => externalId)).toEqual(['bob', 'cleo']);
  });

  test('a database of a newer Rollcall is refused, with what to do', async () => {
    await migrate(db);
    await db('migrations').insert({ name: '9999-from-the-future', applied_at: at });
    await expect(migrate(db)).rejects.toThrow(/newer Rollcall/);
  });

  test('four processes that start at once all come up, and one of them brings up the schema', async () => {
    for (let round = 0; round < 3; round += 1) {
      const fresh = await newDatabase(kind, { empty: true });
      const begin = String(Date.now() + 1_500);
      const processes = Array.from({ length: 4 }, () => startScript('migrator', fresh.url, begin));
      const applied = await Promise.all(processes.map(({ ended }) => ended));
      expect(applied.flat()).toEqual(ALL);
      await fresh.remove();
    }
  });
});

test('on Postgres every text column compares by bytes, those of later migrations too', async () => {
  const database = await newDatabase('postgres');
  const db = openDatabase(database.url);
  const columns = await db('information_schema.columns')
    .where({ table_schema: 'public', data_type: 'text' })
    .select('table_name', 'column_name', 'collation_name');
  expect(columns.length).toBeGreaterThan(100);
  expect(columns.filter(({ collation_name: name }) => name !== 'C')).toEqual([]);
  await db.destroy();
  await database.remove();
});

test('a user who may not make tables is told what to grant', async () => {
  const database = await newDatabase('postgres', { empty: true });
  const name = `guest_${process.pid}`;
  await asAdministrator(`CREATE ROLE ${name} LOGIN PASSWORD 'guest'`);
  const url = new URL(database.url);
  url.username = name;
  url.password = 'guest';
  const db = openDatabase(url.href);
  await expect(migrate(db)).rejects.toThrow('GRANT CREATE ON SCHEMA public');
  await db.destroy();
  await database.remove();
  await asAdministrator(`DROP ROLE ${name}`);
});

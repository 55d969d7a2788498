// One holder at a time, a killed one replaced, and one that was only slow stopped before it writes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId } from '../../src/core/ids.ts';
import { addAccounts } from '../../src/store/accounts.ts';
import type { Database } from '../../src/store/database.ts';
import { databaseTime, openDatabase } from '../../src/store/database.ts';
import { acquireLease, inLeasedTransaction, LEASE_MS, releaseLease, renewLease } from '../../src/store/leases.ts';
import { migrate } from '../../src/store/migrate.ts';
import { isCertainlyGone, thisProcess } from '../../src/store/process-identity.ts';
import { startScript } from '../support/process.ts';
import type { TestDatabase } from '../support/store.ts';
import { DATABASES, newDatabase } from '../support/store.ts';

describe.each(DATABASES)('leases on %s', (kind) => {
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

  /** As if nobody had renewed it for as long as it lasts. */
  const runOut = async (): Promise<void> => void (await db('leases').update({ expires_at: databaseTime(db, -1) }));

  test('a second taker is refused until it is given back', async () => {
    const lease = await acquireLease(db, 'schedule');
    expect(lease).not.toBeNull();
    expect(await acquireLease(db, 'schedule')).toBeNull();
    expect(await acquireLease(db, 'another')).not.toBeNull();
    await releaseLease(db, lease!);
    expect(await acquireLease(db, 'schedule')).not.toBeNull();
  });

  test('of many who take it at once, one has it', async () => {
    const taken = await Promise.all(Array.from({ length: 8 }, () => acquireLease(db, 'schedule')));
    expect(taken.filter((lease) => lease !== null)).toHaveLength(1);
    await runOut();
    const again = await Promise.all(Array.from({ length: 8 }, () => acquireLease(db, 'schedule')));
    expect(again.filter((lease) => lease !== null)).toHaveLength(1);
  });

  test('a killed process is replaced at once where that it is gone is certain', async () => {
    const holder = startScript('lease-holder', database.url, 'schedule');
    await holder.said('held');
    expect(await acquireLease(db, 'schedule')).toBeNull();
    expect(await startScript('lease-holder', database.url, 'schedule').ended).toEqual(['refused']);
    await holder.kill();
    expect(await acquireLease(db, 'schedule')).not.toBeNull();
  });

  test('a killed process of another machine is replaced within a minute, not before its lease has run out', async () => {
    const holder = startScript('lease-holder', database.url, 'schedule');
    await holder.said('held');
    const elsewhere = JSON.stringify({ ...JSON.parse(thisProcess()), space: 'another kernel' });
    await db('leases').update({ holder: elsewhere });
    await holder.kill();
    expect(await acquireLease(db, 'schedule')).toBeNull();
    expect(LEASE_MS).toBeLessThan(60_000);
    await runOut();
    expect(await acquireLease(db, 'schedule')).not.toBeNull();
  });

  test('a holder that was only slow writes nothing after another has taken over', async () => {
    const slow = await acquireLease(db, 'schedule');
    await runOut();
    const next = await acquireLease(db, 'schedule');
    const anna = { id: 'a' as AccountId, email: 'anna@acme.example', firstName: null, lastName: null };
    const late = inLeasedTransaction(db, slow!, (trx) => addAccounts(trx, [anna], '2026-01-01T00:00:00.000Z'));
    await expect(late).rejects.toMatchObject({ code: 'lease_lost' });
    expect(await db('accounts').select('id')).toEqual([]);
    await expect(renewLease(db, slow!)).rejects.toMatchObject({ code: 'lease_lost' });
    // Nor can it give back what is another's.
    await releaseLease(db, slow!);
    await renewLease(db, next!);
  });

  test('nobody takes over in the middle of a write of the holder, however long that takes', async () => {
    const lease = await acquireLease(db, 'schedule');
    const other = openDatabase(database.url);
    await runOut();
    let taking: Promise<unknown> = Promise.resolve();
    await inLeasedTransaction(db, lease!, async (trx) => {
      await trx('leases').update({ expires_at: databaseTime(trx, -1) });
      // Another process, as on SQLite one and the same would wait for itself.
      const taker = startScript('lease-holder', database.url, 'schedule');
      taking = taker.ended;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    });
    expect(await taking).toEqual(['refused']);
    await renewLease(db, lease!);
    await other.destroy();
  });
});

describe('which process is certainly gone', () => {
  const self = (): Record<string, unknown> => JSON.parse(thisProcess()) as Record<string, unknown>;
  test.each([
    ['this one is not', {}, false],
    ['one whose number another process has by now is', { began: '1' }, true],
    ['one whose number nobody has is', { pid: 2 ** 22 + 1 }, true],
    ['one of another machine or container is not known to be', { space: 'elsewhere', pid: 2 ** 22 + 1 }, false],
    ['one whose kernel does not tell is not known to be', { space: null, pid: 2 ** 22 + 1 }, false],
  ])('%s', (_name, difference, gone) => {
    expect(isCertainlyGone(JSON.stringify({ ...self(), ...difference }))).toBe(gone);
  });
});

// Writes that share a commit: each is whole or not at all, whatever becomes of the others.
import { expect, onTestFinished, test } from 'vitest';
import { revisionOf } from '../../src/store/database.ts';
import type { Database } from '../../src/store/database.ts';
import { SharedTransactions } from '../../src/store/shared-transaction.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

async function openWithMarks(database: (typeof DATABASES)[number]): Promise<Database> {
  const store = await openTestStore(declareAcme(), { database });
  onTestFinished(() => store.close());
  const { db } = store.sync;
  await db.raw('CREATE TABLE kinds (kind text PRIMARY KEY)');
  const deferred = 'REFERENCES kinds (kind) DEFERRABLE INITIALLY DEFERRED';
  await db.raw(`CREATE TABLE marks (mark integer PRIMARY KEY, kind text ${deferred})`);
  return db;
}

type Work = (trx: Database) => Promise<unknown>;

/** One after another, as they come. */
function sharing(db: Database): SharedTransactions<Work, unknown> {
  return new SharedTransactions(db, async (trx, works) => {
    const results = new Map<Work, unknown>();
    for (const work of works) results.set(work, await work(trx));
    return results;
  });
}

async function marksOf(db: Database): Promise<number[]> {
  const rows: { mark: number }[] = await db('marks').orderBy('mark').select('mark');
  return rows.map(({ mark }) => mark);
}

test.each(DATABASES)('writes that come at once are committed together, on %s', async (database) => {
  const db = await openWithMarks(database);
  const before = await revisionOf(db);
  const shared = sharing(db);
  const all = Array.from({ length: 10 }, (_, mark) =>
    shared.do(async (trx) => void (await trx('marks').insert({ mark }))),
  );
  await Promise.all(all);
  expect(await marksOf(db)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect((await revisionOf(db)) - before).toBeLessThan(5);
});

test.each(DATABASES)('one that fails takes nothing of the others with it, on %s', async (database) => {
  const db = await openWithMarks(database);
  const shared = sharing(db);
  const all = Array.from({ length: 10 }, (_, mark) =>
    shared.do(async (trx) => {
      await trx('marks').insert({ mark });
      if (mark === 4) throw new Error('refused');
      return mark;
    }),
  );
  const settled = await Promise.allSettled(all);
  expect(settled.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { message: 'refused' } }]);
  expect(settled[7]).toEqual({ status: 'fulfilled', value: 7 });
  expect(await marksOf(db)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
});

test.each(DATABASES)('one that breaks a rule looked at in the end is alone in failing, on %s', async (database) => {
  const db = await openWithMarks(database);
  const shared = sharing(db);
  const settled = await Promise.allSettled(
    [0, 1, 2].map((mark) =>
      shared.do((trx) => trx('marks').insert({ mark, kind: mark === 1 ? 'no such kind' : null })),
    ),
  );
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await marksOf(db)).toEqual([0, 2]);
});

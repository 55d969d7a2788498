// Reads that are asked at once are answered together: each its own answer, its own failure, and nothing older than
// what was written before it was asked.
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { execute, rowsOf } from '../../src/store/statement.ts';
import { DATABASES, newDatabase } from '../support/store.ts';

async function openWithMarks(database: (typeof DATABASES)[number]): Promise<Database> {
  const { url, remove } = await newDatabase(database, { empty: true });
  const db = openDatabase(url);
  onTestFinished(async () => {
    await db.destroy();
    await remove();
  });
  await db.raw('CREATE TABLE marks (name text PRIMARY KEY, mark integer NOT NULL)');
  for (const mark of [1, 2, 3]) await execute(db, 'INSERT INTO marks (name, mark) VALUES (?, ?)', [`m${mark}`, mark]);
  return db;
}

const ASK = 'SELECT mark FROM marks WHERE name = ?';

test.each(DATABASES)('each is given its own answer, on %s', async (database) => {
  const db = await openWithMarks(database);
  const names = ['m1', 'm2', 'm1', 'nobody', 'm3', 'm1'];
  const answers = await Promise.all(names.map((name) => rowsOf<{ mark: number }>(db, ASK, [name])));
  expect(answers.map(([row]) => row?.mark)).toEqual([1, 2, 1, undefined, 3, 1]);
});

test.each(DATABASES)('one that cannot be answered fails alone, on %s', async (database) => {
  const db = await openWithMarks(database);
  const asked = [rowsOf(db, ASK, ['m1']), rowsOf(db, 'SELECT nothing FROM marks'), rowsOf(db, ASK, ['m2'])];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await rowsOf(db, ASK, ['m3'])).toEqual([{ mark: 3 }]);
});

test.each(DATABASES)('nobody is given what was so before they asked, on %s', async (database) => {
  const db = await openWithMarks(database);
  for (let mark = 10; mark < 40; mark += 1) {
    const before = rowsOf(db, ASK, ['m1']);
    await execute(db, 'UPDATE marks SET mark = ? WHERE name = ?', [mark, 'm1']);
    expect(await rowsOf(db, ASK, ['m1'])).toEqual([{ mark }]);
    await before;
  }
});

test.each(DATABASES)('where the database cannot be reached everybody is told, on %s', async (database) => {
  const db = await openWithMarks(database);
  await db.destroy();
  const settled = await Promise.allSettled([rowsOf(db, ASK, ['m1']), rowsOf(db, ASK, ['m2'])]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

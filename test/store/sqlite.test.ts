// A path where no database can be: one clear line at once, not a minute of attempts.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['a folder that cannot be made', () => '/proc/nowhere/r.db'],
  ['a folder', () => folder],
  [
    'a file that is no database',
    () => {
      writeFileSync(
        join(folder, 'notes.txt'),
        'nothing but words, and enough of them to be read as a head\n'.repeat(20),
      );
      return join(folder, 'notes.txt');
    },
  ],
])('%s is refused, with the path', (_what, path) => {
  const file = path();
  expect(() => openDatabase(`sqlite:${file}`)).toThrow(`database.url: ${file} can't be used as a database`);
});

test('folders that are missing are made, for their owner only', async () => {
  const db = openDatabase(`sqlite:${join(folder, 'a/b/r.db')}`);
  await db.destroy();
  expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700);
});

// The secret key: made once, for its owner only, and never guessed or replaced where it should have been given.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSecretKey } from '../../src/config/secret-key.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('at the first start a key is made beside the SQLite database, for its owner only, and used ever after', () => {
  const url = `sqlite:${join(folder, 'data', 'r.db')}`;
  const key = loadSecretKey(url, {});
  expect(key).toHaveLength(32);
  const file = join(folder, 'data', 'rollcall.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')).toEqual(key);
  expect(loadSecretKey(url, {})).toEqual(key);
});

test('a key that is given goes first', () => {
  const given = Buffer.alloc(32, 9);
  const env = { ROLLCALL_SECRET_KEY: given.toString('base64') };
  expect(loadSecretKey(`sqlite:${join(folder, 'r.db')}`, env)).toEqual(given);
  expect(loadSecretKey('postgres://db.example/rollcall', env)).toEqual(given);
});

test('on Postgres nothing is made up: every process would have another key', () => {
  expect(() => loadSecretKey('postgres://db.example/rollcall', {})).toThrow('ROLLCALL_SECRET_KEY is not set');
});

test.each(['c2hvcnQ=', 'not base64 at all, and quite long enough for it', `${'A'.repeat(42)}*`])(
  'what is no key is refused, and not repeated: %s',
  (text) => {
    expect(() => loadSecretKey('sqlite:x.db', { ROLLCALL_SECRET_KEY: text })).toThrow(/32 bytes in base64/);
    writeFileSync(join(folder, 'rollcall.key'), text);
    let message = '';
    try {
      loadSecretKey(`sqlite:${join(folder, 'r.db')}`, {});
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('rollcall.key must hold');
    expect(message).not.toContain(text);
  },
);

// Runs of vitest in a folder of their own, as the check command reads them: by their last line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PASS = "import { test } from 'vitest';\ntest('a', () => {});\n";

function closingLineOf(files: Readonly<Record<string, string>>): { code: number | null; last: string | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-closing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const reporters = ['default', join(ROOT, 'test/support/closing-line.ts')];
  const config = { test: { include: ['**/*.test.ts'], reporters } };
  writeFileSync(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'];
  const ran = spawnSync(`${ROOT}node_modules/.bin/node`, args, { cwd: folder, encoding: 'utf8' });
  return { code: ran.status, last: ran.stdout.trimEnd().split('\n').at(-1) };
}

test('a good run ends with its count', () => {
  expect(closingLineOf({ 'a.test.ts': PASS, 'b.test.ts': PASS })).toEqual({ code: 0, last: '2 passed, 0 failed' });
});

test('failed and skipped tests are counted', () => {
  const text = `${PASS}test('b', () => { throw new Error('b'); });\ntest.skip('c', () => {});\ntest.todo('d');\n`;
  expect(closingLineOf({ 'a.test.ts': text })).toEqual({ code: 1, last: '1 passed, 1 failed, 2 skipped' });
});

test('a file that cannot be imported counts as failed', () => {
  const run = closingLineOf({ 'a.test.ts': PASS, 'b.test.ts': "import './none.ts';" });
  expect(run).toEqual({ code: 1, last: '1 passed, 1 failed' });
});

test('an error outside of every test counts as failed', () => {
  const text = `${PASS}setTimeout(() => { throw new Error('late'); });\ntest('b', () => new Promise((go) => setTimeout(go, 100)));\n`;
  expect(closingLineOf({ 'a.test.ts': text })).toEqual({ code: 1, last: '2 passed, 1 failed' });
});

test('what failed outside of tests is counted beside those that failed', () => {
  const failing = "import { test } from 'vitest';\ntest('a', () => { throw new Error('a'); });\n";
  const late =
    "setTimeout(() => { throw new Error('late'); });\ntest('b', () => new Promise((go) => setTimeout(go, 100)));\n";
  const files = { 'a.test.ts': failing, 'b.test.ts': "import './none.ts';", 'c.test.ts': PASS + late };
  expect(closingLineOf(files)).toEqual({ code: 1, last: '2 passed, 3 failed' });
});

test('a run without a test is no good one', () => {
  expect(closingLineOf({})).toEqual({ code: 1, last: '0 passed, 1 failed' });
});

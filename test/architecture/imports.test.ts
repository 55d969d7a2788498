// Breaches are planted in a source tree of its own, and looked for by the check as the check command runs it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TABLE = `# Architecture

| folder | may import |
|---|---|
| core | errors. Not \`node:*\` |
| store | core, errors |
| ldap | core, errors, types of sync |
| sync | core, store, errors |
`;

function checkTree(
  files: Readonly<Record<string, string>>,
  table: string = TABLE,
): { code: number | null; said: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-imports-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'docs/architecture.md': table, ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return run(root);
}

function run(root: string): { code: number | null; said: string[] } {
  const args = [join(ROOT, 'test/architecture/imports.ts'), '--root', root];
  const { status, stderr } = spawnSync(`${ROOT}node_modules/.bin/node`, args, { encoding: 'utf8' });
  return { code: status, said: stderr.split('\n').filter((line) => line !== '') };
}

const breachIn = (files: Readonly<Record<string, string>>): string => {
  const { code, said } = checkTree(files);
  expect(code).toBe(said.length > 0 ? 1 : 0);
  return said.slice(0, -1).join('\n');
};

describe('the import table', () => {
  test('is kept by this project', () => {
    expect(run(ROOT)).toEqual({ code: 0, said: [] });
  });

  test('allows what it says', () => {
    expect(
      breachIn({
        'src/main.ts': "import './sync/run.ts';\nimport './anything/else.ts';",
        'src/core/plan.ts': "import { a } from './other.ts';\nimport { b } from '../errors.ts';",
        'src/store/rows.ts':
          "import { readFileSync } from 'node:fs';\nimport knex from 'knex';\nimport '../core/plan.ts';",
        'src/ldap/read.ts': "import type { Run } from '../sync/run.ts';\nexport type { Run } from '../sync/run.ts';",
      }),
    ).toBe('');
  });

  test.each([
    ["\nimport { a } from '../store/rows.ts';", 'src/core/x.ts:2 imports ../store/rows.ts, which core may not'],
    ["import type { A } from '../sync/run.ts';", 'src/core/x.ts:1 imports types of ../sync/run.ts, which core may not'],
    [
      "import {\n  a,\n  b,\n} from '../store/rows.ts';",
      'src/core/x.ts:1 imports ../store/rows.ts, which core may not',
    ],
    ["import '../store/rows.ts';", 'src/core/x.ts:1 imports ../store/rows.ts, which core may not'],
    ["export * from '../store/rows.ts';", 'src/core/x.ts:1 imports ../store/rows.ts, which core may not'],
    ["export { a } from '../store/rows.ts';", 'src/core/x.ts:1 imports ../store/rows.ts, which core may not'],
    ["const a = await import('../store/rows.ts');", 'src/core/x.ts:1 imports ../store/rows.ts, which core may not'],
    ['const a = await import(name);', 'src/core/x.ts:1 imports ./.., which core may not'],
    ["import a from '../../test/x.ts';", 'src/core/x.ts:1 imports ../../test/x.ts, which core may not'],
    ["import { join } from 'node:path';", 'src/core/x.ts:1 imports node:path, which core may not'],
    ["import { ulid } from 'ulid';", 'src/core/x.ts:1 imports ulid, which core may not'],
  ])('finds a planted breach: %j', (text, breach) => {
    expect(breachIn({ 'src/core/x.ts': text })).toBe(breach);
  });

  test('tells types from values', () => {
    const value = 'src/ldap/read.ts:1 imports ../sync/run.ts, which ldap may not';
    expect(breachIn({ 'src/ldap/read.ts': "import { run } from '../sync/run.ts';" })).toBe(value);
    // The module is loaded all the same.
    expect(breachIn({ 'src/ldap/read.ts': "import { type Run } from '../sync/run.ts';" })).toBe(value);
  });

  test('knows no folder that is not in it', () => {
    expect(breachIn({ 'src/helpers/x.ts': '' })).toBe(
      'src/helpers/x.ts:1 stands in helpers, which is not in the table of docs/architecture.md',
    );
  });

  test('that is missing is no free pass', () => {
    expect(checkTree({ 'src/core/x.ts': '' }, '# Architecture').code).toBe(1);
  });
});

describe('the core', () => {
  test.each([
    ['Date.now()', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new Date', 'new Date()'],
    ['Date()', 'Date()'],
    ['performance.now()', 'performance'],
    ['Math.random()', 'Math.random'],
    ['crypto.randomUUID()', 'crypto'],
    ["fetch('http://x')", 'fetch'],
    ['process.env.HOME', 'process'],
    ['globalThis.Date', 'globalThis'],
    ['setTimeout(f, 1)', 'a timer'],
    ['`at ${Date.now()}`', 'Date.now'],
  ])('has no clock, no chance and no way out: %s', (code, what) => {
    expect(breachIn({ 'src/core/x.ts': `\nconst a = ${code};` })).toBe(
      `src/core/x.ts:2 uses ${what}, which core may not`,
    );
    expect(breachIn({ 'src/sync/x.ts': `\nconst a = ${code};` })).toBe('');
  });

  test('may read a date that it is given, and speak of what it may not use', () => {
    const text = `// Date.now() is banned, and import('../store/rows.ts') too
const a = new Date(text).toISOString();
const b = 'Math.random()' + \`process \${a}\` + "import x from '../store/rows.ts'";
const c = /['"\`]fetch\\(/.test(b) ? plan.process : { process: 1 };
/*
 import '../store/rows.ts';
 Math.random() */`;
    expect(breachIn({ 'src/core/x.ts': text })).toBe('');
  });
});

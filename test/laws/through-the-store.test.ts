// Laws 7, 11 and 12 on a real store, and the one-line breaks that each must catch.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Modules } from './store-laws.ts';
import type { DatabaseKind } from '../support/store.ts';
import { DATABASES } from '../support/store.ts';
import { STORE_LAWS, STORE_MUTANTS } from './store-laws.ts';

/** Postgres asks over a socket; the cases differ from run to run. */
const NUM_RUNS = { sqlite: 25, postgres: 8 };

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/store-mutants/', import.meta.url));

/** The modules of a source tree: the project's own, or a mutated copy. */
async function modulesOf(root: string, database: DatabaseKind): Promise<Modules> {
  const load = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(root, file)).href);
  const parts = [
    'organization/declare.ts',
    'store/database.ts',
    'store/migrate.ts',
    'store/plans.ts',
    'sync/directory-run.ts',
    'sync/recompute.ts',
  ];
  return Object.assign({ database }, ...(await Promise.all(parts.map(load)))) as Modules;
}

describe.each(DATABASES)('on %s', (database) => {
  describe.each(Object.entries(STORE_LAWS))('law %s', (_number, { words, property }) => {
    test(words, async () => {
      const tried = property(await modulesOf(SRC, database)) as fc.IAsyncProperty<unknown>;
      await fc.assert(tried, { numRuns: NUM_RUNS[database] });
    });
  });
});

describe('each law catches its mutants', () => {
  test.each(STORE_MUTANTS.map((mutant, nth) => ({ ...mutant, nth })))(
    'law $law: $name',
    async ({ law, file, find, replace, nth }) => {
      const root = join(CACHE, `${process.pid}-${nth}`);
      mkdirSync(root, { recursive: true });
      cpSync(SRC, root, { recursive: true });
      const text = readFileSync(join(root, file), 'utf8');
      expect(text.split(find)).toHaveLength(2);
      writeFileSync(join(root, file), text.replace(find, replace));
      const broken = STORE_LAWS[law].property(await modulesOf(root, 'sqlite')) as fc.IAsyncProperty<unknown>;
      const { failed } = await fc.check(broken, { numRuns: 60, endOnFailure: true });
      rmSync(root, { recursive: true, force: true });
      expect(failed).toBe(true);
    },
  );
});

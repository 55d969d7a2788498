// A law that no break of the code can fail says nothing. Each mutant is a copy of the core with one line broken.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { absenceMustBeProved } from './absence-must-be-proved.ts';
import { brake } from './brake.ts';
import { coreIn } from './core.ts';
import { derived } from './derived.ts';
import { everyMembershipExplainsItself } from './every-membership-explains-itself.ts';
import { idempotent } from './idempotent.ts';
import type { Law } from './law.ts';
import { brokenProperty } from './law.ts';
import type { Mutant } from './mutants.ts';
import { MUTANTS } from './mutants.ts';
import { noLeakBetweenOrganizations } from './no-leak-between-organizations.ts';
import { noMappingMakesAnOwner } from './no-mapping-makes-an-owner.ts';
import { orderBetweenConnections } from './order-between-connections.ts';
import { sourceWithdrawsItsOwn } from './source-withdraws-its-own.ts';
import { unknownIsNotNone } from './unknown-is-not-none.ts';

const LAWS = [
  orderBetweenConnections,
  idempotent,
  sourceWithdrawsItsOwn,
  unknownIsNotNone,
  absenceMustBeProved,
  brake,
  noMappingMakesAnOwner,
  noLeakBetweenOrganizations,
  everyMembershipExplainsItself,
  derived,
];

const ROOT = join(import.meta.dirname, '../..');
/** Inside the project, so that the copies find the same modules. */
const FOLDER = join(ROOT, 'node_modules/.cache/laws', String(process.pid));

const caught: string[] = [];

beforeAll(() => mkdir(FOLDER, { recursive: true }));

afterAll(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  console.log(`${caught.length} of ${MUTANTS.length} mutants caught`);
});

describe('each law catches its mutants', () => {
  test.each(LAWS)('law $number has a mutant', ({ number }) => {
    expect(MUTANTS.some(({ law }) => law === number)).toBe(true);
  });

  test.each(MUTANTS.map((mutant, nth) => ({ ...mutant, nth })))('law $law: $harm', async (mutant) => {
    const folder = await copyOf(mutant, join(FOLDER, String(mutant.nth)));
    const broken = brokenProperty(lawOf(mutant), await coreIn(folder));
    expect(broken).not.toBeNull();
    caught.push(mutant.harm);
  });
});

function lawOf({ law: number }: Mutant): Law {
  const law = LAWS.find((one) => one.number === number);
  if (law === undefined) throw new Error(`no law ${number}`);
  return law;
}

/** A copy of the core with the mutant's line in it; the line must stand there exactly once. */
async function copyOf({ file, find, replace }: Mutant, folder: string): Promise<string> {
  const core = join(folder, 'core');
  await cp(join(ROOT, 'src/core'), core, { recursive: true });
  await cp(join(ROOT, 'src/errors.ts'), join(folder, 'errors.ts'));
  const path = join(core, `${file}.ts`);
  const source = await readFile(path, 'utf8');
  expect(source.split(find)).toHaveLength(2);
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  return core;
}

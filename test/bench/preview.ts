// What it costs to ask first: `explain` with a whole company in store, and the preview of a mapping with all of it behind:
// `npm run bench -- preview [--people N] [--only 'SQLite, members']`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { explain } from '../../src/cli/explain.ts';
import { Output } from '../../src/cli/output.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Sync } from '../../src/sync/context.ts';
import { setup as startPostgres } from '../support/postgres.ts';
import { newPostgresDatabase } from '../support/postgres-databases.ts';
import { companyLdif, EVERYBODY, everybodyLdif, MAPPED_GROUPS, SUFFIX } from './company.ts';
import type { Ran } from './process.ts';
import { rollcall } from './process.ts';
import { load, machine, postgresVersion, seconds, table } from './report.ts';

/** What section 6 of the design asks for, in milliseconds. */
const MUST = { preview: 10_000, explain: 100 };
const AIM = { preview: 3_000, explain: 20 };

const EXPLAINED = 400;

/** Whose the directory is: the organization's own, so that all its people are members, or one that all are new from. */
type Kind = 'members' | 'newcomers';

export async function benchPreview(people: number, only: string): Promise<void> {
  console.log(`${people} people in one mapped group, ${people / 10} groups besides; load before: ${load()}`);
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const stopPostgres = await startPostgres();
  const edits = [['', 'time', 'must', 'aim', 'memory']];
  const explains = [['explain', 'first', 'p50', 'longest', 'must', 'aim']];
  try {
    const company = join(folder, 'company.ldif');
    await writeFile(company, companyLdif(people) + everybodyLdif(people));
    for (const name of ['SQLite', 'Postgres'] as const) {
      for (const kind of ['members', 'newcomers'] as const) {
        if (!`${name}, ${kind}`.includes(only)) continue;
        const postgres = name === 'Postgres' ? await newPostgresDatabase({ empty: true }) : null;
        const url = postgres?.url ?? `sqlite:${join(folder, `${kind}.db`)}`;
        const file = join(folder, 'rollcall.json');
        const write = (groups: readonly string[]): Promise<void> =>
          writeFile(file, configuration(url, kind, groups), { mode: 0o600 });
        await write(MAPPED_GROUPS);
        await rollcall(['apply', '--config', file]);
        await rollcall(['sync', 'corp', '--ldif', company, '--config', file]);
        if (postgres !== null) await analyze(url);
        await write([...MAPPED_GROUPS, EVERYBODY]);
        const what = kind === 'members' ? `${people} members get a role` : `${people} people are new`;
        edits.push(row(`${name}, preview: ${what}`, await rollcall(['apply', '--plan', '--json', '--config', file])));
        if (kind === 'members') explains.push([name, ...(await explained(url, people))]);
        edits.push(row(`${name}, the same done`, await rollcall(['apply', '--json', '--config', file])));
        if (postgres !== null) console.log(`\n${machine(await postgresVersion(url))}`);
        await postgres?.remove();
      }
    }
    console.log(`\n${table(edits)}\n\n${table(explains)}\n\nload after: ${load()}`);
  } finally {
    await stopPostgres();
    await rm(folder, { recursive: true, force: true });
  }
}

function row(name: string, ran: Ran): string[] {
  const limits = name.includes('preview') ? [seconds(MUST.preview), seconds(AIM.preview)] : ['', ''];
  return [name, seconds(ran.ms), ...limits, `${Math.round(ran.megabytes)} MB`];
}

/** What autovacuum does within a minute: until then Postgres plans for empty tables. */
async function analyze(url: string): Promise<void> {
  const db = openDatabase(url);
  await db.raw('ANALYZE');
  await db.destroy();
}

/** The command itself, without the start of a process: people from all over the company, one after the other. */
async function explained(url: string, people: number): Promise<string[]> {
  const db = openDatabase(url);
  const sync: Sync = {
    db,
    brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null },
    now: () => new Date().toISOString(),
  };
  const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  const times: number[] = [];
  try {
    for (let nth = 0; nth < EXPLAINED; nth += 1) {
      const email = `u${(nth * 7_919) % people}@corp.example`;
      const out = new Output({ stdout: nowhere(), stderr: nowhere(), env: {} }, true);
      const began = performance.now();
      await explain.run(
        { out, config: notAsked, sync: () => Promise.resolve(sync), configFile: '', env: {} },
        { args: [email], options: { organization: 'acme' } },
      );
      times.push(performance.now() - began);
    }
  } finally {
    await db.destroy();
  }
  const [first = 0, ...others] = times;
  others.sort((a, b) => a - b);
  const told = [first, others[Math.floor(others.length / 2)] ?? 0, others.at(-1) ?? 0, MUST.explain, AIM.explain];
  return told.map((ms) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`);
}

function notAsked(): never {
  throw new Error('explain asks for no configuration');
}

/** JSON is YAML too. */
function configuration(database: string, kind: Kind, groups: readonly string[]): string {
  return JSON.stringify({
    database: { url: database },
    organizations: [
      { id: 'acme', title: 'Acme', owner: 'owner@corp.example', defaultRole: 'annotator', domains: ['corp.example'] },
    ],
    connections: [
      {
        id: 'corp',
        kind: 'ldap',
        ...(kind === 'members' ? { organization: 'acme' } : { trustEmail: 'any' }),
        url: 'ldap://localhost',
        users: { base: `ou=people,${SUFFIX}`, filter: '(objectClass=inetOrgPerson)' },
        groups: { base: `ou=groups,${SUFFIX}`, filter: '(objectClass=groupOfNames)' },
      },
    ],
    mappings: groups.map((group) => ({ connection: 'corp', group, organization: 'acme', role: 'reviewer' })),
  });
}

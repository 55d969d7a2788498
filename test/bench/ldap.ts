// How long a whole directory takes, against the time in which paged ldapsearch prints the same attributes from the same
// server: `npm run bench -- ldap [--people N]`. Everything is measured in one run, since a machine is not twice the same.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ldapSettings } from '../../src/connection/ldap.ts';
import { groupAttributes, personAttributes } from '../../src/ldap/requested.ts';
import { serverKind } from '../../src/ldap/server-kinds.ts';
import type { Database } from '../../src/store/database.ts';
import { isPostgres, openDatabase } from '../../src/store/database.ts';
import { setup as startPostgres } from '../support/postgres.ts';
import { newPostgresDatabase } from '../support/postgres-databases.ts';
import { Slapd } from '../support/slapd.ts';
import { companyLdif, MAPPED_GROUPS, SUFFIX } from './company.ts';
import type { Ran } from './process.ts';
import { rollcall, run } from './process.ts';
import { load, machine, postgresVersion, seconds, table } from './report.ts';

const USERS = { base: `ou=people,${SUFFIX}`, filter: '(objectClass=inetOrgPerson)' };
const GROUPS = { base: `ou=groups,${SUFFIX}`, filter: '(objectClass=groupOfNames)' };

/** What section 6 of the design asks for: times ldapsearch, and megabytes. */
const MUST = { first: 8, unchanged: 4, megabytes: 600 };
const AIM = { first: 4, unchanged: 1.5, megabytes: 300 };

const BIND = { BENCH_BIND: 'secret' };

export async function benchLdap(people: number): Promise<void> {
  console.log(`${people} people, ${people / 10} groups, ${people * 3} links`);
  console.log(`load before: ${load()}`);
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const stopPostgres = await startPostgres();
  const slapd = await Slapd.start({
    suffix: SUFFIX,
    entries: companyLdif(people),
    database: ['maxsize 17179869184', 'index entryUUID eq'],
  });
  try {
    const printed = await bestOf(3, () => ldapsearch(slapd));
    const postgres = await newPostgresDatabase({ empty: true });
    const rows = [
      ['', 'time', 'times ldapsearch', 'must', 'aim', 'memory', 'must', 'aim'],
      ['ldapsearch, paged', seconds(printed), '1.0', '', '', '', '', ''],
    ];
    for (const [name, url] of [
      ['SQLite', `sqlite:${join(directory, 'bench.db')}`],
      ['Postgres', postgres.url],
    ] as const) {
      const file = join(directory, `${name}.json`);
      await writeFile(file, configuration(url, slapd), { mode: 0o600 });
      await rollcall(['apply', '--config', file], BIND);
      const first = await rollcall(['sync', 'corp', '--json', '--config', file], BIND);
      rows.push(row(`${name}, first load`, first, printed, 'first'));
      const before = await contents(url);
      const unchanged = await rollcall(['sync', 'corp', '--json', '--config', file], BIND);
      rows.push(row(`${name}, unchanged`, unchanged, printed, 'unchanged'));
      const after = await contents(url);
      const written = [...after].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name);
      console.log(`${name}: tables that the unchanged run wrote, its own apart: ${written.join(', ') || 'none'}`);
    }
    const version = await postgresVersion(postgres.url);
    await postgres.remove();
    console.log(`\n${table(rows)}\n`);
    console.log(machine(version));
    console.log(`load after: ${load()}`);
  } finally {
    await slapd.stop();
    await stopPostgres();
    await rm(directory, { recursive: true, force: true });
  }
}

function row(name: string, ran: Ran, printed: number, kind: 'first' | 'unchanged'): string[] {
  const times = (ran.ms / printed).toFixed(1);
  const megabytes = `${Math.round(ran.megabytes)} MB`;
  return [
    name,
    seconds(ran.ms),
    times,
    `${MUST[kind]}`,
    `${AIM[kind]}`,
    megabytes,
    `${MUST.megabytes}`,
    `${AIM.megabytes}`,
  ];
}

async function bestOf(times: number, measure: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time += 1) best = Math.min(best, await measure());
  return best;
}

/** Prints what a sync asks for: the same entries, the same attributes, the same pages. */
async function ldapsearch(slapd: Slapd): Promise<number> {
  const kind = serverKind('openldap');
  const settings = ldapSettings.parse(settingsOf(slapd));
  const began = performance.now();
  for (const [{ base, filter }, attributes] of [
    [GROUPS, groupAttributes(kind)],
    [USERS, personAttributes(settings, kind, false)],
  ] as const) {
    const bind = ['-x', '-LLL', '-H', slapd.url, '-D', slapd.rootDn, '-w', slapd.password];
    await run('ldapsearch', [...bind, '-E', 'pr=500/noprompt', '-b', base, filter, ...attributes]);
  }
  return performance.now() - began;
}

function settingsOf(slapd: Slapd) {
  const bind = { bindDn: slapd.rootDn, bindPassword: { env: 'BENCH_BIND' } };
  return { url: slapd.url, ...bind, users: USERS, groups: GROUPS };
}

/** JSON is YAML too. */
function configuration(database: string, slapd: Slapd): string {
  const owner = 'owner@corp.example';
  return JSON.stringify({
    database: { url: database },
    organizations: [{ id: 'acme', title: 'Acme', owner, defaultRole: 'annotator', domains: ['corp.example'] }],
    connections: [{ id: 'corp', kind: 'ldap', trustEmail: 'any', ...settingsOf(slapd) }],
    mappings: MAPPED_GROUPS.map((group) => ({ connection: 'corp', group, organization: 'acme', role: 'reviewer' })),
  });
}

/** Tables in which a run keeps account of itself. */
const OWN = ['runs', 'plans', 'leases', 'write_lock', 'read_references'];

/** Each table, and a digest of all that stands in it. */
async function contents(url: string): Promise<ReadonlyMap<string, string>> {
  const db = openDatabase(url);
  try {
    const digests = new Map<string, string>();
    for (const name of await tablesOf(db)) {
      const text = (await db(name)).map((row) => JSON.stringify(row)).sort();
      digests.set(name, createHash('sha256').update(text.join('\n')).digest('hex'));
    }
    return digests;
  } finally {
    await db.destroy();
  }
}

async function tablesOf(db: Database): Promise<string[]> {
  const rows: { name: string }[] = isPostgres(db)
    ? await db('information_schema.tables').where({ table_schema: 'public' }).select({ name: 'table_name' })
    : await db('sqlite_master').where({ type: 'table' }).select('name');
  return rows.map(({ name }) => name).filter((name) => !OWN.includes(name) && !name.startsWith('sqlite_'));
}

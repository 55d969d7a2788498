// Walks the checked-in table of steps (steps.md) through the real command line, on one database or the other, from
// exports or from a live slapd, and asks after each step whether planning everybody anew gives nothing (law 13).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliResult } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import { Directory } from '../support/directory.ts';
import { LiveDirectory } from '../support/live-directory.ts';
import type { DatabaseKind, TestDatabase } from '../support/store.ts';
import { newDatabase } from '../support/store.ts';
import { line, standingOf } from './standing.ts';

const directory = new Directory();
const settings = { authority: 'shared', seats: '', labellers: true, connection: true };
let folder = '';
let database: TestDatabase;
/** Where the directory is read live; null where it is exported. */
let live: LiveDirectory | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-steps-'));
  for (const key of ['olga', 'anna', 'ben', 'cora', 'dora']) directory.person(key);
  directory.group('team', ['cora']);
  directory.group('leads', ['anna']);
  directory.group('labellers', ['ben', 'dora', 'team']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeConfig(): void {
  const dn = (group: string): string => `"cn=${group},ou=groups,dc=corp,dc=example"`;
  const mappings = [
    `  - { connection: corp, group: ${dn('leads')}, organization: acme, role: manager }`,
    ...(settings.labellers
      ? [`  - { connection: corp, group: ${dn('labellers')}, organization: acme, role: annotator }`]
      : []),
  ];
  const connection = `connections:
  - id: corp
    kind: ldap
    trustEmail: any
    url: ${live?.slapd.url ?? 'ldap://127.0.0.1'}${
      live === null
        ? ''
        : `
    bindDn: "${live.slapd.rootDn}"
    bindPassword: { env: STEPS_PASSWORD }`
    }
    users: { base: "ou=people,dc=corp,dc=example", filter: "(objectClass=inetOrgPerson)", disabled: { attribute: employeeType, values: [left] } }
    groups: { base: "ou=groups,dc=corp,dc=example", filter: "(objectClass=groupOfNames)", nested: true }
mappings:
${mappings.join('\n')}`;
  writeFileSync(
    join(folder, 'rollcall.yaml'),
    `database: { url: { env: STEPS_DATABASE } }
organizations:
  - { id: acme, title: Acme, owner: olga@corp.example, roleAuthority: ${settings.authority}${settings.seats} }
${settings.connection ? connection : ''}
`,
  );
}

async function rollcall(...args: string[]): Promise<CliResult> {
  return runCli([...args, '--config', 'rollcall.yaml', '--json'], {
    cwd: folder,
    env: { STEPS_DATABASE: database.url, STEPS_PASSWORD: live?.slapd.password },
  });
}

async function sync(): Promise<CliResult> {
  if (live !== null) {
    await live.follow(directory);
    return rollcall('sync', 'corp');
  }
  writeFileSync(join(folder, 'export.ldif'), directory.ldif());
  return rollcall('sync', 'corp', '--ldif', 'export.ldif');
}

async function apply(): Promise<CliResult> {
  writeConfig();
  return rollcall('apply');
}

const person = (key: string) => directory.people.get(key)!;
const group = (key: string) => directory.groups.get(key)!;

/** What each step does, by its name in the table. */
const STEPS: Record<string, () => Promise<CliResult>> = {
  'first sync': async () => {
    expect((await apply()).code).toBe(0);
    return sync();
  },
  'same again': sync,
  'ben moves to another OU': () => {
    person('ben').ou = 'branch';
    return sync();
  },
  'anna is renamed': () => {
    Object.assign(person('anna'), { uid: 'hanna', mail: 'hanna@corp.example' });
    return sync();
  },
  'dora is disabled': () => {
    person('dora').left = true;
    return sync();
  },
  'dora is enabled': () => {
    person('dora').left = false;
    return sync();
  },
  'ben is deleted': () => {
    directory.people.delete('ben');
    group('labellers').members = ['dora', 'team'];
    return sync();
  },
  "ben's mail is back with a new id": () => {
    directory.person('ben2', 'ben@corp.example');
    group('labellers').members = ['ben2', 'dora', 'team'];
    return sync();
  },
  'labellers is emptied': () => {
    group('labellers').members = [];
    group('leads').members = ['anna', 'olga'];
    return sync();
  },
  'labellers is filled': () => {
    group('labellers').members = ['ben2', 'dora', 'team'];
    group('leads').members = ['anna'];
    return sync();
  },
  'leads is renamed': () => {
    group('leads').cn = 'managers';
    return sync();
  },
  'leads has its name back': () => {
    group('leads').cn = 'leads';
    return sync();
  },
  'labellers is deleted and made again': () => {
    const { members } = group('labellers');
    directory.groups.delete('labellers');
    directory.group('labellers', members);
    return sync();
  },
  'team and labellers stand in each other': () => {
    group('team').members = ['cora', 'labellers', 'team'];
    return sync();
  },
  'the cycle is broken': () => {
    group('team').members = ['cora'];
    return sync();
  },
  'the mapping of labellers is removed': () => {
    settings.labellers = false;
    return apply();
  },
  'the mapping of labellers is back': () => {
    settings.labellers = true;
    return apply();
  },
  'role authority is directory': () => {
    settings.authority = 'directory';
    return apply();
  },
  'role authority is shared': () => {
    settings.authority = 'shared';
    return apply();
  },
  'four seats, and emil comes': async () => {
    settings.seats = ', seats: 4';
    expect((await apply()).code).toBe(0);
    directory.person('emil');
    group('labellers').members.push('emil');
    return sync();
  },
  'the connection is observed': () => rollcall('connections', 'observe', 'corp'),
  'the connection is active': () => rollcall('connections', 'activate', 'corp'),
  'the connection is paused': () => rollcall('connections', 'pause', 'corp'),
  'a paused connection is not read': sync,
  'the connection is closed': () => {
    settings.connection = false;
    return apply();
  },
};

interface Row {
  readonly step: string;
  readonly exit: number;
  readonly writes: number;
  readonly members: string;
  readonly holds: string;
}

function readTable(): Row[] {
  const lines = readFileSync(new URL('steps.md', import.meta.url), 'utf8').split('\n');
  return lines
    .filter(
      (line) =>
        line.startsWith('| ') && !line.startsWith('| step') && !line.startsWith('| ---') && !line.startsWith('|---'),
    )
    .map((line) => {
      const [, step = '', exit, writes, members = '', holds = ''] = line.split('|').map((cell) => cell.trim());
      return { step, exit: Number(exit), writes: Number(writes), members, holds };
    });
}

export function walkSteps(kind: DatabaseKind, from: 'exports' | 'slapd'): void {
  let written = 0;
  beforeAll(async () => {
    database = await newDatabase(kind, { empty: true });
    if (from === 'slapd') live = await LiveDirectory.start();
  });
  afterAll(async () => {
    await live?.slapd.stop();
    await database.remove();
  });

  test.each(readTable())('$step', async ({ step, exit, writes, members, holds }) => {
    const act = STEPS[step];
    if (act === undefined) throw new Error(`the table names a step that the test does not know: ${step}`);
    const { code, stderr } = await act();
    expect(code, stderr).toBe(exit);
    const now = await standingOf(database.url, 'acme');
    expect(now.members).toBe(members);
    expect(now.holds).toBe(holds);
    expect(now.written - written, 'history rows written').toBe(writes);
    written = now.written;
    expect(now.differences).toEqual([]);
  });

  test('the commands say the same of the end', async () => {
    const [check, held] = [await rollcall('recompute', '--check'), await rollcall('holds')];
    const list = await rollcall('members', '--organization', 'acme');
    expect([check.code, held.code, list.code]).toEqual([0, 0, 0]);
    const rows = (list.json() as { members: { email: string; role: string; status: string }[] }).members;
    expect(rows.map(line).join(', ')).toBe(readTable().at(-1)?.members);
    expect(check.json()).toMatchObject({ ok: true, differences: [] });
    const stored = (held.json() as { holds: { state: string; brake: string }[] }).holds;
    expect(stored.map(({ state, brake }) => `${state} ${brake}`).join(', ')).toBe(readTable().at(-1)?.holds);
  });
}

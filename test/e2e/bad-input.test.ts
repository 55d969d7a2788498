// Bad input through the real command line: one clear line that says where and what to do, the exit code of the
// contract, and nothing changed.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { runCli } from '../support/cli.ts';
import { Directory } from '../support/directory.ts';

let folder = '';
const directory = new Directory();

const GOOD = `database: { url: "sqlite:./rollcall.db" }
organizations:
  - { id: acme, title: Acme, owner: olga@corp.example }
connections:
  - id: corp
    kind: ldap
    trustEmail: any
    url: ldap://127.0.0.1
    users: { base: "ou=people,dc=corp,dc=example", filter: "(objectClass=inetOrgPerson)" }
    groups: { base: "ou=groups,dc=corp,dc=example", filter: "(objectClass=groupOfNames)", nested: true }
mappings:
  - { connection: corp, group: "cn=leads,ou=groups,dc=corp,dc=example", organization: acme, role: manager }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-bad-'));
  for (const key of ['olga', 'anna', 'ben']) directory.person(key);
  directory.group('leads', ['anna']);
  file('good.yaml', GOOD);
  file('good.ldif', directory.ldif());
  expect((await rollcall('good.yaml', 'apply')).code).toBe(0);
  expect((await rollcall('good.yaml', 'sync', 'corp', '--ldif', 'good.ldif')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o600);
}

async function rollcall(config: string, ...args: string[]) {
  return runCli([...args, '--config', config], { cwd: folder });
}

/** Everything that a person could lose or gain. */
async function stored(): Promise<string> {
  const db = openDatabase(`sqlite:${join(folder, 'rollcall.db')}`);
  const tables = ['memberships', 'changes', 'external_people', 'links', 'mappings', 'organizations', 'staged_people'];
  const rows = await Promise.all(tables.map(async (table) => JSON.stringify(await db(table).select())));
  await db.destroy();
  return rows.join('\n');
}

interface Case {
  readonly name: string;
  readonly config?: (good: string) => string;
  readonly ldif?: (good: string) => string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const SYNC = ['sync', 'corp', '--ldif', 'bad.ldif'];
const CASES: Case[] = [
  {
    name: 'a wrong key',
    config: (good) => good.replace('title:', 'tilte:'),
    args: ['apply'],
    code: 2,
    says: /tilte.*title/s,
  },
  {
    name: 'a mapping to an organization that is not there',
    config: (good) => good.replace('organization: acme, role', 'organization: acne, role'),
    args: ['apply'],
    code: 2,
    says: /acne.*acme/s,
  },
  {
    name: 'a role owner in a mapping',
    config: (good) => good.replace('role: manager', 'role: owner'),
    args: ['apply'],
    code: 2,
    says: /owner/i,
  },
  {
    name: 'two owners',
    config: (good) => good.replace('owner: olga@corp.example', 'owner: [olga@corp.example, anna@corp.example]'),
    args: ['apply'],
    code: 2,
    says: /exactly one|one Owner/i,
  },
  {
    name: 'a filter with a missing parenthesis',
    config: (good) => good.replace('"(objectClass=inetOrgPerson)"', '"(objectClass=inetOrgPerson"'),
    args: ['check'],
    code: 2,
    says: /filter.*\)|parenthes/is,
  },
  { name: 'an unreadable configuration', args: ['apply', '--config', 'nowhere.yaml'], code: 2, says: /nowhere\.yaml/ },
  { name: 'an unreadable export', args: ['sync', 'corp', '--ldif', 'nowhere.ldif'], code: 2, says: /nowhere\.ldif/ },
  { name: 'an unknown connection', args: ['sync', 'corps', '--ldif', 'good.ldif'], code: 2, says: /corps.*corp/s },
  { name: 'an unknown organization', args: ['members', '--organization', 'nobody'], code: 2, says: /nobody/ },
  { name: 'an unknown command', args: ['synk'], code: 2, says: /synk.*sync/s },
  {
    name: 'a broken LDIF record',
    ldif: (good) => good.replace('uid: anna\n', 'uid anna\n'),
    args: SYNC,
    code: 2,
    says: /bad\.ldif.*\d/s,
  },
  {
    name: 'a base that is not in the export',
    config: (good) => good.replace('ou=people,', 'ou=staff,'),
    args: SYNC,
    code: 2,
    says: /ou=staff/,
  },
  {
    name: 'a hold that is not there',
    args: ['holds', 'approve', 'nothing'],
    code: 2,
    says: /nothing.*rollcall holds/s,
  },
  {
    name: 'a vacancy that is not there',
    args: ['vacancies', 'assign', 'acme', '--to', 'anna@corp.example', '--reason', 'why not'],
    code: 2,
    says: /Owner/,
  },
  {
    name: 'an assignment without a reason',
    args: ['vacancies', 'assign', 'acme', '--to', 'anna@corp.example'],
    code: 2,
    says: /reason/,
  },
];

describe('bad input changes nothing and says what to do', () => {
  test.each(CASES)('$name', async ({ config, ldif, args, code, says }) => {
    const before = await stored();
    file('bad.yaml', config?.(GOOD) ?? GOOD);
    file('bad.ldif', ldif?.(directory.ldif()) ?? directory.ldif());
    const result = await runCli(args.includes('--config') ? args : [...args, '--config', 'bad.yaml'], { cwd: folder });
    expect(result.stderr).toMatch(says);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(await stored()).toBe(before);
  });

  test('a mistyped file is told to whoever typed it, and mailed to no Administrator', async () => {
    const told = async (): Promise<unknown[]> => {
      const db = openDatabase(`sqlite:${join(folder, 'rollcall.db')}`);
      const events: unknown[] = await db('events').where({ type: 'run.failed' }).whereLike('data', '%nowhere%');
      await db.destroy();
      return events;
    };
    file('good.yaml', GOOD);
    expect((await rollcall('good.yaml', 'sync', 'corp', '--ldif', 'nowhere.ldif')).code).toBe(2);
    expect(await told()).toEqual([]);
  });

  test('a preview says how many would be joined to no account, and why', async () => {
    const text = GOOD.replace('trustEmail: any', 'trustEmail: verified').replace('rollcall.db', 'fresh.db');
    file('fresh.yaml', text);
    file('fresh.ldif', directory.ldif());
    expect((await rollcall('fresh.yaml', 'apply')).code).toBe(0);
    const { stderr } = await rollcall('fresh.yaml', 'sync', 'corp', '--ldif', 'fresh.ldif', '--plan');
    expect(stderr).toContain('1 person would be joined to no account (address_not_verified)');
    await rollcall('fresh.yaml', 'sync', 'corp', '--ldif', 'fresh.ldif');
    const { stdout } = await rollcall('fresh.yaml', 'conflicts');
    expect(stdout).toContain('address_not_verified: the connection may not speak for the address: verify its domain');
  });

  test('a mapping to a group that no group has is named with the nearest, and the rest goes on', async () => {
    file('near.yaml', GOOD.replace('cn=leads', 'cn=leds'));
    file('near.ldif', directory.ldif());
    const result = await rollcall('near.yaml', 'apply', '--plan', '--json');
    expect((result.json() as { warnings: string[] }).warnings.join()).toMatch(/cn=leds.*nearest is cn=leads/);
    expect(result.code).toBe(0);
  });

  test('a password in clear text in a file that others can read is warned of', async () => {
    file('open.yaml', GOOD.replace('    url:', '    bindDn: "cn=reader"\n    bindPassword: secret-word\n    url:'));
    chmodSync(join(folder, 'open.yaml'), 0o644);
    const result = await rollcall('open.yaml', 'check');
    expect(result.stderr).toMatch(/chmod 600/);
    expect(result.stderr).not.toContain('secret-word');
    expect(result.code).toBe(0);
  });

  test('a directory that reads empty removes nobody and exits 4', async () => {
    file('good.yaml', GOOD);
    const lines = new Directory();
    file('empty.ldif', lines.ldif());
    const result = await rollcall('good.yaml', 'sync', 'corp', '--ldif', 'empty.ldif', '--json');
    expect(result.code).toBe(4);
    const { counts, reason } = result.json() as { counts: { removed: number; held: number }; reason: string };
    expect(counts).toMatchObject({ removed: 0, held: 0 });
    expect(reason).toMatch(/no people were read/);
  });
});

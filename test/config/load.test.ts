import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { RollcallError } from '../../src/errors.ts';
import { check, faultsOf, newConfigFile, newFolder } from './file.ts';

const LDAP = `connections:
  - id: corp
    kind: ldap
    url: ldaps://ldap.corp.example
    users: { base: "ou=people,dc=corp", filter: "(uid=*)" }
    groups: { base: "ou=groups,dc=corp", filter: "(cn=*)" }
`;

function load(text: string, env: Record<string, string> = {}): Config {
  return loadConfig({ file: newConfigFile(text), env });
}

function thrownBy(work: () => unknown): RollcallError {
  try {
    work();
  } catch (error) {
    if (error instanceof RollcallError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a configuration', () => {
  test('that states nothing has every default', () => {
    const { file, ...config } = load('{}');
    expect(config).toEqual({
      server: { host: '127.0.0.1', port: 8080, publicUrl: 'http://localhost:8080', trustProxy: [], drainMs: null },
      database: { url: `sqlite:${join(dirname(file), 'data/rollcall.db')}` },
      mail: null,
      signup: 'open',
      operators: [],
      brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null },
      limits: { scimRequestsPerSecond: 500 },
      organizations: [],
      connections: [],
      mappings: [],
      escalation: [],
      warnings: [],
    });
    expect(load('')).toMatchObject({ signup: 'open' });
  });

  test('gives organizations, connections and mappings their defaults', () => {
    const config = load(`
organizations: [{ id: acme, owner: olga@acme.example, domains: [Acme.Example, acme.example], projects: [{ id: p1 }] }]
connections:
  - { id: a-scim, kind: scim, organization: acme }
  - { id: a-saml, kind: saml, organization: acme, idpMetadata: { xml: <x/> } }
mappings:
  - { connection: a-scim, group: Team, organization: acme, project: p1 }
  - { connection: a-scim, groupId: Team, organization: acme, role: manager, workspace: Desk }
`);
    expect(config.organizations[0]).toEqual({
      id: 'acme',
      title: 'olga@acme.example',
      owner: 'olga@acme.example',
      roleAuthority: 'shared',
      defaultRole: 'not_activated',
      seats: null,
      domains: ['acme.example'],
      successor: null,
      projects: [{ id: 'p1', title: 'p1', workspace: null }],
    });
    expect(config.connections[0]).toEqual({
      id: 'a-scim',
      kind: 'scim',
      organization: 'acme',
      state: null,
      lifecycle: true,
      trustEmail: 'verified',
      settings: { token: null },
    });
    expect(config.connections[1]).toMatchObject({ lifecycle: false, settings: { groupsWhenMissing: 'unknown' } });
    expect(config.mappings).toEqual([
      {
        connection: 'a-scim',
        groupBy: 'name',
        group: 'Team',
        groupKey: 'Team',
        organization: 'acme',
        role: null,
        workspace: null,
        project: 'p1',
        projectRole: 'inherit',
      },
      {
        connection: 'a-scim',
        groupBy: 'id',
        group: 'Team',
        groupKey: 'Team',
        organization: 'acme',
        role: 'manager',
        workspace: 'Desk',
        project: null,
        projectRole: null,
      },
    ]);
  });

  test('compares an LDAP group as a DN, and an id that is a UUID as one', () => {
    const config = load(`${LDAP}organizations: [{ id: acme, owner: o@acme.example }]
mappings:
  - { connection: corp, group: "CN=Leads, OU=Groups, DC=corp", organization: acme, role: manager }
  - { connection: corp, groupId: "{7A1B2C3D-0000-4000-8000-00000000ABCD}", organization: acme, role: manager }
`);
    expect(config.mappings.map(({ groupKey }) => groupKey)).toEqual([
      'cn=leads,ou=groups,dc=corp',
      '7a1b2c3d-0000-4000-8000-00000000abcd',
    ]);
  });

  test('is frozen to its depth', () => {
    const config = load(`${LDAP}organizations: [{ id: acme, owner: o@acme.example, domains: [acme.example] }]`);
    const parts = [config, config.brake, config.organizations, config.organizations[0]?.domains];
    const settings = config.connections[0]?.settings;
    expect([...parts, settings, config.warnings].every(Object.isFrozen)).toBe(true);
  });

  test('takes paths from where the file stands, not from where the program was started', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'token'), 'a-token\n');
    const file = join(folder, 'rollcall.yaml');
    writeFileSync(
      file,
      'database: { url: "sqlite:../x.db" }\nconnections: [{ id: s, kind: scim, token: { file: token } }]',
    );
    chmodSync(file, 0o600);
    const config = loadConfig({ file, env: {} });
    expect(config.database.url).toBe(`sqlite:${join(dirname(folder), 'x.db')}`);
    expect(config.connections[0]?.settings).toEqual({ token: { kind: 'file', path: join(folder, 'token') } });
  });

  test('reads the database from the environment, and never repeats an address that it cannot read', () => {
    const text = 'database: { url: { env: DB } }';
    expect(load(text, { DB: 'postgres://user@host/db' }).database.url).toBe('postgres://user@host/db');
    expect(faultsOf(text)).toEqual([
      '1 database.url: cannot be had: environment variable DB is not set: set it to the secret',
    ]);
    const wrong = thrownBy(() => load(text, { DB: 'mysql://u:s3cr3t@host/db' }));
    expect(JSON.stringify(wrong.faults)).toContain('must begin with sqlite: or postgres://');
    expect(JSON.stringify(wrong.faults)).not.toContain('s3cr3t');
    expect(faultsOf('database: { url: "sqlite::memory:" }')[0]).toContain('lost when the process ends');
  });

  test('tells all faults at once, in the order of the file, each with its place and line', () => {
    const faults = faultsOf(`server: { prot: 8080 }
signup: opened
brake:
  share: 20
  window: 1 week
organizations:
  - id: acme
    owner: [olga@acme.example, otto@acme.example]
    domains: ["@acme.example"]
  - id: "b/c"
    owner: nobody
connections:
  - { id: s, kind: scim, organization: acmee, token: 12 }
  - id: x
    kind: ladp
mappings:
  - { connection: s, group: Team, organization: acme }
  - { connection: t, group: Team, organization: acme, role: owner, wrokspace: Desk }
escalation:
  - { channel: email, to: nobody }
`);
    expect(faults.map((fault) => fault.replace(/:.*/s, ''))).toEqual([
      '1 server.prot',
      '2 signup',
      '4 brake.share',
      '5 brake.window',
      '8 organizations[0].owner',
      '9 organizations[0].domains[0]',
      '10 organizations[1].id',
      '11 organizations[1].owner',
      '13 connections[0].token',
      '13 connections[0].organization',
      '15 connections[1].kind',
      '17 mappings[0]',
      '18 mappings[1].role',
      '18 mappings[1].wrokspace',
      '18 mappings[1].connection',
      '20 escalation[0].smtp',
      '20 escalation[0].to',
    ]);
  });

  test('with faults throws them all', () => {
    const error = thrownBy(() => load('signup: opened\nserver: { port: 70000 }'));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toMatch(/rollcall\.yaml has 2 faults$/);
    expect(error.faults).toEqual([
      { at: 'signup', line: 1, message: 'must be one of open, invitation-only. Did you mean open?' },
      { at: 'server.port', line: 2, message: 'must be at most 65535' },
    ]);
  });

  test('says what is meant in words, not in those of a type checker', () => {
    expect(
      faultsOf(`organizations:
operators: ops@vendor.example
signup: true
server: { host: 7, port: "8080" }
`),
    ).toEqual([
      '1 organizations: must be a list, not empty: write [] for none',
      '2 operators: must be a list, not text',
      '3 signup: must be one of open, invitation-only',
      '4 server.host: must be text, not a number: put it in quotes',
      '4 server.port: must be a number, not text',
    ]);
  });

  test('believes proxies by their addresses only: everybody, or a number of hops, would let anybody claim any address', () => {
    const proxies = (written: string): string => `server: { trustProxy: ${written} }`;
    const good = ['127.0.0.1', '10.1.0.0/16', '::1', 'fd00::/8'];
    expect(load(proxies(`["${good.join('", "')}"]`)).server.trustProxy).toEqual(good);
    for (const everybody of ['true', '1', '"*"', '127.0.0.1']) {
      expect(faultsOf(proxies(everybody))).toEqual([
        expect.stringContaining('1 server.trustProxy: must be a list of the addresses or networks of your own proxies'),
      ]);
    }
    for (const wrong of ['0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', '10.0.0', '', '10.0.0.0/8/8']) {
      expect(faultsOf(proxies(`["${wrong}"]`))).toEqual([
        '1 server.trustProxy[0]: must be an address such as 10.0.0.7, or a network such as 10.0.0.0/8',
      ]);
    }
  });

  test.each([
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['90s', 90_000],
  ])('reads the duration %s', (text, ms) => {
    expect(load(`brake: { window: ${text}, deadline: ${text} }`).brake).toMatchObject({ windowMs: ms, deadlineMs: ms });
  });

  test.each(['0h', '24', '-1h', '1w', '1.5h', '9999999d', '[1h]'])('refuses the duration %s', (text) => {
    expect(faultsOf(`brake: { window: ${text}, deadline: ${text} }`)).toHaveLength(2);
  });
});

describe('a file that cannot be read', () => {
  test('says how to name another one', () => {
    const error = thrownBy(() => loadConfig({ file: join(newFolder(), 'none.yaml'), env: {} }));
    expect(error.code).toBe('config_unreadable');
    expect(error.message).toMatch(/none\.yaml: there is no such file\. Name another one with --config FILE/);
  });

  test.each([
    ['a: [1', 1],
    ['signup: open\nsignup: open', 2],
    ['server:\n\thost: x', 2],
    ['signup: !env X', 1],
    ['a: 1\n---\nb: 2', 2],
  ])('as YAML names the line: %j', (text, line) => {
    const error = thrownBy(() => check(text));
    expect(error.code).toBe('config_unreadable');
    expect(error.faults.map((fault) => fault.line)).toContain(line);
  });

  test('is not UTF-8, or is a folder', () => {
    const file = newConfigFile('');
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    expect(thrownBy(() => loadConfig({ file, env: {} })).message).toContain('not UTF-8');
    expect(thrownBy(() => loadConfig({ file: dirname(file), env: {} })).message).toContain('is a directory');
  });

  test('is no set of keys', () => {
    expect(faultsOf('[1]')[0]).toMatch(/rollcall\.yaml: must be a set of keys, not a list/);
  });
});

// What a server or the way to it can do, through the real command line: one clear line that names the step and what to
// do, the exit code of the contract, and nothing taken away. (test/ldap has the many ways of a server to misbehave.)
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { Authority } from '../support/certificates.ts';
import { ScriptedLdap } from '../support/scripted-ldap.ts';
import { Slapd } from '../support/slapd.ts';
import type { ConnectionLines, Corp } from './corp.ts';
import { foundCorp } from './corp.ts';

const DAY = 86_400_000;
const HERE = ['localhost', '127.0.0.1'];

let corp: Corp;
const started: { readonly stop: () => Promise<void> }[] = [];
const authority = new Authority();
const urls = {
  unknown: '',
  elsewhere: '',
  expired: '',
  hangs: '',
  lies: '',
  dies: '',
  empty: '',
  refuses: '',
  smallPages: '',
  halfOnly: '',
  gone: '',
};

beforeAll(async () => {
  corp = await foundCorp('sqlite');
  corp.write('good.yaml');
  expect((await corp.rollcall('good.yaml', 'apply')).code).toBe(0);
  expect((await corp.rollcall('good.yaml', 'sync', 'corp')).code).toBe(0);
  const expired = { validFrom: new Date(Date.now() - 30 * DAY), validTo: new Date(Date.now() - DAY) };
  const certificates = {
    unknown: new Authority('Another Authority').issue({ names: HERE }),
    elsewhere: authority.issue({ names: ['ldap.other.example'] }),
    expired: authority.issue({ names: HERE, ...expired }),
  };
  for (const [name, tls] of Object.entries(certificates)) {
    const slapd = await Slapd.start({ suffix: 'dc=corp,dc=example', tls });
    started.push(slapd);
    Object.assign(urls, { [name]: slapd.secureUrl });
  }
  // The same directory, with the same ids, behind the limits that a careful administrator sets.
  const entries = (await corp.live.slapd.search('(objectClass=*)', ['-LLL'])).toString();
  const limits = { smallPages: 'limits * size.pr=5', halfOnly: 'limits * size.prtotal=4' };
  for (const [name, line] of Object.entries(limits)) {
    const slapd = await Slapd.start({ suffix: 'dc=corp,dc=example', database: [line], entries });
    started.push(slapd);
    Object.assign(urls, { [name]: slapd.url });
  }
  const scripts = {
    hangs: await ScriptedLdap.start({ search: () => undefined }),
    // Whoever believes the end of it takes half a directory for the whole.
    lies: await ScriptedLdap.start({ search: (_, reply) => reply.entry('cn=x', {}).done(0, { cookie: 'again' }) }),
    dies: await ScriptedLdap.start({ search: (_, reply) => reply.entry('cn=x', {}).reset() }),
    empty: await ScriptedLdap.start({ search: (_, reply) => reply.done() }),
    refuses: await ScriptedLdap.start({ search: (_, reply) => reply.done(18, { text: 'no such rule' }) }),
    gone: await ScriptedLdap.start({ search: () => undefined }),
  };
  for (const [name, script] of Object.entries(scripts)) Object.assign(urls, { [name]: script.url });
  await scripts.gone.stop();
  started.push(...[scripts.hangs, scripts.lies, scripts.dies, scripts.empty, scripts.refuses]);
});
afterAll(async () => {
  for (const each of started) await each.stop();
  await corp.remove();
});

/** Everything that a person could lose. */
async function stored(): Promise<string> {
  const db = openDatabase(corp.databaseUrl);
  const tables = ['memberships', 'changes', 'external_people', 'external_groups', 'links', 'organizations'];
  const rows = await Promise.all(tables.map(async (table) => JSON.stringify(await db(table).select())));
  await db.destroy();
  return rows.join('\n');
}

interface Case {
  readonly name: string;
  readonly connection: () => ConnectionLines;
  readonly code: number;
  readonly says: RegExp;
}

const inTls = (url: string): ConnectionLines => ({
  url,
  more: [`tls: { ca: ${JSON.stringify(authority.certificate)} }`],
});

const CASES: Case[] = [
  {
    name: 'an authority that nobody knows',
    connection: () => inTls(urls.unknown),
    code: 4,
    says: /tls: ldaps:.*tls\.ca/,
  },
  {
    name: 'a certificate of another host',
    connection: () => inTls(urls.elsewhere),
    code: 4,
    says: /tls: ldaps:.*ldap\.other\.example/,
  },
  {
    name: 'an expired certificate',
    connection: () => inTls(urls.expired),
    code: 4,
    says: /tls: ldaps:.*expired/,
  },
  {
    name: 'a refused bind',
    connection: () => ({ password: '"not-the-one"' }),
    code: 4,
    says: /bind: .*invalid credentials \(49\): check bindDn and bindPassword/,
  },
  {
    name: 'an empty password',
    connection: () => ({ password: '{ env: CORP_EMPTY }' }),
    code: 2,
    says: /bindPassword.*CORP_EMPTY/,
  },
  {
    name: 'a base that does not exist',
    connection: () => ({ peopleBase: 'ou=staff,dc=corp,dc=example' }),
    code: 4,
    says: /base: users\.base "ou=staff,dc=corp,dc=example".*nearest above it is "dc=corp,dc=example": no such object \(32\)/,
  },
  {
    name: 'a filter that the server refuses',
    connection: () => ({ url: urls.refuses }),
    code: 4,
    says: /groups: .*"no such rule".*people: .*filter/,
  },
  {
    name: 'a limit on all that may be read',
    connection: () => ({ url: urls.halfOnly, anonymous: true }),
    code: 4,
    says: /people: .*\((?:4|11)[,)].*raise/,
  },
  {
    name: 'a server that hangs',
    connection: () => ({ url: urls.hangs, more: ['timeouts: { page: 1 }'] }),
    code: 4,
    says: /groups: .*no answer within 1 seconds \(timeouts\.page\)/,
  },
  {
    name: 'a server that gives the same page for ever',
    connection: () => ({ url: urls.lies }),
    code: 4,
    says: /groups: ldap:.*page/,
  },
  {
    name: 'a server that dies in the middle',
    connection: () => ({ url: urls.dies }),
    code: 4,
    says: /groups: .*broke off/,
  },
  {
    name: 'a server that says there is nobody',
    connection: () => ({ url: urls.empty }),
    code: 4,
    says: /no people were read/,
  },
  {
    name: 'a server that is not there',
    connection: () => ({ url: urls.gone }),
    code: 4,
    says: /connect: ldap:.*is the server running/,
  },
];

describe('a run takes nothing away, and says in one line what to do, with', () => {
  test.each(CASES)('$name', async ({ connection, code, says }) => {
    const before = await stored();
    corp.write('bad.yaml', connection());
    const result = await corp.rollcall('bad.yaml', 'sync', 'corp');
    const lines = [...result.stdout.split('\n'), ...result.stderr.split('\n')];
    expect(
      lines.filter((line) => says.test(line)),
      result.stdout + result.stderr,
    ).toHaveLength(1);
    expect(result.code).toBe(code);
    expect(result.stdout + result.stderr).not.toMatch(/not-the-one/);
    expect(await stored()).toBe(before);
  });
});

test('a page size above the server’s own is stepped under, and everybody is read', async () => {
  const before = await stored();
  corp.write('small.yaml', { url: urls.smallPages, anonymous: true });
  const result = await corp.rollcall('small.yaml', 'sync', 'corp', '--json');
  expect(result.code, result.stderr).toBe(0);
  expect(result.json()).toMatchObject({ complete: true, reason: null, read: { people: 6, groups: 2 } });
  expect(await stored()).toBe(before);
});

test('a password over plain LDAP to another host is refused before anything is opened', async () => {
  corp.write('plain.yaml', { url: 'ldap://ldap.corp.example' });
  const checked = await corp.rollcall('plain.yaml', 'check');
  expect(checked.code).toBe(2);
  expect(checked.stderr).toMatch(/ldap:\/\/ldap\.corp\.example.*(ldaps:\/\/|startTls|insecurePlainLdap)/s);
  expect((await corp.rollcall('plain.yaml', 'sync', 'corp')).code).toBe(2);
});

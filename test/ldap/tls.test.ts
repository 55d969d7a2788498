// Against a real slapd with TLS: what cannot be proved about the server stops the connection before a password is sent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from '../support/certificates.ts';
import { type Script, ScriptedLdap } from '../support/scripted-ldap.ts';
import { Slapd } from '../support/slapd.ts';
import { person, ROOTS } from './exported.ts';
import { liveReading, readLive } from './live.ts';

const authority = new Authority();
const other = new Authority('Another Authority');
const DAY = 86_400_000;

const servers = new Map<string, Slapd>();
const server = (name: string) => servers.get(name) ?? expect.fail(`no server ${name}`);

beforeAll(async () => {
  const certificates = {
    good: authority.issue({ names: ['localhost', '127.0.0.1'] }),
    unknown: other.issue({ names: ['localhost', '127.0.0.1'] }),
    elsewhere: authority.issue({ names: ['ldap.other.example'] }),
    expired: authority.issue({
      names: ['localhost', '127.0.0.1'],
      validFrom: new Date(Date.now() - 30 * DAY),
      validTo: new Date(Date.now() - DAY),
    }),
  };
  for (const [name, tls] of Object.entries(certificates)) {
    servers.set(name, await Slapd.start({ suffix: 'dc=corp', tls, entries: ROOTS + person('ann', { entryCSN: [] }) }));
  }
});
afterAll(async () => {
  for (const each of servers.values()) await each.stop();
});

const BOUND = { bindDn: 'cn=root,dc=corp', bindPassword: 'secret', tls: { ca: authority.certificate } };

describe('TLS', () => {
  it('from the start, by name and by address, with an authority of the own', async () => {
    const { secureUrl } = server('good');
    for (const url of [secureUrl, server('good').named('localhost').secureUrl]) {
      const read = await readLive(url, BOUND);
      expect(read.outcome).toMatchObject({ complete: true, reason: null });
      expect(read.people).toHaveLength(1);
      expect(read.steps).toContainEqual(
        expect.stringMatching(/^tls: TLSv1\.[23], certificate of localhost, valid until \w/),
      );
    }
  });

  it('after StartTLS, on every connection again', async () => {
    const read = await readLive(server('good').url, { ...BOUND, startTls: true });
    expect(read.outcome).toMatchObject({ complete: true, reason: null });
    expect(read.steps.map((step) => step.replace(/:.*/, ''))).toEqual([
      'connect',
      'tls',
      'bind',
      'base',
      'base',
      'groups',
      'people',
    ]);
    const known = read.people.map(({ externalId }) => externalId);
    expect(await read.reading.lookUp?.('person', known)).toEqual(new Set(known));
  });

  it.each([
    ['an authority that nobody knows', 'unknown', /^tls: .*authority that is not trusted.*tls.ca/],
    ['the name of another host', 'elsewhere', /^tls: .*for another host.*ldap.other.example/],
    ['a date that is over', 'expired', /^tls: .*has expired/],
  ])('with %s ends there', async (_, name, reason) => {
    const { url, secureUrl } = server(name).named('localhost');
    for (const read of [await readLive(secureUrl, BOUND), await readLive(url, { ...BOUND, startTls: true })]) {
      expect(read.outcome).toMatchObject({ complete: false, reason: expect.stringMatching(reason) });
      expect(read.people).toEqual([]);
      expect(read.steps.filter((step) => step.startsWith('bind'))).toEqual([]);
    }
  });

  it('without the authority that the system does not know ends there', async () => {
    const { outcome } = await readLive(server('good').secureUrl, { ...BOUND, tls: {} });
    expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/authority that is not trusted/) });
  });

  it('where the port does not speak it, and the reverse, says so', async () => {
    const { url, secureUrl } = server('good');
    const spoken = await readLive(url.replace('ldap:', 'ldaps:'), { ...BOUND, timeouts: { connect: 2 } });
    expect(spoken.outcome.reason).toMatch(/^tls: /);
    const plain = await readLive(secureUrl.replace('ldaps:', 'ldap:'), { ...BOUND, timeouts: { connect: 2 } });
    expect(plain.outcome.reason).toMatch(/^bind: /);
  });

  it('with one bad server goes on to the next', async () => {
    const read = await readLive([server('expired').secureUrl, server('good').secureUrl], BOUND);
    expect(read.outcome).toMatchObject({
      complete: true,
      warnings: [expect.stringMatching(/has expired.*was read instead/)],
    });
  });

  it.each<[string, RegExp, Script['extended']]>([
    ['refuses', /^tls: .*refused StartTLS: .*\(2\)/, (_, reply) => reply.extended(2)],
    [
      'follows by more',
      /^tls: .*more after the end of its answer/,
      (_, reply) => reply.together(() => reply.extended().bound()),
    ],
    ['never answers', /^tls: .*no answer within 0.3 seconds/, () => undefined],
    ['agrees to and never begins', /^tls: .*no answer within 0.3 seconds/, (_, reply) => reply.extended()],
  ])('that a server %s is never replaced by plain text', async (_, reason, extended) => {
    const scripted = await ScriptedLdap.start({ search: () => undefined, ...(extended && { extended }) });
    try {
      const { outcome } = await readLive(scripted.url, { ...BOUND, startTls: true, timeouts: { connect: 0.3 } });
      expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(reason) });
      expect(scripted.asked.map(({ kind }) => kind).filter((kind) => kind === 'bind' || kind === 'search')).toEqual([]);
    } finally {
      await scripted.stop();
    }
  });

  it('with a CA that is none is a fault of the configuration, told before anything is opened', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-ca-'));
    const file = join(folder, 'ca.pem');
    try {
      for (const text of ['nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
        writeFileSync(file, text);
        expect(() => liveReading('ldaps://127.0.0.1:9', { tls: { ca: { file } } })).toThrow(
          /tls.ca holds no certificate/,
        );
      }
      expect(() => liveReading('ldaps://127.0.0.1:9', { tls: { ca: { file: join(folder, 'none') } } })).toThrow(
        /there is no such file/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

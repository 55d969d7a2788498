// `rollcall saml` and `rollcall domains` as an operator and the support desk start them, beside a `serve` that runs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { domains } from '../../src/cli/domains.ts';
import { runProgram } from '../../src/cli/program.ts';
import { saml } from '../../src/cli/saml.ts';
import { bareCertificate, makeKeyPair } from '../../src/saml/self-signed.ts';
import { fingerprintOf } from '../../src/saml/verify.ts';
import type { NameServer } from '../support/dns.ts';
import { startNameServer } from '../support/dns.ts';
import { TestIdp, base64 } from '../support/idp.ts';
import { SamlServed, whoIsIn } from '../support/saml-served.ts';

let idp: TestIdp;
let names: NameServer;
let server: SamlServed;

beforeAll(async () => {
  idp = await TestIdp.make();
  names = await startNameServer();
  const idpMetadata = { xml: idp.metadata() };
  server = await SamlServed.start({
    acme: { idpMetadata },
    beta: { idpMetadata },
    env: { ROLLCALL_DNS_SERVERS: names.address },
  });
});
afterAll(async () => {
  await server.stop();
  names.stop();
});

/**
 * The command line without the second that a process takes to start. The first of each command is a process of its own:
 * only Node tells what Node takes.
 */
async function rollcall(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const argv = [...args, '--config', join(server.folder, 'rollcall.yaml')];
  const code = await runProgram([saml, domains], argv, { stdout, stderr, env: server.env });
  const textOf = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? '');
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await rollcall(...args, '--json')).stdout) as Record<string, unknown>;

test('the reference that a visitor reads out leads to the true reason, and an accepted one to what it changed', async () => {
  const refused = await server.browser().signIn(server, idp, 'acme-saml', { audience: 'https://other.example' });
  const reference = /Reference: (\S{14})/.exec(await refused.text())?.[1] ?? '';
  expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);

  const { stdout } = await server.rollcall('saml', 'attempts', reference.toLowerCase());
  expect(stdout).toMatch(/refused.*\nlibraryAccepts: .*https:\/\/other\.example[^]*from 127\.[^]*it changed nothing/);
  const { attempts } = (await json('saml', 'attempts', 'acme-saml')) as { attempts: { reference: string }[] };
  expect(attempts).toMatchObject([
    { outcome: 'accepted', email: 'anna@acme.example', account: 'anna@acme.example', rule: null },
    { outcome: 'refused', reference, rule: 'libraryAccepts' },
  ]);
  const [one] = (await json('saml', 'attempts', attempts[0]?.reference ?? ''))['attempts'] as unknown[];
  expect(one).toMatchObject({
    assertion: { assertion: { nameId: { value: 'anna-7' } } },
    changes: [{ email: 'anna@acme.example', after: { role: 'reviewer', status: 'active' } }],
  });
  const unknown = await rollcall('saml', 'attempts', 'AAAA-BBBB-CCCC');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('AAAA-BBBB-CCCC')]);
});

test('a provider’s next certificate is staged, tried and trusted ahead of its metadata, and stays so when that is read again', async () => {
  const next = await makeKeyPair('next', new Date());
  const byNext = { what: 'assertion', key: next } as const;
  // As some providers give it: the base64 alone.
  writeFileSync(join(server.folder, 'next.txt'), bareCertificate(next.certificate));
  const fingerprint = fingerprintOf(next.certificate);
  const staged = await json('saml', 'certificates', 'acme-saml', 'stage', join(server.folder, 'next.txt'));
  expect(staged['certificates']).toMatchObject([{ state: 'trusted' }, { fingerprint, state: 'staged' }]);
  expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(403);

  const browser = server.browser();
  const inResponseTo = await browser.begin('acme-saml');
  const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo }, byNext);
  writeFileSync(join(server.folder, 'response.txt'), new URLSearchParams({ SAMLResponse: base64(xml) }).toString());
  const before = await server.everything();
  const tried = await json('saml', 'try', 'acme-saml', '--response', join(server.folder, 'response.txt'));
  expect(tried).toMatchObject({ outcome: 'in', certificate: fingerprint, identity: { id: 'anna-7' }, changes: [] });
  expect(await server.everything()).toBe(before);

  expect((await rollcall('saml', 'certificates', 'acme-saml', 'trust', fingerprint.slice(0, 14))).code).toBe(0);
  expect((await browser.postResponse('acme-saml', xml)).status).toBe(303);
  await rollcall('saml', 'certificates', 'acme-saml', 'refresh');
  expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(303);

  const published = fingerprintOf(idp.keys.certificate);
  const kept = await rollcall('saml', 'certificates', 'acme-saml', 'retire', published);
  expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining('metadata publishes')]);
  await rollcall('saml', 'certificates', 'acme-saml', 'retire', fingerprint);
  expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(403);
});

test('our own key is rolled over in three steps, and no step can be taken twice', async () => {
  const states = async (...step: readonly string[]): Promise<unknown> =>
    ((await json('saml', 'keys', 'acme-saml', ...step))['keys'] as { state: string }[]).map(({ state }) => state);
  expect(await states('publish')).toEqual(['current', 'next']);
  expect((await rollcall('saml', 'keys', 'acme-saml', 'publish')).stderr).toMatch(/has a next key already/);
  expect(await states('use')).toEqual(['current', 'previous']);
  expect((await rollcall('saml', 'keys', 'acme-saml', 'use')).code).toBe(2);
  expect(await states('end')).toEqual(['current']);
  const { stdout, stderr } = await rollcall('saml', 'keys', 'acme-saml', 'end');
  expect([stdout, stderr]).toEqual(['', expect.stringContaining('no previous key')]);
});

test('a trial of a response that would be refused says by which rule; without one, where a browser can try', async () => {
  const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo: '_x', attributes: {} });
  writeFileSync(join(server.folder, 'response.xml'), xml.replace('anna-7', 'olga-1'));
  const { code, stdout } = await server.rollcall('saml', 'try', 'acme-saml', '--response', 'response.xml');
  expect([code, stdout]).toEqual([0, 'refused by signatureIsValid: Invalid signature\n']);
  const way = await rollcall('saml', 'try', 'acme-saml');
  expect(way.stdout).toContain(`open ${server.url}/saml/acme-saml/login?try=1`);
  expect((await rollcall('saml', 'try', 'nobody')).code).toBe(2);
});

test('a domain is claimed, proven by DNS or by the operator’s word, and withdrawn; what the file states stays', async () => {
  const acme = ['--organization', 'acme'];
  const carl = { nameId: 'carl', attributes: { Email: ['carl@corp.example'], Groups: ['label-team'] } };
  const signIn = async (): Promise<number> => (await server.browser().signIn(server, idp, 'acme-saml', carl)).status;
  expect(await signIn()).toBe(403);
  const early = await server.rollcall('domains', 'verify', 'corp.example', ...acme);
  const record = /(_rollcall-challenge\.corp\.example)\. TXT "(\S+)"/.exec(early.stderr);
  expect(early.code).toBe(2);
  names.zone.set(record?.[1] ?? '', record?.[2] ?? '');
  expect((await rollcall('domains', 'verify', 'Corp.Example', ...acme)).code).toBe(0);
  const listed = (await json('domains', ...acme))['domains'];
  expect(listed).toMatchObject([
    { domain: 'acme.example', state: 'verified', by: 'file' },
    { domain: 'corp.example', state: 'verified', by: 'dns', record: { text: record?.[2] } },
  ]);
  const browser = server.browser();
  expect((await browser.signIn(server, idp, 'acme-saml', carl)).status).toBe(303);
  expect((await whoIsIn(browser))?.email).toBe('carl@corp.example');

  expect(await json('domains', 'withdraw', 'corp.example', ...acme)).toMatchObject({ domains: [{ by: 'file' }] });
  const word = await json('domains', 'verify', 'corp.example', '--by-operator', ...acme);
  expect(word['domains']).toMatchObject([{ by: 'file' }, { domain: 'corp.example', by: 'command', record: null }]);
  const stated = await rollcall('domains', 'withdraw', 'acme.example', ...acme);
  expect([stated.code, stated.stderr]).toEqual([2, expect.stringContaining('configuration file')]);
  expect((await rollcall('domains', 'claim', 'corp.example')).stderr).toMatch(/needs a DOMAIN and --organization/);
});

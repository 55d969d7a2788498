// Domains: claimed, proven by DNS, lost; and the way from an address to its organization's connection.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TxtResolver } from '../../src/organization/domains.ts';
import { checkDomain, checkDomains, claimDomain, recordName } from '../../src/organization/domains.ts';
import { loadClaims } from '../../src/store/domain-claims.ts';
import { connectionsForEmail } from '../../src/store/sign-in-ways.ts';
import { TestIdp } from '../support/idp.ts';
import { SamlServer, acme, beta } from '../support/saml-server.ts';

let server: SamlServer;
let idp: TestIdp;
const zone = new Map<string, string[][]>();
const resolve: TxtResolver = async (name) => {
  const records = zone.get(name);
  if (records === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
  return records;
};

beforeEach(async () => {
  zone.clear();
  idp = await TestIdp.make();
  const idpMetadata = { xml: idp.metadata() };
  server = await SamlServer.start({ settings: { 'acme-saml': { idpMetadata }, 'beta-saml': { idpMetadata } } });
});
afterEach(() => server.stop());

test('a domain counts from its proof on: until then its people are a conflict, then they are let in', async () => {
  const { sync } = server.door;
  const person = { nameId: 'carl', attributes: { Email: ['carl@corp.example'], Groups: ['label-team'] } };
  expect((await server.browser().signIn(server, idp, 'acme-saml', person)).status).toBe(403);
  const claim = await claimDomain(sync, acme, ' Corp.Example. ');
  expect(claim).toMatchObject({ domain: 'corp.example', state: 'claimed' });
  expect(await claimDomain(sync, acme, 'corp.example')).toEqual(claim);
  expect(await checkDomain(sync, claim, resolve)).toBe('claimed');
  zone.set(recordName('corp.example'), [['v=spf1'], [claim.proof.slice(0, 10), claim.proof.slice(10)]]);
  expect(await checkDomain(sync, claim, resolve)).toBe('verified');
  expect((await server.browser().signIn(server, idp, 'acme-saml', person)).status).toBe(303);
});

test('a proof that is gone three times running is lost; a resolver that fails has said nothing', async () => {
  const { sync } = server.door;
  const claim = await claimDomain(sync, acme, 'corp.example');
  zone.set(recordName('corp.example'), [[claim.proof]]);
  await checkDomains(sync, resolve);
  zone.clear();
  const failing: TxtResolver = async () => {
    throw Object.assign(new Error('timeout'), { code: 'ETIMEOUT' });
  };
  for (let nth = 0; nth < 5; nth += 1) expect(await checkDomains(sync, failing)).toEqual([]);
  expect(await checkDomains(sync, resolve)).toEqual([]);
  expect(await checkDomains(sync, resolve)).toEqual([]);
  expect(await connectionsForEmail(sync.db, 'carl@corp.example')).toHaveLength(1);
  expect(await checkDomains(sync, resolve)).toMatchObject([{ domain: 'corp.example' }]);
  expect(await connectionsForEmail(sync.db, 'carl@corp.example')).toEqual([]);
  expect(await loadClaims(sync.db, acme)).toMatchObject([{ state: 'lost' }]);
});

test('each organization proves it for itself, and an address of both offers the choice', async () => {
  const { sync } = server.door;
  const ofAcme = await claimDomain(sync, acme, 'corp.example');
  const ofBeta = await claimDomain(sync, beta, 'corp.example');
  expect(ofAcme.proof).not.toBe(ofBeta.proof);
  zone.set(recordName('corp.example'), [[ofAcme.proof]]);
  await checkDomains(sync, resolve);
  expect(await connectionsForEmail(sync.db, 'Carl@CORP.example')).toEqual([
    { connection: 'acme-saml', organization: 'acme', title: 'acme Inc' },
  ]);
  zone.set(recordName('corp.example'), [[ofAcme.proof], [ofBeta.proof]]);
  await checkDomains(sync, resolve);
  expect((await connectionsForEmail(sync.db, 'carl@corp.example')).map(({ connection }) => connection)).toEqual([
    'acme-saml',
    'beta-saml',
  ]);
  expect(await connectionsForEmail(sync.db, 'nobody')).toEqual([]);
});

test('what is no domain is refused', async () => {
  for (const written of [
    '',
    'acme',
    'a b.example',
    'http://acme.example',
    '-a.example',
    `${'a'.repeat(300)}.example`,
  ]) {
    await expect(claimDomain(server.door.sync, acme, written)).rejects.toMatchObject({ code: 'input_invalid' });
  }
});

// Two real `serve` on one Postgres, behind one address: what one begins the other ends, and what one has seen the other
// refuses.
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestIdp } from '../support/idp.ts';
import { SamlServed, whoIsIn } from '../support/saml-served.ts';

let idp: TestIdp;
let server: SamlServed;
beforeAll(async () => {
  idp = await TestIdp.make();
  const idpMetadata = { xml: idp.metadata() };
  server = await SamlServed.start({
    database: 'postgres',
    acme: { idpMetadata },
    beta: { idpMetadata, allowIdpInitiated: true },
  });
});
afterAll(() => server.stop());

test('a NUL that anybody may send is no fault of the server, and leaves its trace where others do', async () => {
  const get = async (path: string): Promise<number> => (await server.browser().get(path)).status;
  expect(await get('/saml/%00/login')).toBe(404);
  expect(await get('/api/organizations/%00')).toBe(404);
  const message = deflateRawSync(Buffer.from('<a>\0</a>')).toString('base64url');
  expect(await get(`/saml/acme-saml/logout?SAMLRequest=${message}&SigAlg=%00&Signature=%00`)).toBe(403);
  const attributes = { Email: ['bert@beta.example\0'], Groups: ['label-team'] };
  const xml = await idp.response({ ...server.addresses('beta-saml'), inResponseTo: null, attributes });
  expect((await server.browser().postResponse('beta-saml', xml)).status).toBe(403);
  const rules: unknown[] = await server.db('saml_attempts').orderBy('at').pluck('rule');
  expect(rules).toEqual(['signatureAlgorithmIsStrong', 'isWellFormed']);
});

test('a sign-in begun at one process ends at the other, its replay is refused by both, and so its logout', async () => {
  const other = await server.process('other.yaml');
  expect(new Set(server.processes.map(({ pid }) => pid)).size).toBe(2);

  const browser = server.browser();
  const inResponseTo = await browser.begin('acme-saml', '/user?tab=2');
  const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo });
  browser.goesTo(other.url);
  const answer = await browser.postResponse('acme-saml', xml);
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/user?tab=2']);
  // The session is both's.
  expect((await whoIsIn(browser))?.opens).toEqual(['acme']);
  browser.goesTo(server.url);
  expect((await whoIsIn(browser))?.opens).toEqual(['acme']);

  // With another request under way, so that only the replay itself can be what is refused.
  for (const url of [server.url, other.url]) {
    const again = server.browser();
    again.goesTo(url);
    await again.begin('acme-saml');
    expect((await again.postResponse('acme-saml', xml)).status).toBe(403);
    await browser.begin('acme-saml');
    browser.goesTo(url);
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(403);
  }

  // The same assertion raced at both: one counts.
  const racer = server.browser();
  const raced = await racer.begin('acme-saml');
  const response = await idp.response({ ...server.addresses('acme-saml'), inResponseTo: raced });
  const cookies = [...racer.cookies];
  const both = [server.url, other.url].map((url) => {
    const one = server.browser();
    one.goesTo(url);
    for (const [name, value] of cookies) one.cookies.set(name, value);
    return one.postResponse('acme-saml', response);
  });
  const statuses = (await Promise.all(both)).map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([303, 403]);

  // A session opened at one ends by the provider's logout at the other.
  const logout = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${server.url}/saml/acme-saml/logout"><saml:Issuer>${idp.entityId}</saml:Issuer><saml:NameID>anna-7</saml:NameID></samlp:LogoutRequest>`;
  const query = idp.query('SAMLRequest', logout);
  const provider = server.browser();
  expect((await provider.get(`/saml/acme-saml/logout?${query}`)).status).toBe(302);
  expect(await whoIsIn(browser)).toBeNull();
  provider.goesTo(other.url);
  expect((await provider.get(`/saml/acme-saml/logout?${query}`)).status).toBe(403);
});

// Logout by redirect at the real `serve`, both ways: whose session ends, and which messages end nobody's.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { TestIdp, idOf, inflated } from '../support/idp.ts';
import type { Browser } from '../support/saml-browser.ts';
import { SamlServed, whoIsIn } from '../support/saml-served.ts';
import { acmeSaml } from '../support/saml-server.ts';

let idp: TestIdp;
let server: SamlServed;
let anna: Browser;

beforeAll(async () => {
  idp = await TestIdp.make();
  const idpMetadata = { xml: idp.metadata() };
  server = await SamlServed.start({ acme: { idpMetadata }, beta: { idpMetadata } });
});
afterAll(() => server.stop());
beforeEach(async () => {
  anna = server.browser();
  await anna.signIn(server, idp, 'acme-saml');
});

interface Asked {
  readonly id?: string;
  readonly nameId?: string;
  readonly index?: string | null;
  readonly destination?: string;
  readonly issuer?: string;
  readonly issued?: Date;
  readonly version?: string;
}

let nth = 0;

function request(asked: Asked = {}): string {
  const id = asked.id ?? `_logout-${(nth += 1)}`;
  const { index = 'session-1' } = asked;
  const session = index === null ? '' : `<samlp:SessionIndex>${index}</samlp:SessionIndex>`;
  return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="${asked.version ?? '2.0'}" IssueInstant="${(asked.issued ?? new Date()).toISOString()}" Destination="${asked.destination ?? `${server.url}/saml/acme-saml/logout`}"><saml:Issuer>${asked.issuer ?? idp.entityId}</saml:Issuer><saml:NameID>${asked.nameId ?? 'anna-7'}</saml:NameID>${session}</samlp:LogoutRequest>`;
}

async function isHere(browser: Browser): Promise<boolean> {
  return (await whoIsIn(browser)) !== null;
}

const send = (query: string): Promise<Response> => server.browser().get(`/saml/acme-saml/logout?${query}`);

describe('the provider asks', () => {
  test('her session ends, and the provider is told in a signed answer with its RelayState', async () => {
    const xml = request();
    const answer = await send(idp.query('SAMLRequest', xml, { relayState: 'a b&c' }));
    expect(await isHere(anna)).toBe(false);
    const url = new URL(answer.headers.get('location') ?? '');
    expect(url.href).toMatch(/^https:\/\/idp\.acme\.example\/slo\?/);
    expect(url.searchParams.get('RelayState')).toBe('a b&c');
    expect(url.searchParams.get('Signature')).not.toBeNull();
    expect(inflated(url.href, 'SAMLResponse')).toMatch(new RegExp(`InResponseTo="${idOf(xml)}".*status:Success`));
  });

  test('without a session index all of hers end; with another one none', async () => {
    await send(idp.query('SAMLRequest', request({ index: 'session-2' })));
    expect(await isHere(anna)).toBe(true);
    await send(idp.query('SAMLRequest', request({ index: null })));
    expect(await isHere(anna)).toBe(false);
  });

  test('another person’s name ends nothing of hers', async () => {
    await send(idp.query('SAMLRequest', request({ nameId: 'mallory-1' })));
    expect(await isHere(anna)).toBe(true);
  });

  test('the same request, or the same session, at another connection ends nothing', async () => {
    const destination = `${server.url}/saml/beta-saml/logout`;
    const query = idp.query('SAMLRequest', request({ destination }));
    await server.browser().get(`/saml/beta-saml/logout?${query}`);
    expect(await isHere(anna)).toBe(true);
  });

  test('what is unsigned, forged, spelled oddly, replayed, stale or misdirected ends nothing, and says why in the trace', async () => {
    const mallory = await makeKeyPair('mallory', new Date());
    const good = idp.query('SAMLRequest', request());
    const [first, ...rest] = good.split('&');
    const replayed = idp.query('SAMLRequest', request({ nameId: 'nobody' }));
    await send(replayed);
    const wrong: readonly (readonly [string, string])[] = [
      ['logoutIsSigned', first ?? ''],
      ['logoutIsSigned', good.replace(/&Signature=.*/, '')],
      ['signatureIsValid', idp.query('SAMLRequest', request(), { key: mallory })],
      ['signatureIsValid', good.replace(/^SAMLRequest=[^&]*/, idp.query('SAMLRequest', request()).split('&')[0] ?? '')],
      ['signatureIsValid', `${good}&RelayState=added`],
      [
        'signatureAlgorithmIsStrong',
        idp.query('SAMLRequest', request(), { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
      ],
      ['queryIsPlain', good.replace('SAMLRequest', 'SAML%52equest')],
      ['queryIsPlain', `${good}&${first}`],
      ['queryIsPlain', `${first?.replace('SAMLRequest', 'SAML%52equest')}&${good}`],
      ['queryIsPlain', `${good}&other=1`],
      ['queryIsPlain', rest.join('&')],
      ['isUsedOnce', replayed],
      ['logoutIsFresh', idp.query('SAMLRequest', request({ issued: new Date(Date.now() - 3_600_000) }))],
      ['destinationIsHere', idp.query('SAMLRequest', request({ destination: 'https://other.example' }))],
      ['logoutIssuerIsTheProvider', idp.query('SAMLRequest', request({ issuer: 'https://other.example' }))],
      ['logoutVersionIsTwo', idp.query('SAMLRequest', request({ version: '1.1' }))],
      ['isDeflated', idp.query('SAMLRequest', `<a>${' '.repeat(2_000_000)}</a>`)],
      ['hasNoDoctype', idp.query('SAMLRequest', `<!DOCTYPE a [<!ENTITY b "c">]>${request()}`)],
      ['isALogout', idp.query('SAMLRequest', '<a/>')],
    ];
    for (const [rule, query] of wrong) {
      const answer = await send(query);
      const [attempt] = await loadAttempts(server.db, acmeSaml, 1);
      expect([rule, answer.status, attempt?.rule]).toEqual([rule, 403, rule]);
    }
    expect(await isHere(anna)).toBe(true);
  });
});

test('junk from one address is looked at a hundred times: nobody pushes the traces of an attack out with it', async () => {
  const mallory = server.browser('127.9.9.8');
  const junk = async (): Promise<Response> => mallory.get('/saml/acme-saml/logout?SAMLRequest=AAAA');
  for (let count = 0; count < 100; count += 1) expect((await junk()).status).toBe(403);
  const later = await junk();
  expect([later.status, Number(later.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect(await server.db('saml_attempts').where({ client_address: '127.9.9.8' })).toHaveLength(100);
  // Whoever shares the address still signs in.
  expect((await server.browser('127.9.9.8').signIn(server, idp, 'acme-saml')).status).toBe(303);
});

describe('she asks', () => {
  const answerTo = (inResponseTo: string, code = 'Success'): string =>
    `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_answer-${(nth += 1)}" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${server.url}/saml/acme-saml/logout" InResponseTo="${inResponseTo}"><saml:Issuer>${idp.entityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}"/></samlp:Status></samlp:LogoutResponse>`;

  test('her session ends at once, the provider is asked for hers, and its answer leads home, once', async () => {
    const begun = await anna.get('/saml/acme-saml/logout');
    expect(await isHere(anna)).toBe(false);
    const asked = inflated(begun.headers.get('location') ?? '');
    expect(asked).toMatch(/<saml:NameID Format="[^"]*persistent">anna-7<\/saml:NameID><samlp:SessionIndex>session-1</);
    const query = idp.query('SAMLResponse', answerTo(idOf(asked)));
    expect((await server.browser().get(`/saml/acme-saml/logout?${query}`)).status).toBe(403);
    const answer = await anna.get(`/saml/acme-saml/logout?${query}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect((await anna.get(`/saml/acme-saml/logout?${query}`)).status).toBe(403);
  });

  test('another site that leads her there ends nothing: she is asked', async () => {
    const led = await anna.get('/saml/acme-saml/logout', { 'sec-fetch-site': 'cross-site' });
    expect([led.status, led.headers.get('location')]).toEqual([303, '/user/logout']);
    expect(await isHere(anna)).toBe(true);
  });

  test('a provider that could not end its own says so, and ours has ended', async () => {
    const begun = await anna.get('/saml/acme-saml/logout');
    const asked = inflated(begun.headers.get('location') ?? '');
    const answer = await anna.get(
      `/saml/acme-saml/logout?${idp.query('SAMLResponse', answerTo(idOf(asked), 'Responder'))}`,
    );
    expect(await answer.text()).toMatch(/may still have you signed in/);
  });
});

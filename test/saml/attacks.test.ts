// Crafted responses at a running server: none gets anybody in, each is a 4xx within bounded time, and nothing that is
// stored changes. The attacker can sign in honestly as Mallory and wants to be Olga, or to be somebody elsewhere.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKeyPair, toPem } from '../../src/saml/self-signed.ts';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import { findAttempt, loadAttempts } from '../../src/store/saml-attempts.ts';
import { TestIdp, base64, signXml } from '../support/idp.ts';
import type { Said, Signing } from '../support/idp.ts';
import type { Browser } from '../support/saml-browser.ts';
import { acmeSaml } from '../support/saml-server.ts';
import { SamlServed, whoIsIn } from '../support/saml-served.ts';
import { FORGERIES, assertionOf, forged, idIn, object, olga, put, signatureOf } from './forgeries.ts';

let idp: TestIdp;
let betaIdp: TestIdp;
let mallorys: MadeKeyPair;
let server: SamlServed;

beforeAll(async () => {
  idp = await TestIdp.make();
  betaIdp = await TestIdp.make('https://idp.beta.example');
  mallorys = await makeKeyPair('mallory', new Date());
  server = await SamlServed.start({
    acme: { idpMetadata: { xml: idp.metadata() } },
    beta: {
      idpMetadata: { xml: betaIdp.metadata() },
      allowIdpInitiated: true,
      returnTo: ['https://app.beta.example/x'],
    },
  });
  // What only the first sign-in writes is there.
  await server.browser().signIn(server, idp, 'acme-saml', mallory);
});
afterAll(() => server.stop());

const mallory: Partial<Said> = {
  nameId: 'mallory-1',
  attributes: { Email: ['mallory@acme.example'], Groups: ['label-team'] },
};

interface Begun {
  readonly browser: Browser;
  readonly inResponseTo: string;
}

async function begin(connection = 'acme-saml'): Promise<Begun> {
  const browser = server.browser();
  return { browser, inResponseTo: await browser.begin(connection) };
}

async function honest(inResponseTo: string | null, said: Partial<Said> = {}, signing?: Signing): Promise<string> {
  return idp.response({ ...server.addresses('acme-saml'), ...mallory, inResponseTo, ...said }, signing);
}

/** Nobody gets in, nothing changes, and it takes no longer than it may. */
async function refused(send: () => Promise<Response>, statuses: readonly number[] = [403]): Promise<Response> {
  const before = await server.everything();
  const began = performance.now();
  const answer = await send();
  expect(performance.now() - began).toBeLessThan(3000);
  expect(statuses).toContain(answer.status);
  expect(await server.everything()).toBe(before);
  return answer;
}

describe('a forged response signs nobody in', () => {
  for (const [attack, [rule, forge]] of Object.entries(FORGERIES)) {
    test(attack, async () => {
      const { browser, inResponseTo } = await begin();
      const xml = forge(await honest(inResponseTo), { certificate: idp.keys.certificate, other: mallorys });
      const answer = await refused(() => browser.postResponse('acme-saml', xml));
      const page = await answer.text();
      expect(page).toMatch(/could not be signed in/);
      const reference = /Reference: ([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})/.exec(page)?.[1] ?? '';
      expect((await findAttempt(server.db, reference))?.rule).toBe(rule);
    });
  }

  test('encrypted for us, which anybody can do: signed by nobody, by another key, or beside one in the clear', async () => {
    const { browser, inResponseTo } = await begin();
    const metadata = await (await browser.get('/saml/acme-saml/metadata')).text();
    const encryptFor = toPem(/use="encryption".*?<ds:X509Certificate>([^<]+)</s.exec(metadata)?.[1] ?? '');
    const unsigned = await honest(inResponseTo, {}, { what: 'none', encryptFor });
    const byMallory = await honest(inResponseTo, {}, { what: 'assertion', key: mallorys, encryptFor });
    const signed = await honest(inResponseTo);
    const encrypted = /<saml:EncryptedAssertion[^]*<\/saml:EncryptedAssertion>/.exec(unsigned)?.[0] ?? '';
    const changed = await honest(inResponseTo, {}, { what: 'assertion', encryptFor, tamper: olga });
    for (const xml of [unsigned, byMallory, put(signed, assertionOf(signed) + encrypted), changed]) {
      await refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('wrapping of a signed response (XSW 1 and 2): the forged one around it', async () => {
    const { browser, inResponseTo } = await begin();
    const xml = await honest(inResponseTo, {}, { what: 'response' });
    const signature = signatureOf(xml);
    const bare = xml.replace(signature, '');
    const evil = olga(bare).replace(idIn(xml), `_${randomUUID()}`);
    const carried = signature.replace('</Signature>', `${object(bare)}</Signature>`);
    for (const crafted of [
      evil.replace('</saml:Issuer>', `</saml:Issuer>${carried}`),
      evil.replace('<samlp:Status>', `<samlp:Extensions>${xml}</samlp:Extensions><samlp:Status>`),
      evil.replace('</samlp:Response>', `${xml}</samlp:Response>`),
    ]) {
      await refused(() => browser.postResponse('acme-saml', crafted));
    }
  });

  test('a forged one as a decoy before the signed one makes nobody of her: only the signed bytes are read', async () => {
    const { browser, inResponseTo } = await begin();
    const xml = await honest(inResponseTo);
    const decoy = `<samlp:Extensions>${forged(assertionOf(xml))}</samlp:Extensions>`;
    await browser.postResponse('acme-saml', xml.replace('<samlp:Status>', `${decoy}<samlp:Status>`));
    const { db } = server;
    expect(await db('external_people').whereLike('external_id', 'olga%')).toEqual([]);
    expect((await whoIsIn(browser))?.email ?? 'nobody').not.toMatch(/olga/);
  });

  test('signed by another key, whose certificate it embeds', async () => {
    const { browser, inResponseTo } = await begin();
    for (const what of ['assertion', 'response', 'both'] as const) {
      const xml = await honest(inResponseTo, {}, { what, key: mallorys });
      expect(xml).toContain('<X509Certificate>');
      await refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('signed by another key, under our certificate', async () => {
    const { browser, inResponseTo } = await begin();
    const key = { privateKey: mallorys.privateKey, certificate: idp.keys.certificate };
    const xml = await honest(inResponseTo, {}, { what: 'assertion', key });
    await refused(() => browser.postResponse('acme-saml', xml));
  });

  test('SHA-1 in the signature or in the digest', async () => {
    const { browser, inResponseTo } = await begin();
    for (const weak of [
      { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
      { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' },
    ]) {
      const xml = await honest(inResponseTo, {}, { what: 'assertion', ...weak });
      await refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('comments that the signature covers do not cut a name', async () => {
    const { browser, inResponseTo } = await begin();
    const xml = await honest(
      inResponseTo,
      {
        attributeXml:
          '<saml:AttributeStatement><saml:Attribute Name="Email"><saml:AttributeValue>olga@acme.example<!-- -->.mallory.example</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
        nameId: 'm-2',
      },
      { what: 'assertion', canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' },
    );
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(403);
    const people = await server.db('external_people').where({ external_id: 'm-2' }).select('email', 'account');
    expect(people).toEqual([{ email: 'olga@acme.example.mallory.example', account: null }]);
  });
});

describe('an honest response where it does not belong', () => {
  test('a replay, in the same browser and in another', async () => {
    const { browser, inResponseTo } = await begin();
    const xml = await honest(inResponseTo);
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(303);
    await refused(() => browser.postResponse('acme-saml', xml));
    await refused(() => server.browser().postResponse('acme-saml', xml));
  });

  test('one of twenty at once counts', async () => {
    const { browser, inResponseTo } = await begin();
    const xml = await honest(inResponseTo);
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.postResponse('acme-saml', xml)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
  });

  test('an assertion used again for another request', async () => {
    const { browser, inResponseTo } = await begin();
    const assertionId = `_${randomUUID()}`;
    expect((await browser.postResponse('acme-saml', await honest(inResponseTo, { assertionId }))).status).toBe(303);
    const again = await browser.begin('acme-saml');
    const xml = await honest(again, { assertionId });
    await refused(() => browser.postResponse('acme-saml', xml));
  });

  test('a second answer to a request that was answered', async () => {
    const { browser, inResponseTo } = await begin();
    const [first, second] = [await honest(inResponseTo), await honest(inResponseTo)];
    const answers = await Promise.all([first, second].map((xml) => browser.postResponse('acme-saml', xml)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 403]);
  });

  test('login CSRF: the answer to the attacker’s request, posted by the victim’s browser', async () => {
    const { inResponseTo } = await begin();
    const victim = await begin();
    const xml = await honest(inResponseTo);
    await refused(() => victim.browser.postResponse('acme-saml', xml));
  });

  test('an answer to a request of another connection', async () => {
    const { browser, inResponseTo } = await begin('beta-saml');
    const xml = await honest(inResponseTo);
    await refused(() => browser.postResponse('acme-saml', xml));
  });

  test('the response of one connection at another', async () => {
    const { browser, inResponseTo } = await begin('beta-saml');
    const xml = await honest(inResponseTo);
    await refused(() => browser.postResponse('beta-saml', xml));
    // Also when it says all that beta's would say: acme's key is not beta's.
    const addressed = await idp.response({
      ...server.addresses('beta-saml'),
      inResponseTo,
      issuer: betaIdp.entityId,
      responseIssuer: betaIdp.entityId,
    });
    await refused(() => browser.postResponse('beta-saml', addressed));
  });

  test('unasked for, also where something else was asked for', async () => {
    const xml = await honest(null);
    await refused(() => server.browser().postResponse('acme-saml', xml));
    const { browser } = await begin();
    await refused(() => browser.postResponse('acme-saml', xml));
  });

  test('unasked for where that is allowed: once, and its RelayState leads nowhere else', async () => {
    const berta: Partial<Said> = { nameId: 'berta', attributes: { Email: ['berta@beta.example'] } };
    const say = async (): Promise<string> =>
      betaIdp.response({ ...server.addresses('beta-saml'), ...berta, inResponseTo: null });
    const ways = [
      '//evil.example',
      'https://app.beta.example.evil.example/x',
      '/\\evil.example',
      'javascript:alert(1)',
    ];
    for (const relayState of ways) {
      const answer = await server.browser().postResponse('beta-saml', await say(), relayState);
      expect([relayState, answer.status, answer.headers.get('location')]).toEqual([relayState, 303, '/']);
    }
    const xml = await say();
    expect((await server.browser().postResponse('beta-saml', xml)).status).toBe(303);
    await refused(() => server.browser().postResponse('beta-saml', xml));
  });

  test('for another audience, recipient or destination; of another issuer; too late, too early', async () => {
    const { browser, inResponseTo } = await begin();
    const past = new Date(Date.now() - 3_600_000);
    const wrong: readonly Partial<Said>[] = [
      { audience: 'https://other.example' },
      { recipient: 'https://other.example' },
      { destination: 'https://other.example' },
      { issuer: betaIdp.entityId },
      { responseIssuer: betaIdp.entityId },
      { notOnOrAfter: past },
      { confirmedUntil: past },
      { sessionUntil: past },
      { notBefore: new Date(Date.now() + 3_600_000) },
      { confirmedInResponseTo: '_other' },
      { confirmedInResponseTo: null },
      { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' },
      { subject: false },
      { authnStatement: false },
      { conditions: false },
      { audienceRestriction: false },
      { version: '1.1' },
      { status: 'urn:oasis:names:tc:SAML:2.0:status:Requester' },
    ];
    for (const said of wrong) {
      const xml = await honest(inResponseTo, said);
      await refused(() => browser.postResponse('acme-saml', xml));
    }
    expect((await browser.postResponse('acme-saml', await honest(inResponseTo))).status).toBe(303);
  });
});

describe('what is no response', () => {
  test('JSON, an empty form, the field twice, no base64, huge bodies', async () => {
    const { browser, inResponseTo } = await begin();
    const acs = '/saml/acme-saml/acs';
    const field = `SAMLResponse=${encodeURIComponent(base64(await honest(inResponseTo)))}`;
    const json = JSON.stringify({ SAMLResponse: base64(await honest(inResponseTo)) });
    await refused(() => browser.post(acs, json, 'application/json'), [415]);
    await refused(() => browser.post(acs, '', 'text/plain'), [415]);
    await refused(() => browser.post(acs, ''), [400]);
    await refused(() => browser.post(acs, `${field}&${field}`), [400]);
    await refused(() => browser.post(acs, 'SAMLResponse=%%%'), [403]);
    await refused(() => browser.post(acs, `SAMLResponse=${'A'.repeat(3_000_000)}`), [413]);
    await refused(() => browser.post(acs, `SAMLResponse=${'A'.repeat(1_040_000)}`), [403]);
    await refused(() => browser.post(acs, 'a=1&'.repeat(1000)), [413, 400]);
    await refused(() => browser.post('/saml/nobody/acs', field), [404]);
    await refused(() => browser.get(acs), [405]);
  });

  test('every refusal is kept with its true reason, found by the reference that the visitor sees', async () => {
    const { browser, inResponseTo } = await begin();
    const answer = await browser.postResponse('acme-saml', olga(await honest(inResponseTo)));
    const page = await answer.text();
    const reference = /Reference: ([A-Z0-9-]+)/.exec(page)?.[1];
    const [attempt] = await loadAttempts(server.db, acmeSaml, 1);
    expect(attempt).toMatchObject({
      reference,
      outcome: 'refused',
      rule: 'signatureIsValid',
      clientAddress: expect.stringMatching(/^127\./),
    });
    expect(page).not.toMatch(/signature/i);
    expect(server.log()).toContain(reference ?? '?');
  });
});

describe('junk by the hundred', () => {
  test('is looked at a hundred times from an address, and people sign in there all the while', async () => {
    const address = '127.9.9.9';
    const junk = async (): Promise<number> =>
      (await server.browser(address).post('/saml/acme-saml/acs', `SAMLResponse=${'A'.repeat(4000)}`)).status;
    for (let nth = 0; nth < 100; nth += 1) expect(await junk()).toBe(403);
    const kept = await server.db('saml_attempts').where({ client_address: address });
    const later = await server.browser(address).post('/saml/acme-saml/acs', 'SAMLResponse=AAAA');
    expect([later.status, Number(later.headers.get('retry-after')) > 0]).toEqual([429, true]);
    await refused(() => server.browser(address).post('/saml/acme-saml/acs', 'SAMLResponse=AAAA'), [429]);
    expect(await server.db('saml_attempts').where({ client_address: address })).toHaveLength(kept.length);
    expect((await server.browser(address).signIn(server, idp, 'acme-saml', mallory)).status).toBe(303);
  });

  test('of a browser that has a sign-in under way is looked at twenty times', async () => {
    const { browser, inResponseTo } = await begin();
    const bad = olga(await honest(inResponseTo));
    const statuses: number[] = [];
    for (let nth = 0; nth < 21; nth += 1) statuses.push((await browser.postResponse('acme-saml', bad)).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 403), 429]);
    expect((await server.browser().signIn(server, idp, 'acme-saml', mallory)).status).toBe(303);
  });
});

describe('tenants', () => {
  test('acme’s provider names an address of beta’s domain: nothing happens to beta, and the conflict is listed', async () => {
    const berta: Partial<Said> = {
      nameId: 'berta',
      attributes: { Email: ['berta@beta.example'], Groups: ['label-team'] },
    };
    const { db } = server;
    const before = await db('memberships').where({ organization: 'beta' });
    expect((await server.browser().signIn(server, idp, 'acme-saml', berta)).status).toBe(403);
    expect(await db('memberships').where({ organization: 'beta' })).toEqual(before);
    expect(await db('conflicts').where({ external_id: 'berta' }).select('connection', 'reason')).toEqual([
      { connection: 'acme-saml', reason: 'address_not_verified' },
    ]);
  });
});

test('a signature by one key over the response does not cover an assertion signed by nobody elsewhere', async () => {
  const { browser, inResponseTo } = await begin();
  const unsigned = await honest(inResponseTo, {}, { what: 'none' });
  const xml = signXml(unsigned, 'Response', mallorys);
  await refused(() => browser.postResponse('acme-saml', xml));
});

// Crafted responses at a running server: none gets anybody in, each is a 4xx within bounded time, and nothing that is
// stored changes. The attacker can sign in honestly as Mallory and wants to be Olga, or to be somebody elsewhere.
import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { TestIdp, base64, signXml } from '../support/idp.ts';
import type { Said, Signing } from '../support/idp.ts';
import type { Browser } from '../support/saml-server.ts';
import { SamlServer, acmeSaml } from '../support/saml-server.ts';

let idp: TestIdp;
let betaIdp: TestIdp;
let mallorys: MadeKeyPair;
let server: SamlServer;

beforeAll(async () => {
  idp = await TestIdp.make();
  betaIdp = await TestIdp.make('https://idp.beta.example');
  mallorys = await makeKeyPair('mallory', new Date());
  server = await SamlServer.start({
    settings: {
      'acme-saml': { idpMetadata: { xml: idp.metadata() } },
      'beta-saml': { idpMetadata: { xml: betaIdp.metadata() } },
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
  const sessions = server.sessions.opened.size;
  const began = performance.now();
  const answer = await send();
  expect(performance.now() - began).toBeLessThan(3000);
  expect(statuses).toContain(answer.status);
  expect(server.sessions.opened.size).toBe(sessions);
  expect(await server.everything()).toBe(before);
  return answer;
}

const olga = (xml: string): string => xml.replaceAll('mallory', 'olga');
const assertionOf = (xml: string): string => /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml)?.[0] ?? '';
const signatureOf = (xml: string): string => /<Signature[\s\S]*?<\/Signature>/.exec(xml)?.[0] ?? '';
const idIn = (xml: string): string => /\sID="([^"]+)"/.exec(xml)?.[1] ?? '';

/** Olga's assertion, unsigned, with an id of its own. */
function forged(signed: string): string {
  return olga(signed.replace(signatureOf(signed), '')).replace(idIn(signed), `_${randomUUID()}`);
}

const put = (xml: string, assertions: string): string => xml.replace(assertionOf(xml), assertions);
const into = (outer: string, inner: string): string => outer.replace('</saml:Assertion>', `${inner}</saml:Assertion>`);
const object = (inner: string): string =>
  `<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${inner}</ds:Object>`;

/** Attack → what it makes of Mallory's honest response, whose assertion is signed. */
const FORGERIES: Readonly<Record<string, (xml: string) => string>> = {
  'the signature taken off': (xml) => xml.replace(signatureOf(xml), ''),
  'a name changed after signing': olga,
  'a comment in a signed name': (xml) => xml.replace('mallory@acme', 'olga@acme.example<!-- -->.mallory@acme'),
  'wrapping: the forged one first, the signed one beside it': (xml) =>
    put(xml, forged(assertionOf(xml)) + assertionOf(xml)),
  'wrapping: the forged one last, the signed one beside it': (xml) =>
    put(xml, assertionOf(xml) + forged(assertionOf(xml))),
  'wrapping: the signed one inside the forged one': (xml) => put(xml, into(forged(assertionOf(xml)), assertionOf(xml))),
  'wrapping: the forged one carries the signature, the signed one inside it': (xml) => {
    const signed = assertionOf(xml);
    const bare = signed.replace(signatureOf(signed), '');
    return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signatureOf(signed)}${bare}`));
  },
  'wrapping: the signed one in an Object of the signature': (xml) => {
    const signed = assertionOf(xml);
    const bare = signed.replace(signatureOf(signed), '');
    const signature = signatureOf(signed).replace('</Signature>', `${object(bare)}</Signature>`);
    return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signature}`));
  },
  'wrapping: the signed one in Extensions of the response': (xml) => {
    const extensions = `<samlp:Extensions>${assertionOf(xml)}</samlp:Extensions>`;
    return put(xml, forged(assertionOf(xml))).replace('<samlp:Status>', `${extensions}<samlp:Status>`);
  },
  'wrapping: both under one id': (xml) => {
    const signed = assertionOf(xml);
    const twin = olga(signed.replace(signatureOf(signed), ''));
    return put(xml, twin.replace('</saml:Issuer>', `</saml:Issuer>${signatureOf(signed)}${object(signed)}`));
  },
  'wrapping: the forged one under another namespace prefix': (xml) => {
    const other = forged(assertionOf(xml)).replaceAll('saml:', 'x:').replaceAll('xmlns:saml', 'xmlns:x');
    return put(xml, other + assertionOf(xml));
  },
  'a second SignedInfo': (xml) => {
    const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(xml)?.[0] ?? '';
    return olga(xml).replace(signedInfo, signedInfo + signedInfo.replace(/<DigestValue>[^<]*/, '<DigestValue>AAAA'));
  },
  'a transform of the attacker': (xml) =>
    xml.replace('</Transforms>', '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></Transforms>'),
  'the reference emptied': (xml) => olga(xml).replace(/URI="#[^"]*"/, 'URI=""'),
  'a reference that queries': (xml) => xml.replace(/URI="#[^"]*"/, `URI="#x' or '1'='1"`),
  'a NONE algorithm': (xml) => olga(xml).replace(/rsa-sha256/, 'none'),
  'HMAC with the public certificate as its key': (xml) => {
    const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(olga(xml))?.[0] ?? '';
    const confused = signedInfo.replace(/rsa-sha256/, 'hmac-sha256');
    const value = createHmac('sha256', idp.keys.certificate).update(confused).digest('base64');
    return olga(xml)
      .replace(signedInfo, confused)
      .replace(/<SignatureValue>[^<]*/, `<SignatureValue>${value}`);
  },
  'two responses in one': (xml) => xml.replace('</samlp:Response>', `${xml}</samlp:Response>`),
  'an entity in a name': (xml) => `<!DOCTYPE r [<!ENTITY o "olga">]>${xml.replace('>mallory@', '>&o;@')}`,
  'a billion laughs': (xml) => {
    const levels = Array.from({ length: 12 }, (_, nth) => `<!ENTITY l${nth + 1} "${`&l${nth};`.repeat(10)}">`).join('');
    return `<!DOCTYPE r [<!ENTITY l0 "lol">${levels}]>${xml.replace('>mallory@', '>&l12;@')}`;
  },
  'an external entity': (xml) =>
    `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('>mallory@', '>&x;@')}`,
  'a style sheet': (xml) => `<?xml-stylesheet href="https://evil.example/x.xsl"?>${xml}`,
  '2,000 namespace declarations': (xml) =>
    xml.replace(
      '<samlp:Response ',
      `<samlp:Response ${Array.from({ length: 2000 }, (_, nth) => `xmlns:n${nth}="urn:${nth}"`).join(' ')} `,
    ),
  '3,000 signatures': (xml) =>
    xml.replace('<samlp:Status>', `${signatureOf(xml).repeat(3000)}<samlp:Status>`).slice(0, 700_000),
  '3,000 empty signatures': (xml) =>
    xml.replace(
      '<samlp:Status>',
      `${'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'.repeat(3000)}<samlp:Status>`,
    ),
  '10,000 elements deep': (xml) =>
    xml.replace('<samlp:Status>', `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}<samlp:Status>`),
  'comments that never end': (xml) => `${xml}${'<!--'.repeat(100_000)}`,
};

describe('a forged response signs nobody in', () => {
  for (const [attack, forge] of Object.entries(FORGERIES)) {
    test(attack, async () => {
      const { browser, inResponseTo } = await begin();
      const xml = forge(await honest(inResponseTo));
      const answer = await refused(() => browser.postResponse('acme-saml', xml));
      expect(await answer.text()).toMatch(/could not be signed in.*Reference: [A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/s);
    });
  }

  test('wrapping of a signed response: the forged one around it', async () => {
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
    const { db } = server.store.sync;
    expect(await db('external_people').whereLike('external_id', 'olga%')).toEqual([]);
    const [opened] = server.sessions.opened.get(browser.cookies.get('session') ?? '') ?? [];
    const account = await db('accounts')
      .where({ id: opened?.account ?? '' })
      .first();
    expect(account?.email ?? 'nobody').not.toMatch(/olga/);
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
    const people = await server.store.sync
      .db('external_people')
      .where({ external_id: 'm-2' })
      .select('email', 'account');
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

  test('unasked for', async () => {
    const xml = await honest(null);
    await refused(() => server.browser().postResponse('acme-saml', xml));
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
    const [attempt] = await loadAttempts(server.store.sync.db, acmeSaml, 1);
    expect(attempt).toMatchObject({
      reference,
      outcome: 'refused',
      rule: 'signatureIsValid',
      clientAddress: expect.stringContaining('127.0.0.1'),
    });
    expect(page).not.toMatch(/signature/i);
    expect(server.log.some((line) => line.includes(reference ?? '?'))).toBe(true);
  });
});

describe('tenants', () => {
  test('acme’s provider names an address of beta’s domain: nothing happens to beta, and the conflict is listed', async () => {
    const berta: Partial<Said> = {
      nameId: 'berta',
      attributes: { Email: ['berta@beta.example'], Groups: ['label-team'] },
    };
    const { db } = server.store.sync;
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

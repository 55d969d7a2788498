// Forged responses at the real `serve`: none gets anybody in, each is a 4xx within bounded time, and nothing that is
// stored changes.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toPem } from '../../src/saml/self-signed.ts';
import { findAttempt } from '../../src/store/saml-attempts.ts';
import { signXml } from '../support/idp.ts';
import { whoIsIn } from '../support/saml-served.ts';
import { FORGERIES, assertionOf, forged, idIn, object, olga, put, signatureOf } from './forgeries.ts';
import { Target } from './target.ts';

let target: Target;

beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target.server.stop());

describe('a forged response signs nobody in', () => {
  for (const [attack, [rule, forge]] of Object.entries(FORGERIES)) {
    test(attack, async () => {
      const { browser, inResponseTo } = await target.begin();
      const xml = forge(await target.honest(inResponseTo), {
        certificate: target.idp.keys.certificate,
        other: target.mallorys,
      });
      const answer = await target.refused(() => browser.postResponse('acme-saml', xml));
      const page = await answer.text();
      expect(page).toMatch(/could not be signed in/);
      const reference = /Reference: ([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})/.exec(page)?.[1] ?? '';
      expect((await findAttempt(target.server.db, reference))?.rule).toBe(rule);
    });
  }

  test('encrypted for us, which anybody can do: signed by nobody, by another key, or beside one in the clear', async () => {
    const { browser, inResponseTo } = await target.begin();
    const metadata = await (await browser.get('/saml/acme-saml/metadata')).text();
    const encryptFor = toPem(/use="encryption".*?<ds:X509Certificate>([^<]+)</s.exec(metadata)?.[1] ?? '');
    const unsigned = await target.honest(inResponseTo, {}, { what: 'none', encryptFor });
    const byMallory = await target.honest(inResponseTo, {}, { what: 'assertion', key: target.mallorys, encryptFor });
    const signed = await target.honest(inResponseTo);
    const encrypted = /<saml:EncryptedAssertion[^]*<\/saml:EncryptedAssertion>/.exec(unsigned)?.[0] ?? '';
    const changed = await target.honest(inResponseTo, {}, { what: 'assertion', encryptFor, tamper: olga });
    for (const xml of [unsigned, byMallory, put(signed, assertionOf(signed) + encrypted), changed]) {
      await target.refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('wrapping of a signed response (XSW 1 and 2): the forged one around it', async () => {
    const { browser, inResponseTo } = await target.begin();
    const xml = await target.honest(inResponseTo, {}, { what: 'response' });
    const signature = signatureOf(xml);
    const bare = xml.replace(signature, '');
    const evil = olga(bare).replace(idIn(xml), `_${randomUUID()}`);
    const carried = signature.replace('</Signature>', `${object(bare)}</Signature>`);
    for (const crafted of [
      evil.replace('</saml:Issuer>', `</saml:Issuer>${carried}`),
      evil.replace('<samlp:Status>', `<samlp:Extensions>${xml}</samlp:Extensions><samlp:Status>`),
      evil.replace('</samlp:Response>', `${xml}</samlp:Response>`),
    ]) {
      await target.refused(() => browser.postResponse('acme-saml', crafted));
    }
  });

  test('a forged one as a decoy before the signed one makes nobody of her: only the signed bytes are read', async () => {
    const { browser, inResponseTo } = await target.begin();
    const xml = await target.honest(inResponseTo);
    const decoy = `<samlp:Extensions>${forged(assertionOf(xml))}</samlp:Extensions>`;
    await browser.postResponse('acme-saml', xml.replace('<samlp:Status>', `${decoy}<samlp:Status>`));
    const { db } = target.server;
    expect(await db('external_people').whereLike('external_id', 'olga%')).toEqual([]);
    expect((await whoIsIn(browser))?.email ?? 'nobody').not.toMatch(/olga/);
  });

  test('signed by another key, whose certificate it embeds', async () => {
    const { browser, inResponseTo } = await target.begin();
    for (const what of ['assertion', 'response', 'both'] as const) {
      const xml = await target.honest(inResponseTo, {}, { what, key: target.mallorys });
      expect(xml).toContain('<X509Certificate>');
      await target.refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('signed by another key, under our certificate', async () => {
    const { browser, inResponseTo } = await target.begin();
    const key = { privateKey: target.mallorys.privateKey, certificate: target.idp.keys.certificate };
    const xml = await target.honest(inResponseTo, {}, { what: 'assertion', key });
    await target.refused(() => browser.postResponse('acme-saml', xml));
  });

  test('SHA-1 in the signature or in the digest', async () => {
    const { browser, inResponseTo } = await target.begin();
    for (const weak of [
      { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
      { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' },
    ]) {
      const xml = await target.honest(inResponseTo, {}, { what: 'assertion', ...weak });
      await target.refused(() => browser.postResponse('acme-saml', xml));
    }
  });

  test('comments that the signature covers do not cut a name', async () => {
    const { browser, inResponseTo } = await target.begin();
    const xml = await target.honest(
      inResponseTo,
      {
        attributeXml:
          '<saml:AttributeStatement><saml:Attribute Name="Email"><saml:AttributeValue>olga@acme.example<!-- -->.mallory.example</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
        nameId: 'm-2',
      },
      { what: 'assertion', canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' },
    );
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(403);
    const people = await target.server.db('external_people').where({ external_id: 'm-2' }).select('email', 'account');
    expect(people).toEqual([{ email: 'olga@acme.example.mallory.example', account: null }]);
  });
});

test('a signature by one key over the response does not cover an assertion signed by nobody elsewhere', async () => {
  const { browser, inResponseTo } = await target.begin();
  const unsigned = await target.honest(inResponseTo, {}, { what: 'none' });
  const xml = signXml(unsigned, 'Response', target.mallorys);
  await target.refused(() => browser.postResponse('acme-saml', xml));
});

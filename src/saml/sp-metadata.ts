// Our own metadata, one document per connection. The library's leaves out logout by redirect, and the key that is
// published ahead of a rollover.
import { bareCertificate } from './self-signed.ts';
import { NS, escapeXml } from './xml.ts';

export interface ServiceAddresses {
  /** The address of this very document, and our entity id. */
  readonly entityId: string;
  readonly acsUrl: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
}

export function addressesOf(publicUrl: string, connection: string): ServiceAddresses {
  const base = `${publicUrl.replace(/\/$/, '')}/saml/${connection}`;
  return {
    entityId: `${base}/metadata`,
    acsUrl: `${base}/acs`,
    loginUrl: `${base}/login`,
    logoutUrl: `${base}/logout`,
  };
}

/**
 * @param keys all that may sign (current, next), then the ones to encrypt for: the current one alone.
 */
export function spMetadata(
  addresses: ServiceAddresses,
  keys: { readonly signing: readonly string[]; readonly encryption: string },
): string {
  const descriptors = [
    ...keys.signing.map((certificate) => keyDescriptor('signing', certificate, '')),
    keyDescriptor('encryption', keys.encryption, ENCRYPTION_METHODS),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="${NS.metadata}" xmlns:ds="${NS.signature}" entityID="${escapeXml(addresses.entityId)}">`,
    `<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${NS.protocol}">`,
    ...descriptors,
    `<md:SingleLogoutService Binding="${REDIRECT}" Location="${escapeXml(addresses.logoutUrl)}"/>`,
    `<md:AssertionConsumerService Binding="${POST}" Location="${escapeXml(addresses.acsUrl)}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
    '',
  ].join('\n');
}

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

/** What the rules of the algorithms take. */
const ENCRYPTION_METHODS = [
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
]
  .map((algorithm) => `<md:EncryptionMethod Algorithm="${algorithm}"/>`)
  .join('');

function keyDescriptor(use: 'signing' | 'encryption', certificate: string, methods: string): string {
  const data = `<ds:X509Data><ds:X509Certificate>${bareCertificate(certificate)}</ds:X509Certificate></ds:X509Data>`;
  return `<md:KeyDescriptor use="${use}"><ds:KeyInfo>${data}</ds:KeyInfo>${methods}</md:KeyDescriptor>`;
}

// A provider's metadata: who it is, where it is asked, and whose keys sign. What the library could not verify later is
// said here, when the connection is set up.
import { X509Certificate } from 'node:crypto';
import { RollcallError } from '../errors.ts';
import type { ProviderKind } from './presets.ts';
import { providerKindOf } from './presets.ts';
import { METADATA_BOUNDS } from './rules/bounds.ts';
import { toPem } from './self-signed.ts';
import { attributeOf, childNamed, childrenNamed, descendantsNamed, isNamed, parseXml } from './xml.ts';

export interface ProviderMetadata {
  readonly entityId: string;
  readonly kind: ProviderKind;
  /** Where it is asked, by binding; at least one of them. */
  readonly signOn: { readonly redirect: string | null; readonly post: string | null };
  /** Where a logout goes by redirect; null when it has none. */
  readonly logout: { readonly request: string; readonly response: string } | null;
  /** PEM, in the order in which they stand; at least one. */
  readonly certificates: readonly string[];
  readonly warnings: readonly string[];
}

const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:';

/** RSA keys below this can be factored by whoever cares to. */
const SMALLEST_RSA_BITS = 1024;
const SOUND_RSA_BITS = 2048;

/** @throws RollcallError `input_invalid` that says what is wrong and what to do. */
export function readIdpMetadata(xml: string): ProviderMetadata {
  const { root, refusal } = parseXml(xml.trim(), METADATA_BOUNDS);
  if (root === null) throw invalid(refusal.reason);
  const entity = providerEntity(root);
  const entityId = attributeOf(entity, 'entityID') ?? '';
  if (entityId === '') throw invalid('the EntityDescriptor has no entityID');
  const descriptor = childNamed(entity, 'metadata', 'IDPSSODescriptor');
  if (descriptor === null)
    throw invalid('there is no IDPSSODescriptor: this is not the metadata of an identity provider');
  const signOn = {
    redirect: serviceOf(descriptor, 'SingleSignOnService', 'HTTP-Redirect')?.request ?? null,
    post: serviceOf(descriptor, 'SingleSignOnService', 'HTTP-POST')?.request ?? null,
  };
  if (signOn.redirect === null && signOn.post === null) {
    throw invalid('there is no SingleSignOnService with the binding HTTP-Redirect or HTTP-POST');
  }
  const { certificates, warnings } = signingCertificates(descriptor);
  const logout = serviceOf(descriptor, 'SingleLogoutService', 'HTTP-Redirect');
  return { entityId, kind: providerKindOf(entityId), signOn, logout, certificates, warnings };
}

function invalid(why: string): RollcallError {
  return new RollcallError('input_invalid', `the identity provider's metadata cannot be used: ${why}`);
}

function providerEntity(root: Element): Element {
  if (isNamed(root, 'metadata', 'EntityDescriptor')) return root;
  const providers = descendantsNamed(root, 'metadata', 'EntityDescriptor').filter(
    (entity) => childNamed(entity, 'metadata', 'IDPSSODescriptor') !== null,
  );
  const [only] = providers;
  if (only === undefined) throw invalid('there is no EntityDescriptor of an identity provider in it');
  if (providers.length > 1)
    throw invalid(`it names ${providers.length} identity providers: keep the one that is meant`);
  return only;
}

function serviceOf(
  descriptor: Element,
  name: string,
  binding: string,
): { readonly request: string; readonly response: string } | null {
  for (const service of childrenNamed(descriptor, 'metadata', name)) {
    if (attributeOf(service, 'Binding') !== `${BINDINGS}${binding}`) continue;
    const request = webAddress(attributeOf(service, 'Location'));
    // A browser is sent there: anything but a web address (javascript:) is not an address.
    if (request === null) throw invalid(`the Location of a ${name} is no http:// or https:// address`);
    return { request, response: webAddress(attributeOf(service, 'ResponseLocation')) ?? request };
  }
  return null;
}

function webAddress(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  return /^https?:$/.test(new URL(text).protocol) ? text : null;
}

function signingCertificates(descriptor: Element): { certificates: string[]; warnings: string[] } {
  const certificates = new Set<string>();
  const warnings: string[] = [];
  const unusable: string[] = [];
  for (const key of childrenNamed(descriptor, 'metadata', 'KeyDescriptor')) {
    if (attributeOf(key, 'use') === 'encryption') continue;
    for (const element of descendantsNamed(key, 'signature', 'X509Certificate')) {
      const pem = toPem(element.textContent ?? '');
      const fault = certificateFault(pem);
      if (fault === null) certificates.add(pem);
      else unusable.push(fault);
      const warning = fault === null ? certificateWarning(pem) : fault;
      if (warning !== null) warnings.push(warning);
    }
  }
  if (certificates.size > 0) return { certificates: [...certificates], warnings };
  throw invalid(unusable[0] ?? 'there is no certificate for signing in it');
}

/** Why this certificate can sign nobody in; null when it can. */
export function certificateFault(pem: string): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return 'a certificate in it cannot be read';
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type !== 'rsa') return `a certificate has a key of type ${type ?? 'unknown'}; only RSA with SHA-256 is supported`;
  const bits = details?.modulusLength ?? 0;
  return bits < SMALLEST_RSA_BITS ? `a certificate has an RSA key of ${bits} bits, which is too short` : null;
}

function certificateWarning(pem: string): string | null {
  const bits = new X509Certificate(pem).publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits < SOUND_RSA_BITS
    ? `a certificate has an RSA key of ${bits} bits: ask for one of ${SOUND_RSA_BITS} or more`
    : null;
}

// @node-saml as it must be told: all that it leaves open or sets weakly by default is decided here, in one place, for
// requests and for responses alike.
import { SAML, ValidateInResponseTo } from '@node-saml/passport-saml';
import type { CacheProvider } from '@node-saml/passport-saml';
import type { AwaitedRequest, Expectation } from './expectation.ts';
import { REQUEST_LIFETIME_MS } from './expectation.ts';

export interface RequestSettings {
  readonly entityId: string;
  readonly acsUrl: string;
  /** The provider's address of that binding. */
  readonly address: string;
  readonly binding: 'redirect' | 'post';
  /** Our current key pair, PEM. */
  readonly privateKey: string;
  readonly certificate: string;
  readonly forceAuthn: boolean;
}

/** For asking: `save` is told the id of each request before the browser carries it away. */
export function requester(settings: RequestSettings, save: (id: string) => Promise<void>): SAML {
  return new SAML({
    issuer: settings.entityId,
    callbackUrl: settings.acsUrl,
    entryPoint: settings.address,
    authnRequestBinding: settings.binding === 'post' ? 'HTTP-POST' : 'HTTP-Redirect',
    // Deflated is for the redirect binding alone.
    skipRequestCompression: settings.binding === 'post',
    privateKey: settings.privateKey,
    publicCert: settings.certificate,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    // How a provider proves who somebody is, and which name it gives them, is its own affair.
    disableRequestedAuthnContext: true,
    identifierFormat: null,
    forceAuthn: settings.forceAuthn,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: REQUEST_LIFETIME_MS,
    cacheProvider: { saveAsync: saving(save), getAsync: never, removeAsync: never },
    // Asking verifies nothing; the library wants to be told all the same.
    idpCert: settings.certificate,
  });
}

/** For verifying one response against one certificate. */
export function verifier(
  expected: Expectation,
  certificate: string,
  decryptionKey: string | null,
  solicited: boolean,
): SAML {
  return new SAML({
    issuer: expected.entityId,
    audience: expected.entityId,
    callbackUrl: expected.acsUrl,
    idpCert: certificate,
    idpIssuer: expected.provider,
    ...(decryptionKey === null ? {} : { decryptionPvk: decryptionKey }),
    // "Either" still demands one: the library takes an unsigned assertion only inside a signed response.
    wantAssertionsSigned: expected.signed === 'assertion' || expected.signed === 'both',
    wantAuthnResponseSigned: expected.signed === 'response' || expected.signed === 'both',
    signatureAlgorithm: 'sha256',
    acceptedClockSkewMs: expected.clockSkewMs,
    // A response that nobody asked for goes a way of its own: it must answer nothing at all.
    validateInResponseTo: solicited ? ValidateInResponseTo.always : ValidateInResponseTo.never,
    requestIdExpirationPeriodMs: REQUEST_LIFETIME_MS,
    cacheProvider: awaitedOnly(expected.awaited),
  });
}

/**
 * The requests that this browser made of this connection, read from the store that all processes share, and nothing
 * else: another browser's or another connection's id is not valid here. Using a request up is the store's, atomically.
 */
function awaitedOnly(awaited: readonly AwaitedRequest[]): CacheProvider {
  const createdAt = new Map(awaited.map((request) => [request.id, request.createdAt]));
  return {
    saveAsync: () => Promise.resolve(null),
    getAsync: (id) => Promise.resolve(createdAt.get(id) ?? null),
    removeAsync: () => Promise.resolve(null),
  };
}

function saving(save: (id: string) => Promise<void>): CacheProvider['saveAsync'] {
  return async (id) => {
    await save(id);
    return null;
  };
}

const never = (): Promise<null> => Promise.resolve(null);

// From what was posted to an assertion that may be believed, or the rule that refuses it. Pure but for the arithmetic:
// it asks no store and changes nothing, so it can run in a thread of its own.
import { X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { decrypt } from 'xml-encryption';
import type { Expectation } from './expectation.ts';
import { verifier } from './library.ts';
import type { Assertion, SamlResponse } from './message.ts';
import { readAssertion, readResponse } from './message.ts';
import type { Refusal } from './refusal.ts';
import { firstRefusal } from './refusal.ts';
import { ALGORITHM_RULES } from './rules/algorithms.ts';
import { ASSERTION_RULES } from './rules/assertion.ts';
import { MESSAGE_BOUNDS } from './rules/bounds.ts';
import { RESPONSE_RULES } from './rules/response.ts';
import { bareCertificate } from './self-signed.ts';
import { childNamed, descendantsNamed, isNamed, parseBounded, parseXml, xmlOf } from './xml.ts';

export interface Accepted {
  readonly kind: 'accepted';
  readonly response: SamlResponse;
  readonly assertion: Assertion;
  /** SHA-256 fingerprint of the certificate whose key signed. */
  readonly certificate: string;
}

export interface Refused extends Refusal {
  readonly kind: 'refused';
  /** As far as it could be read, and whatever its sender wrote: nothing of it is proven. */
  readonly response: SamlResponse | null;
}

export type Verdict = Accepted | Refused;

export async function verifyResponse(posted: string, expected: Expectation): Promise<Verdict> {
  const xml = decode(posted);
  if (typeof xml !== 'string') return refused(xml, null);
  const parsed = parseXml(xml, MESSAGE_BOUNDS);
  if (parsed.refusal !== null) return refused(parsed.refusal, null);
  const response = readResponse(parsed.root);
  const misfit =
    firstRefusal(RESPONSE_RULES, response, expected) ?? firstRefusal(ALGORITHM_RULES, parsed.root, expected);
  if (misfit !== null) return refused(misfit, response);

  const opened = await decryptionKeyOf(parsed.root, expected);
  if ('rule' in opened) return refused(opened, response);
  const signed = await signedAssertion(xml, parsed.root, response, expected, opened.key);
  if ('rule' in signed) return refused(signed, response);

  const inner = parseBounded(signed.xml);
  if (inner.refusal !== null) return refused(inner.refusal, response);
  const assertion = readAssertion(inner.root);
  const fault = firstRefusal(ASSERTION_RULES, { assertion, answers: response.inResponseTo }, expected);
  if (fault !== null) return refused(fault, response);
  return { kind: 'accepted', response, assertion, certificate: fingerprintOf(signed.certificate) };
}

export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

function refused(refusal: Refusal, response: SamlResponse | null): Refused {
  return { kind: 'refused', rule: refusal.rule, reason: refusal.reason, response };
}

/** Base64 and UTF-8 without a fault: what a decoder would skip or mend is refused. */
function decode(posted: string): string | Refusal {
  const base64 = posted.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { rule: 'isBase64', reason: 'SAMLResponse is not base64' };
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return { rule: 'isUtf8', reason: 'the message is not UTF-8' };
  }
}

/**
 * The key that opens the encrypted assertion; null when none is encrypted. Anybody can encrypt for us, so what comes out
 * is held to the same bounds and algorithms before the library sees it.
 */
async function decryptionKeyOf(
  root: Element,
  { decryptionKeys }: Expectation,
): Promise<{ readonly key: string | null } | Refusal> {
  const encrypted = childNamed(root, 'assertion', 'EncryptedAssertion');
  if (encrypted === null) return { key: null };
  for (const key of decryptionKeys) {
    const plain = await decryptWith(xmlOf(encrypted), key);
    if (plain === null) continue;
    const parsed = parseXml(plain, MESSAGE_BOUNDS);
    if (parsed.refusal !== null) return parsed.refusal;
    if (!isNamed(parsed.root, 'assertion', 'Assertion')) {
      return { rule: 'decryptsToAnAssertion', reason: 'what was encrypted is not an assertion' };
    }
    return firstRefusal(ALGORITHM_RULES, parsed.root, null) ?? { key };
  }
  return {
    rule: 'decrypts',
    reason: 'none of our keys opens the encrypted assertion: give the provider our metadata anew',
  };
}

const decryptAsync = promisify(decrypt);

async function decryptWith(xml: string, key: string): Promise<string | null> {
  try {
    const plain: unknown = await decryptAsync(xml, { key, disallowDecryptionWithInsecureAlgorithm: true });
    return typeof plain === 'string' ? plain : null;
  } catch {
    return null;
  }
}

interface SignedXml {
  /** The bytes that the signature covers, canonical. */
  readonly xml: string;
  readonly certificate: string;
}

/** The library's verdict, asked with one certificate after the other, so that the trace can say whose key it was. */
async function signedAssertion(
  xml: string,
  root: Element,
  response: SamlResponse,
  expected: Expectation,
  decryptionKey: string | null,
): Promise<SignedXml | Refusal> {
  const body = { SAMLResponse: Buffer.from(xml, 'utf8').toString('base64') };
  let reason = 'the provider has no certificate that is trusted';
  for (const certificate of likelyFirst(expected.certificates, root)) {
    const library = verifier(expected, certificate, decryptionKey, response.inResponseTo !== null);
    try {
      const { profile } = await library.validatePostResponseAsync(body);
      const signed = profile?.getAssertionXml?.();
      if (signed !== undefined) return { xml: signed, certificate };
      reason = 'the message holds no signed assertion';
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      // Another certificate can only mend a signature.
      if (!/signature/i.test(reason)) return { rule: 'libraryAccepts', reason };
    }
  }
  return { rule: 'signatureIsValid', reason };
}

/** The certificate that the message itself names, if it is one of ours, saves trying the others. Nothing is trusted by it. */
function likelyFirst(certificates: readonly string[], root: Element): string[] {
  const named = descendantsNamed(root, 'signature', 'X509Certificate')[0]?.textContent?.replaceAll(/\s/g, '');
  const isNamedOne = (pem: string): boolean => bareCertificate(pem) === named;
  return certificates.toSorted((a, b) => Number(isNamedOne(b)) - Number(isNamedOne(a)));
}

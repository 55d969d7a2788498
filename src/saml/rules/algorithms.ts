// Which algorithms may vouch for a message: SHA-1 and 3DES are broken, RSA 1.5 key transport is an oracle, and ECDSA and
// RSA-SHA384 are sound but unknown to the library that verifies.
import type { Rule } from '../refusal.ts';
import { attributeOf, childNamed, descendantsNamed } from '../xml.ts';

const SIGNATURES = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]);
const DIGESTS = new Set(['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512']);
const CIPHERS = new Set([
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
]);
const KEY_TRANSPORTS = new Set(['http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p']);

const SET = 'set the identity provider to RSA-SHA256';

export const ALGORITHM_RULES: readonly Rule<Element, unknown>[] = [
  signatureAlgorithmIsStrong,
  digestAlgorithmIsStrong,
  encryptionIsStrong,
  keyReferenceIsPlain,
];

function signatureAlgorithmIsStrong(root: Element): string | null {
  for (const method of descendantsNamed(root, 'signature', 'SignatureMethod')) {
    const fault = signatureAlgorithmFault(attributeOf(method, 'Algorithm') ?? '');
    if (fault !== null) return fault;
  }
  return null;
}

/** Why a signature by this algorithm is not taken; null when it is. */
export function signatureAlgorithmFault(algorithm: string): string | null {
  if (SIGNATURES.has(algorithm)) return null;
  if (algorithm.endsWith('sha1')) return `signed with SHA-1 (${algorithm}), which can be forged: ${SET}`;
  if (/ecdsa|rsa-sha384/i.test(algorithm)) return `signed with ${algorithm}, which is not supported: ${SET}`;
  return `signed with ${algorithm.slice(0, 200) || 'no algorithm'}, which is not taken: ${SET}`;
}

function digestAlgorithmIsStrong(root: Element): string | null {
  for (const reference of descendantsNamed(root, 'signature', 'Reference')) {
    const method = childNamed(reference, 'signature', 'DigestMethod');
    const algorithm = method === null ? '' : (attributeOf(method, 'Algorithm') ?? '');
    if (!DIGESTS.has(algorithm))
      return `digest by ${algorithm.slice(0, 200) || 'no algorithm'}, not SHA-256 or SHA-512: ${SET}`;
  }
  return null;
}

function encryptionIsStrong(root: Element): string | null {
  for (const data of descendantsNamed(root, 'encryption', 'EncryptedData')) {
    const algorithm = methodOf(data);
    if (!CIPHERS.has(algorithm))
      return `encrypted with ${algorithm.slice(0, 200) || 'no algorithm'}: use AES-GCM or AES-CBC`;
  }
  for (const key of descendantsNamed(root, 'encryption', 'EncryptedKey')) {
    const algorithm = methodOf(key);
    if (!KEY_TRANSPORTS.has(algorithm))
      return `key encrypted with ${algorithm.slice(0, 200) || 'no algorithm'}: use RSA-OAEP (rsa-oaep-mgf1p)`;
  }
  return null;
}

/** The library builds a query from it, and anybody can encrypt for us. */
function keyReferenceIsPlain(root: Element): string | null {
  const methods = descendantsNamed(root, 'signature', 'RetrievalMethod');
  const plain = methods.every((method) => /^#[\w.-]{1,128}$/.test(attributeOf(method, 'URI') ?? ''));
  return plain ? null : 'a RetrievalMethod does not name a key in the message';
}

function methodOf(encrypted: Element): string {
  const method = childNamed(encrypted, 'encryption', 'EncryptionMethod');
  return method === null ? '' : (attributeOf(method, 'Algorithm') ?? '');
}

// Our own key pairs. Node makes keys and no certificates; SAML metadata wants a certificate and looks at its key alone,
// so a self-signed one of the smallest honest form is written here (X.509 v3, RFC 5280, in DER).
import { generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';

export interface MadeKeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM (PKCS #8). */
  readonly privateKey: string;
}

const YEARS = 10;

/** @param name the certificate's common name. */
export async function makeKeyPair(name: string, now: Date): Promise<MadeKeyPair> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const algorithm = sequence(objectId(SHA256_WITH_RSA), NULL);
  const who = sequence(set(sequence(objectId(COMMON_NAME), der(UTF8_STRING, Buffer.from(name.slice(0, 64), 'utf8')))));
  const until = new Date(now);
  until.setUTCFullYear(now.getUTCFullYear() + YEARS);
  const toBeSigned = sequence(
    der(VERSION_TAG, der(INTEGER, Buffer.from([2]))),
    // Positive, and without a leading zero byte that DER forbids.
    der(INTEGER, Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    who,
    sequence(time(now), time(until)),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, der(BIT_STRING, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificate: toPem(certificate),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A certificate in DER, or in base64, as PEM. */
export function toPem(certificate: Buffer | string): string {
  const base64 = typeof certificate === 'string' ? certificate.replaceAll(/\s/g, '') : certificate.toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** The base64 alone. */
export function bareCertificate(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;
const VERSION_TAG = 0xa0;
const NULL = Buffer.from([0x05, 0x00]);
const SHA256_WITH_RSA = '2a864886f70d01010b';
const COMMON_NAME = '550403';

function der(tag: number, content: Buffer): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime up to 2049, GeneralizedTime after it, as RFC 5280 demands. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const early = at.getUTCFullYear() < 2050;
  return der(early ? UTC_TIME : GENERALIZED_TIME, Buffer.from(early ? digits.slice(2) : digits, 'latin1'));
}

// Secrets at rest: AES-256-GCM under a key derived from the installation's secret key, each bound to what it is for, so
// that one can't be put in another's place.
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { RollcallError } from '../errors.ts';

export type SealingKey = KeyObject;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param secret the 32 bytes of `ROLLCALL_SECRET_KEY` or of the key file. */
export function sealingKey(secret: Uint8Array): SealingKey {
  return createSecretKey(
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), 'rollcall stored secrets', KEY_BYTES)),
  );
}

/** @param purpose what the secret is for; `unseal` must be given the same. */
export function seal(key: SealingKey, secret: string, purpose: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose, 'utf8'));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
}

/** @throws RollcallError `config_invalid` when it was sealed with another key, or for something else. */
export function unseal(key: SealingKey, sealed: string, purpose: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(purpose, 'utf8')).setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      `a stored secret (${purpose}) can't be read with this ROLLCALL_SECRET_KEY or key file: put back the key it was stored with`,
      { cause },
    );
  }
}

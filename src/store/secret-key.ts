// The key for secrets at rest: from ROLLCALL_SECRET_KEY, or a file beside the SQLite database, made at first start.
// AES-256-GCM; each secret is bound to what it is for, so that one can't be put in another's place.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RollcallError } from '../errors.ts';

export type SecretKey = KeyObject;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VARIABLE = 'ROLLCALL_SECRET_KEY';

/**
 * @throws RollcallError `config_invalid` when the variable is no key of 32 bytes, or is missing where no file can be made
 * (several processes on Postgres must share one key, so it is never made up there).
 */
export function loadSecretKey(env: Readonly<Record<string, string | undefined>>, databaseUrl: string): SecretKey {
  const written = env[VARIABLE];
  if (written !== undefined && written !== '') return parseKey(written, VARIABLE);
  const file = /^sqlite:(.+)$/.exec(databaseUrl)?.[1];
  if (file === undefined || file === ':memory:') {
    throw new RollcallError('config_invalid', `${VARIABLE} is not set: set it to 32 random bytes in base64`);
  }
  return readOrMakeFile(`${file}.key`);
}

function readOrMakeFile(path: string): SecretKey {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Exclusive: of two processes at first start, one makes the key and the other reads it.
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return parseKey(readFileSync(path, 'utf8'), path);
}

function parseKey(written: string, where: string): SecretKey {
  const text = written.trim();
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder skips what it can't read: a mistyped key must not become another key.
  if (bytes.length !== KEY_BYTES || bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new RollcallError(
      'config_invalid',
      `${where} must be 32 bytes in base64: make one with \`openssl rand -base64 32\``,
    );
  }
  return createSecretKey(bytes);
}

/** @param purpose what the secret is for; `unseal` must be given the same. */
export function seal(key: SecretKey, secret: string, purpose: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose, 'utf8'));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
}

/** @throws RollcallError `config_invalid` when it was sealed with another key, or for something else. */
export function unseal(key: SecretKey, sealed: string, purpose: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(purpose, 'utf8')).setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      `a stored secret (${purpose}) can't be read with this ${VARIABLE} or key file: put back the key it was stored with`,
      { cause },
    );
  }
}

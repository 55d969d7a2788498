// Bearer tokens: long random text that is shown once; only its hash is kept. A hash without salt is enough for a secret
// that nobody can guess.
import { hash, randomBytes } from 'node:crypto';

export function newBearerToken(): string {
  return `rc_scim_${randomBytes(32).toString('base64url')}`;
}

export function bearerTokenHash(token: string): string {
  return hash('sha256', token, 'hex');
}

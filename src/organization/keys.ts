// Keys for one purpose each, derived from the installation's one secret key, so that none can be used as another. And
// the tokens that are kept as a hash only.
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export interface Keys {
  /** Signs the JWTs of personal access tokens. */
  readonly tokens: Uint8Array;
  /** Derives the tokens of invitation links from their serials. */
  readonly invitations: Uint8Array;
}

/** @param secret the 32 bytes of `ROLLCALL_SECRET_KEY` or of the key file. */
export function deriveKeys(secret: Uint8Array): Keys {
  const derive = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), `rollcall ${purpose}`, 32));
  return { tokens: derive('api tokens'), invitations: derive('invitation links') };
}

/** 256 random bits, in a form that fits into an address. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token. A plain hash is enough: nobody guesses 256 random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The token of an invitation link: the same as often as it is shown, and not to be had from the database alone. */
export function invitationToken(keys: Keys, organization: string, serial: string): string {
  return createHmac('sha256', keys.invitations).update(`${organization} ${serial}`).digest('base64url');
}

// Personal access tokens are JWTs: a refresh token that is shown once, and the access tokens that it is exchanged for.
// A signature says that we made it; whether it is good still is looked up each time, so that one can be ended at once.
import { jwtVerify, SignJWT } from 'jose';
import { MINUTE_MS } from '../core/instant.ts';
import type { Instant } from '../core/ids.ts';
import type { Keys } from './keys.ts';

export const ACCESS_MS = 5 * MINUTE_MS;

const ALGORITHM = 'HS256';
const ISSUER = 'rollcall';
/** Longer than any of ours; what is longer is not looked at. */
const LONGEST = 1024;

export type JwtUse = 'refresh' | 'access';

/** @param token the id of the stored token that it stands for. */
export async function signJwt(
  keys: Keys,
  use: JwtUse,
  token: string,
  { at, expiresAt }: { readonly at: Instant; readonly expiresAt: Instant },
): Promise<string> {
  return new SignJWT({ token_type: use })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setJti(token)
    .setIssuedAt(new Date(at))
    .setExpirationTime(new Date(expiresAt))
    .sign(keys.tokens);
}

/** The id of the token that a JWT of ours stands for, and for what it may be used; null for everything else. */
export async function readJwt(
  keys: Keys,
  jwt: string,
  at: Instant,
): Promise<{ readonly use: JwtUse; readonly token: string; readonly expired: boolean } | null> {
  if (jwt.length > LONGEST) return null;
  // The time is judged here: an expired one is still known for what it is, so that the caller can be told.
  const verified = await jwtVerify(jwt, keys.tokens, {
    algorithms: [ALGORITHM],
    issuer: ISSUER,
    currentDate: new Date(0),
  }).catch(() => null);
  const { token_type: use, jti, exp } = verified?.payload ?? {};
  if ((use !== 'refresh' && use !== 'access') || jti === undefined || exp === undefined) return null;
  return { use, token: jti, expired: exp * 1000 <= Date.parse(at) };
}

/** Whether it has the form of a JWT, whoever made it. */
export function looksLikeJwt(text: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);
}

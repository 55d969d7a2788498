// Who asks: the bearer token names the connection. Decided before a byte of the body is read; a wrong, revoked or
// expired token is 401, a connection that is paused or closed 403.
import type { Request } from 'express';
import { bearerTokenHash } from '../connection/bearer-token.ts';
import { ScimError } from '../scim/scim-error.ts';
import type { Instant } from '../core/ids.ts';
import { findScimCaller, touchScimToken } from '../store/scim-tokens.ts';
import type { ScimToken } from '../store/scim-tokens.ts';
import type { Sync } from '../sync/context.ts';
import type { Caller } from './scim-door.ts';

/** "Last used" is written no more often than that. */
const TOUCH_MS = 60_000;

/** @throws ScimError 401 or 403 */
export async function authenticate({ db, now }: Sync, request: Request): Promise<Caller> {
  const [, text] = /^Bearer +([^\s]{1,512})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (text === undefined) {
    throw new ScimError(401, null, "send the connection's token as `Authorization: Bearer TOKEN`");
  }
  const found = await findScimCaller(db, bearerTokenHash(text));
  const at = now();
  if (found === null || hasEnded(found.token, at)) {
    throw new ScimError(
      401,
      null,
      'the token is not known, was revoked or has expired: make one with `rollcall token`',
    );
  }
  const { token, kind, state } = found;
  const { connection } = token;
  if (kind !== 'scim' || state === 'closed') {
    throw new ScimError(403, null, `the connection ${connection} is closed`);
  }
  if (state === 'paused') {
    throw new ScimError(
      403,
      null,
      `the connection ${connection} is paused: \`rollcall connections activate ${connection}\``,
    );
  }
  if (token.lastUsedAt === null || Date.parse(at) - Date.parse(token.lastUsedAt) >= TOUCH_MS) {
    await touchScimToken(db, token.id, at);
  }
  return { connection, token: token.id };
}

function hasEnded({ revokedAt, expiresAt }: ScimToken, at: Instant): boolean {
  return revokedAt !== null || (expiresAt !== null && expiresAt <= at);
}

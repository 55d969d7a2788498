// The cookie that names the browser that asked: an answer brought by another browser finds no request of its own, so
// nobody can be signed in to somebody else's account by being sent there. And the connection used last, for the sign-in
// page to offer first.
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { ConnectionId } from '../core/ids.ts';

const LIFETIME_MS = 30 * 60_000;

/** The browser's name, given now if it has none. */
export function nameBrowser(request: Request, response: Response, publicUrl: string): string {
  const browser = browserOf(request, publicUrl) ?? randomBytes(24).toString('base64url');
  const secure = isSecure(publicUrl);
  response.cookie(cookieName(publicUrl), browser, {
    httpOnly: true,
    path: '/',
    maxAge: LIFETIME_MS,
    secure,
    // The answer is posted from the provider's site: only `None` comes along, and browsers take that with Secure alone.
    ...(secure ? { sameSite: 'none' as const } : {}),
  });
  return browser;
}

/** Null when the request carries no name, or one that is not ours. */
export function browserOf(request: Request, publicUrl: string): string | null {
  const value = cookieIn(request, cookieName(publicUrl));
  return value !== null && /^[\w-]{32}$/.test(value) ? value : null;
}

const WAY = 'rollcall-way';
const WAY_LIFETIME_MS = 365 * 86_400_000;

/** Remembers the connection by which somebody got in here. */
export function rememberWay(response: Response, connection: ConnectionId, publicUrl: string): void {
  response.cookie(WAY, connection, {
    httpOnly: true,
    path: '/',
    maxAge: WAY_LIFETIME_MS,
    secure: isSecure(publicUrl),
    sameSite: 'lax',
  });
}

/** The connection used last in this browser; whether it still exists is for the caller to look up. */
export function rememberedWay(request: Request): string | null {
  const value = cookieIn(request, WAY);
  return value !== null && /^[\w.-]{1,100}$/.test(value) ? value : null;
}

function cookieIn(request: Request, name: string): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}

/** `__Host-`: no other host of the domain can set it for us. */
function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-rollcall-saml' : 'rollcall-saml';
}

/** Browsers take loopback for secure, whatever its scheme. */
function isSecure(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

// The cookie that names the browser that asked: an answer brought by another browser finds no request of its own, so
// nobody can be signed in to somebody else's account by being sent there.
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';

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
  const name = cookieName(publicUrl);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && /^[\w-]{32}$/.test(value)) return value;
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

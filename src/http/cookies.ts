// The cookies of a browser: the session; before one, the visit that a form's token is bound to; and the arrival, a
// session that single sign-on has just opened. None is readable to scripts, and over https no other site of the domain
// can plant them (`__Host-`).
import type { Request, Response } from 'express';

export interface CookieSettings {
  /** The site is reached over https. */
  readonly secure: boolean;
}

export type CookieName = 'session' | 'visit' | 'arrival';

/** A 256-bit token in base64url. Anything else was not given by us. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** Browsers send few cookies to a site; whoever sends more is not read to the end. */
const MOST = 50;

function nameOf(cookie: CookieName, { secure }: CookieSettings): string {
  return `${secure ? '__Host-' : ''}rollcall-${cookie}`;
}

export function readCookie(request: Request, cookie: CookieName, settings: CookieSettings): string | null {
  const name = nameOf(cookie, settings);
  for (const pair of (request.headers.cookie ?? '').split(';', MOST)) {
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1).trim();
    if (at > 0 && pair.slice(0, at).trim() === name && TOKEN.test(value)) return value;
  }
  return null;
}

/** @param expires until when the browser keeps it; null: until it is closed. */
export function setCookie(
  response: Response,
  cookie: CookieName,
  value: string,
  settings: CookieSettings & { readonly expires: Date | null },
): void {
  response.cookie(nameOf(cookie, settings), value, {
    ...attributes(settings),
    ...(settings.expires === null ? {} : { expires: settings.expires }),
  });
}

export function clearCookie(response: Response, cookie: CookieName, settings: CookieSettings): void {
  response.clearCookie(nameOf(cookie, settings), attributes(settings));
}

function attributes({ secure }: CookieSettings) {
  // Lax, not strict: whoever comes back from the identity provider, or follows a link in a mail, is signed in.
  return { httpOnly: true, sameSite: 'lax' as const, secure, path: '/' };
}

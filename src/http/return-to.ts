// Where a sign-in leads back to: only a page of this site, however the address is written (design.md section 5).

/** Longer than any page of ours; a browser sends no longer ones. */
const LONGEST = 2048;

/** Pages that lead here again, or out. */
const LOOPS = /^\/user\/(login|logout)(\/|\?|#|$)/i;

/** The path if it is one of this site, else `/`. */
export function returnPath(wish: unknown): string {
  if (typeof wish !== 'string' || wish.length > LONGEST) return '/';
  // `//host` and `/\host` name another host; browsers drop tabs and line breaks before they look.
  if (!wish.startsWith('/') || /^\/[/\\]|[\\\p{Cc}]/u.test(wish) || LOOPS.test(wish)) return '/';
  const base = 'http://site.invalid';
  if (!URL.canParse(wish, base)) return '/';
  const { origin, pathname } = new URL(wish, base);
  return origin === base && !pathname.startsWith('//') ? wish : '/';
}

/** The sign-in page that leads back to the page asked for. */
export function signInPath(page: string): string {
  const back = returnPath(page);
  return back === '/' ? '/user/login' : `/user/login?return_to=${encodeURIComponent(back)}`;
}

// Where a sign-in may lead: a path of this site, or an address below one that the connection lists. Anything else counts
// as `/`: an open redirect lends our name to whoever writes the link.

/**
 * @param allowed addresses of the connection's `returnTo`.
 * @returns a path of this site, or an allowed address; `/` for everything else.
 */
export function returnAddress(asked: string | null, allowed: readonly string[]): string {
  if (asked === null || asked === '' || asked.length > LONGEST) return '/';
  // Browsers drop tabs and line breaks, and read \ as /: what is checked must be what they will read.
  if (/[\p{Cc}\s\\]/u.test(asked)) return '/';
  if (asked.startsWith('/')) return ownPath(asked);
  if (!URL.canParse(asked)) return '/';
  const url = new URL(asked);
  return allowed.some((entry) => isBelow(url, new URL(entry))) ? url.href : '/';
}

const LONGEST = 2048;

/** `//evil.example` and `/x/..//evil.example` are other sites to a browser. */
function ownPath(asked: string): string {
  const here = 'http://here.invalid';
  const url = URL.canParse(asked, here) ? new URL(asked, here) : null;
  if (url === null || url.origin !== here || url.pathname.startsWith('//')) return '/';
  return `${url.pathname}${url.search}${url.hash}`;
}

/** `https://app.acme.example` allows `https://app.acme.example/x`, and not `https://app.acme.example.evil.example`. */
function isBelow(url: URL, entry: URL): boolean {
  if (url.origin !== entry.origin || url.username !== '' || url.password !== '') return false;
  const path = entry.pathname.endsWith('/') ? entry.pathname : `${entry.pathname}/`;
  return url.pathname === entry.pathname || url.pathname.startsWith(path);
}

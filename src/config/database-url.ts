// Where the data live: `sqlite:` and a path relative to the configuration file, or a Postgres address.
import { resolve } from 'node:path';

/** The address with an absolute path, or what is wrong with it. Messages never repeat it: it may hold a password. */
export function readDatabaseUrl(text: string, directory: string): { url: string } | { fault: string } {
  if (/^postgres(ql)?:\/\//.test(text)) {
    const url = parsed(text);
    if (url === null) return { fault: 'is not a postgres:// address that can be read' };
    // Left out, it would be whatever database has the name of the user.
    if (url.pathname.length < 2) return { fault: 'must name a database: postgres://user@host/rollcall' };
    return { url: text };
  }
  if (!text.startsWith('sqlite:')) return { fault: 'must begin with sqlite: or postgres://' };
  const path = text.slice('sqlite:'.length).replace(/^\/\//, '');
  if (path === '') return { fault: 'must name a file: sqlite:./data/rollcall.db' };
  // What was acknowledged would be gone with the process (law 12).
  if (path === ':memory:') return { fault: 'must name a file: a database in memory is lost when the process ends' };
  return { url: `sqlite:${resolve(directory, path)}` };
}

/** Whether an address carries a password: of its user, or (Postgres) as a parameter. */
export function hasPassword(text: string): boolean {
  const url = parsed(text);
  return url !== null && (url.password !== '' || url.searchParams.has('password'));
}

/** A user without a host is at a socket that `?host=` names; URL knows no such address, Postgres does. */
function parsed(text: string): URL | null {
  return URL.parse(text.replace('@/', '@localhost/'));
}

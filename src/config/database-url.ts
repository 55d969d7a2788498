// Where the data live: `sqlite:` and a path relative to the configuration file, or a Postgres address.
import { resolve } from 'node:path';

/** The address with an absolute path, or what is wrong with it. Messages never repeat it: it may hold a password. */
export function readDatabaseUrl(text: string, directory: string): { url: string } | { fault: string } {
  if (/^postgres(ql)?:\/\//.test(text)) {
    return URL.canParse(text) ? { url: text } : { fault: 'is not a postgres:// address that can be read' };
  }
  if (!text.startsWith('sqlite:')) return { fault: 'must begin with sqlite: or postgres://' };
  const path = text.slice('sqlite:'.length).replace(/^\/\//, '');
  if (path === '') return { fault: 'must name a file: sqlite:./data/rollcall.db' };
  // What was acknowledged would be gone with the process (law 12).
  if (path === ':memory:') return { fault: 'must name a file: a database in memory is lost when the process ends' };
  return { url: `sqlite:${resolve(directory, path)}` };
}

/** Whether an address carries a password: of its user, or (Postgres) as a parameter. */
export function hasPassword(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { password, searchParams } = new URL(url);
  return password !== '' || searchParams.has('password');
}

// Signing in by search and bind: the directory is asked, with the sync's own settings, for the one entry that has the
// login name, and then whether it takes the password for that entry. A password goes to one server, once: each further
// try would count against the account. What the directory says of the person becomes a reading like any other.
import type { Filter } from '../connection/filter.ts';
import { parseFilter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import { isAddress } from '../core/fact.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { DirectoryItem, PushReading } from '../core/reading.ts';
import { isDirectoryFailure } from './directory.ts';
import type { Entry } from './entry.ts';
import { FactReader } from './fact-reader.ts';
import { groupsOf } from './groups-of.ts';
import { type Limits, PagedSearch } from './paged-search.ts';
import { personAttributes } from './requested.ts';
import type { LdapSecrets } from './secrets.ts';
import type { ServerKind } from './server-kinds.ts';
import { openSession, type Session } from './session.ts';
import { Trial } from './trial.ts';
import { RunEnd } from './wire/patience.ts';
import { CODE, refused } from './wire/result-code.ts';

export interface SignInRequest {
  readonly connection: ConnectionId;
  readonly settings: LdapSettings;
  readonly secrets: LdapSecrets;
  readonly at: Instant;
}

export type SignInAnswer =
  | {
      readonly kind: 'known';
      readonly externalId: string;
      readonly reading: PushReading;
      /** Why the reading does not say all that it could, for the log; null where it does. */
      readonly shortfall: string | null;
    }
  /** The directory does not have the name. */
  | { readonly kind: 'nobody' }
  /** It has the name, and does not let it in with this password; `fault` where that is the entry's fault, for the log. */
  | { readonly kind: 'wrong'; readonly fault: string | null }
  /** It could not be asked. `barred`: it refused the connection itself, and will refuse it again. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly barred: boolean };

type Person = Extract<DirectoryItem, { readonly kind: 'person' }>;

/** Longer than any that people type; a server need not be asked. */
const LONGEST_PASSWORD = 1024;

/** @throws RollcallError `config_invalid` where the connection's own settings are at fault. */
export async function signInAt(
  request: SignInRequest,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<SignInAnswer> {
  // A server that reads text up to the first NUL would take what stands before it, and nothing is a password for nobody.
  if (password === '' || password.includes('\0') || password.length > LONGEST_PASSWORD) return WRONG;
  if (name.trim() === '' || /\p{Cc}/u.test(name)) return { kind: 'nobody' };
  let session: Session | null = null;
  let trial: Trial | null = null;
  try {
    session = await openSession(request);
    // Before it is known whether it is needed, so that a name that nobody has takes as long as one that somebody has.
    trial = await Trial.open(session, request);
    return await ask(session, trial, request, { name, password });
  } catch (error) {
    if (!isDirectoryFailure(error)) throw error;
    return {
      kind: 'unavailable',
      reason: error.message,
      barred: session === null && error.code === 'directory_refused',
    };
  } finally {
    await Promise.all([session?.link.close(), trial?.close()]);
  }
}

const WRONG = { kind: 'wrong', fault: null } as const;

async function ask(
  session: Session,
  trial: Trial,
  request: SignInRequest,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<SignInAnswer> {
  const { settings, connection, at } = request;
  const limits = { pageSeconds: settings.timeouts.page, end: new RunEnd(settings.timeouts.page, 'timeouts.page') };
  const found = await entriesNamed(session, settings, name, limits);
  if (found.count === 0) return { kind: 'nobody' };
  if (found.entry === null) {
    return { kind: 'wrong', fault: 'a login name belongs to several entries, or to one that cannot be read' };
  }
  const { entry } = found;
  const { person, skipped } = personIn(
    entry,
    new FactReader({ settings, kind: session.kind, at, groupsWithoutList: NONE }),
  );
  if (person === null) return { kind: 'wrong', fault: skipped };
  const { server } = session.link;
  const result = await trial.bind(entry.dn, password);
  if (REFUSES_THE_PASSWORD.has(result.code)) return WRONG;
  if (result.code !== CODE.success) throw refused('bind', `${server} takes nobody's password`, result);
  const { active, attributes, externalId } = person;
  const { direct, groups, joins, shortfall } = await groupsOf(session, { settings, at, entry, person, limits });
  return {
    kind: 'known',
    externalId,
    shortfall,
    reading: {
      kind: 'push',
      connection,
      at,
      people: [{ externalId, active, attributes, groups: direct }],
      groups,
      joins,
      leaves: [],
      peopleGone: [],
      groupsGone: [],
    },
  };
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Beside "invalid credentials": constraint violation and unwilling to perform (389: locked, inactivated), no such object
 * (just deleted), inappropriate authentication and insufficient access (an entry that cannot be bound to).
 */
const REFUSES_THE_PASSWORD: ReadonlySet<number> = new Set([CODE.invalidCredentials, 19, CODE.noSuchObject, 48, 50, 53]);

/** How many entries have the name, as far as it matters, and the one if it is one. */
async function entriesNamed(
  { link, kind }: Session,
  settings: LdapSettings,
  name: string,
  limits: Limits,
): Promise<{ readonly count: number; readonly entry: Entry | null }> {
  const { base, filter } = settings.users;
  link.step = 'people';
  const question = {
    title: `the search below "${base}" for a login name`,
    base,
    filter: { kind: 'and', filters: [parseFilter(filter), loginFilter(settings, kind, name)] } as const,
    attributes: personAttributes(settings, kind, true),
  };
  let count = 0;
  let first: Entry | null = null;
  for await (const { entries, skipped } of new PagedSearch(link, question, limits).batches()) {
    first ??= entries[0] ?? null;
    count += entries.length + skipped.length;
    if (count > 1) break;
  }
  return { count, entry: count === 1 ? first : null };
}

/** What was typed is a value in the tree of the filter, never a part of its text: it cannot become another filter. */
export function loginFilter({ users }: LdapSettings, { person }: ServerKind, name: string): Filter {
  const { userName, email } = users.attributes;
  const attributes = [
    ...(userName === null ? person.userName : [userName]),
    // A mail is often the person's own to change: only an address is looked for there, never another's user name.
    ...(isAddress(name) ? (email === null ? person.email : [email]) : []),
  ];
  const value = Buffer.from(name);
  return { kind: 'or', filters: attributes.map((attribute) => ({ kind: 'equal', attribute, value })) };
}

/** The person that the sync would read in the entry, or why it would read none. */
function personIn(
  entry: Entry,
  reader: FactReader,
): { readonly person: Person | null; readonly skipped: string | null } {
  for (const item of reader.person(entry)) {
    if (item.kind === 'person') return { person: item, skipped: null };
    if (item.kind === 'skipped') return { person: null, skipped: `"${item.skipped.at}": ${item.skipped.reason}` };
  }
  return { person: null, skipped: null };
}

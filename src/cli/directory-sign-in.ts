// The directories that sign people in: the declared LDAP connections that are active, asked in the declared order. The
// first that has the name decides; one that is paused, observed or closed is not asked. Whoever is asked is shown the
// password: an organization's own directory is asked only for addresses that it may speak for, or for plain user names
// where no other directory signs anybody in.
import type { Config } from '../config/config.ts';
import { exposedServer } from '../connection/ldap.ts';
import type { Environment } from '../connection/secret.ts';
import type { Connection } from '../core/connection.ts';
import { RollcallError } from '../errors.ts';
import { resolveLdapSecrets } from '../ldap/secrets.ts';
import { type SignInAnswer, signInAt } from '../ldap/sign-in.ts';
import type { DirectoryAnswer, DirectorySignIn } from '../organization/context.ts';
import { findConnection } from '../store/connections.ts';
import type { Sync } from '../sync/context.ts';
import { speaksFor } from '../sync/join.ts';
import type { LdapConnection } from './readings.ts';

export interface SignInSurroundings {
  readonly connections: Config['connections'];
  readonly sync: Sync;
  readonly env: Environment;
  /** Never told what somebody typed. */
  readonly log: (line: string) => void;
}

type Login = Parameters<DirectorySignIn['signIn']>[0];

/** Null where no declared connection can sign anybody in. */
export function directorySignIn({ connections, ...rest }: SignInSurroundings): DirectorySignIn | null {
  const directories = connections.flatMap((connection) => {
    if (connection.kind !== 'ldap') return [];
    const exposed = exposedServer(connection.settings);
    if (exposed === null) return [new DirectoryDoor(connection, rest)];
    rest.log(
      `sign-in: ${connection.id} signs nobody in, since ${exposed} would be sent passwords unencrypted: use ldaps://, or startTls: true, or insecurePlainLdap: true to allow it`,
    );
    return [];
  });
  return directories.length === 0 ? null : { signIn: async (login) => firstThatKnows(directories, login) };
}

async function firstThatKnows(directories: readonly DirectoryDoor[], login: Login): Promise<DirectoryAnswer> {
  let unavailable = false;
  const only = directories.length === 1;
  for (const directory of directories) {
    const answer = await directory.ask(login, only);
    if (answer.kind === 'known') return { ...answer, connection: directory.id };
    if (answer.kind === 'wrong') return { kind: 'wrong' };
    unavailable ||= answer.kind === 'unavailable';
  }
  // Whoever is not found while a directory is silent may well be in that one.
  return { kind: unavailable ? 'unavailable' : 'wrong' };
}

/** Sign-ins that one directory is asked for at once; while it is slow they wait, and each holds two connections. */
const AT_ONCE = 50;
/**
 * For so long a directory is not asked that has refused the connection's own bind: with a wrong bindPassword each sign-in
 * would be one more failure of that account, until it is locked for the sync too.
 */
const BARRED_MS = 60_000;

type Outcome = SignInAnswer | { readonly kind: 'unavailable' };

async function mayBeAsked(sync: Sync, connection: Connection, name: string, only: boolean): Promise<boolean> {
  if (connection.organization === null || (only && !name.includes('@'))) return true;
  return speaksFor(sync.db, connection, name);
}

class DirectoryDoor {
  readonly #connection: LdapConnection;
  readonly #surroundings: Omit<SignInSurroundings, 'connections'>;
  #asking = 0;
  #barredUntil = 0;

  constructor(connection: LdapConnection, surroundings: Omit<SignInSurroundings, 'connections'>) {
    this.#connection = connection;
    this.#surroundings = surroundings;
  }

  get id(): LdapConnection['id'] {
    return this.#connection.id;
  }

  /** @param only whether no other directory could be meant. */
  async ask(login: Login, only: boolean): Promise<Outcome> {
    const { sync } = this.#surroundings;
    const stored = await findConnection(sync.db, this.id);
    if (stored?.state !== 'active' || !(await mayBeAsked(sync, stored, login.name, only))) return { kind: 'nobody' };
    if (performance.now() < this.#barredUntil) return { kind: 'unavailable' };
    if (this.#asking >= AT_ONCE) {
      throw new RollcallError('busy', 'too many people sign in at this moment: try again', { retryAfterMs: 5000 });
    }
    this.#asking += 1;
    try {
      return this.#told(await this.#signIn(login));
    } finally {
      this.#asking -= 1;
    }
  }

  async #signIn(login: Login): Promise<SignInAnswer> {
    const { sync, env } = this.#surroundings;
    const { id, settings } = this.#connection;
    try {
      const secrets = resolveLdapSecrets(settings, env);
      return await signInAt({ connection: id, settings, secrets, at: sync.now() }, login);
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'config_invalid') throw error;
      return { kind: 'unavailable', reason: error.message, barred: false };
    }
  }

  #told(answer: SignInAnswer): SignInAnswer {
    const said = (what: string): void => this.#surroundings.log(`sign-in: ${this.id}: ${what}`);
    if (answer.kind === 'unavailable') {
      if (answer.barred) this.#barredUntil = performance.now() + BARRED_MS;
      said(`${answer.reason}${answer.barred ? '; it is not asked again for a minute' : ''}`);
    }
    if (answer.kind === 'wrong' && answer.fault !== null) said(answer.fault);
    if (answer.kind === 'known' && answer.shortfall !== null)
      said(`somebody's groups are as they were: ${answer.shortfall}`);
    return answer;
  }
}

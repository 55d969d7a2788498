// Directories as this process reads them: the declared LDAP connections, with their secrets looked up at each run.
import type { Config, DeclaredConnection } from '../config/config.ts';
import type { Environment } from '../connection/secret.ts';
import type { Instant } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { readDirectory } from '../ldap/directory.ts';
import { resolveLdapSecrets } from '../ldap/secrets.ts';
import type { OnStep } from '../ldap/session.ts';
import type { Scheduled } from '../sync/schedule.ts';

export type LdapConnection = Extract<DeclaredConnection, { readonly kind: 'ldap' }>;

/** @throws RollcallError `config_invalid` when a secret cannot be had. */
export function readingOf(
  { id, settings }: LdapConnection,
  env: Environment,
  at: Instant,
  told: { readonly onStep?: OnStep; readonly signal?: AbortSignal } = {},
): DirectoryReading {
  return readDirectory({ connection: id, settings, secrets: resolveLdapSecrets(settings, env), at, ...told });
}

/** The connections that the schedule reads. */
export function scheduledReadings(connections: Config['connections'], env: Environment): Scheduled[] {
  return connections.flatMap((connection) => {
    if (connection.kind !== 'ldap' || connection.settings.schedule === null) return [];
    const read: Scheduled['read'] = (at, signal) => readingOf(connection, env, at, { signal });
    return [{ connection: connection.id, cron: connection.settings.schedule, read }];
  });
}

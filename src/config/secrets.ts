// Whether the secrets of a configuration can be had, and whether they lie open. No message repeats a secret.
import { type Environment, resolveSecret, type SecretRef } from '../connection/secret.ts';
import { RollcallError } from '../errors.ts';
import { hasPassword } from './database-url.ts';
import { dotted, type Path } from './document.ts';
import type { Finding, Findings } from './finding.ts';
import type { ChannelItem, ConnectionItem, Parts } from './read.ts';

/** Whose secrets must be there: everything that runs, nothing but the database, or these connections. */
export type SecretsNeeded = 'all' | 'none' | readonly string[];

interface Placed {
  readonly path: Path;
  readonly ref: SecretRef;
}

export function checkSecrets(
  parts: Parts,
  needed: SecretsNeeded,
  env: Environment,
  readFile: (path: string) => string,
): Findings {
  const faults: Finding[] = [];
  const warnings: Finding[] = [];
  const tokens = new Map<string, Path>();
  for (const connection of parts.connections) {
    for (const { path, ref } of secretsIn(connection.readable, connection.path)) {
      if (!isNeeded(connection, needed)) continue;
      const secret = tryResolve(ref, env, readFile);
      if ('fault' in secret) {
        // What is paused reads nothing, so it needs its secret only when somebody lets it go on.
        const paused = needed === 'all' && connection.fields.state === 'paused';
        (paused ? warnings : faults).push({ path, message: secret.fault });
      } else if (connection.fields.kind === 'scim' && path.at(-1) === 'token') {
        const first = tokens.get(secret.value);
        if (first === undefined) tokens.set(secret.value, path);
        else
          faults.push({
            path,
            message: `is the token of ${dotted(first, '')} too, and the token names the connection`,
          });
      }
    }
  }
  if (needed === 'all') {
    for (const { path, ref } of [...secretsOfMail(parts), ...parts.escalation.flatMap(secretsOfChannel)]) {
      const secret = tryResolve(ref, env, readFile);
      if ('fault' in secret) faults.push({ path, message: secret.fault });
    }
  }
  return { faults, warnings };
}

/** Secrets written into a file that others than its owner can read. */
export function warnOfOpenSecrets(parts: Parts, file: string): readonly Finding[] {
  const database = parts.databaseUrl;
  const inDatabase = database?.kind === 'value' && hasPassword(database.value) ? [['database', 'url']] : [];
  const inConnections = parts.connections.flatMap(({ readable, path }) => secretsIn(readable, path)).filter(isOpen);
  const inChannels = [...secretsOfMail(parts), ...parts.escalation.flatMap(secretsOfChannel)].filter(isOpen);
  return [...inDatabase, ...[...inConnections, ...inChannels].map(({ path }) => path)].map((path) => ({
    path,
    message: `stands in clear text in a file that others can read: chmod 600 ${file}, or write { env: NAME } or { file: PATH }`,
  }));
}

function isOpen({ ref, path }: Placed): boolean {
  if (ref.kind !== 'value') return false;
  // Certificates are public, and an address of a mail server is a secret only when it holds a password.
  if (path.at(-1) === 'ca') return false;
  return path.at(-1) !== 'smtp' || hasPassword(ref.value);
}

function isNeeded(connection: ConnectionItem, needed: SecretsNeeded): boolean {
  if (needed === 'all') return true;
  return needed !== 'none' && connection.named !== null && needed.includes(connection.named);
}

export function tryResolve(
  ref: SecretRef,
  env: Environment,
  readFile: (path: string) => string,
): { readonly value: string } | { readonly fault: string } {
  try {
    return { value: resolveSecret(ref, env, readFile) };
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    return { fault: `cannot be had: ${error.message}` };
  }
}

function secretsOfMail({ mailServer }: Parts): readonly Placed[] {
  return mailServer === null ? [] : [{ path: ['mail', 'smtp'], ref: mailServer }];
}

function secretsOfChannel({ path, readable }: ChannelItem): readonly Placed[] {
  return secretsIn(readable, path);
}

/** Whatever has the shape of a reference, however deep; so a setting that is added later is looked at too. */
function secretsIn(value: unknown, path: Path): readonly Placed[] {
  if (typeof value !== 'object' || value === null) return [];
  const ref = asReference(value);
  if (ref !== null) return [{ path, ref }];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...path, key]));
}

function asReference(value: object): SecretRef | null {
  if (!('kind' in value)) return null;
  if (value.kind === 'value' && 'value' in value && typeof value.value === 'string') {
    return { kind: 'value', value: value.value };
  }
  if (value.kind === 'env' && 'name' in value && typeof value.name === 'string')
    return { kind: 'env', name: value.name };
  if (value.kind === 'file' && 'path' in value && typeof value.path === 'string')
    return { kind: 'file', path: value.path };
  return null;
}

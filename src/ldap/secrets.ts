// The secrets of an LDAP connection, had at the moment of a run: a password that was changed on the server is changed
// in one place, and no setting keeps it.
import { readFileSync } from 'node:fs';
import type { LdapSettings } from '../connection/ldap.ts';
import { type Environment, resolveSecret } from '../connection/secret.ts';
import { requireCertificates } from './wire/dial.ts';

export interface LdapSecrets {
  readonly bindPassword: string | null;
  /** Certificates in PEM. */
  readonly ca: string | null;
}

/** @throws RollcallError `config_invalid` when a secret cannot be had, is empty, or the CA is no certificate. */
export function resolveLdapSecrets(
  settings: Pick<LdapSettings, 'bindPassword' | 'tls'>,
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): LdapSecrets {
  const { bindPassword, tls } = settings;
  const ca = tls.ca === null ? null : resolveSecret(tls.ca, env, readFile);
  if (ca !== null) requireCertificates(ca);
  return { bindPassword: bindPassword === null ? null : resolveSecret(bindPassword, env, readFile), ca };
}

// Reads a live server, real or scripted, as `sync` does, and gathers what the reading says.
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { DirectoryReading } from '../../src/core/reading.ts';
import { readDirectory } from '../../src/ldap/directory.ts';
import { type LdapSecrets, resolveLdapSecrets } from '../../src/ldap/secrets.ts';
import type { OnStep } from '../../src/ldap/session.ts';
import { GROUPS, gather, type Overrides, type Said, USERS } from './exported.ts';

export interface LiveRead extends Said {
  /** What each step found, as `step: found`. */
  readonly steps: readonly string[];
  readonly reading: DirectoryReading;
}

export async function readLive(url: string | readonly string[], overrides: Overrides = {}): Promise<LiveRead> {
  const steps: string[] = [];
  const reading = liveReading(url, overrides, { onStep: ({ step, found }) => steps.push(`${step}: ${found}`) });
  return { ...(await gather(reading)), steps, reading };
}

export function liveReading(
  url: string | readonly string[],
  overrides: Overrides = {},
  more: { readonly onStep?: OnStep; readonly secrets?: LdapSecrets } = {},
): DirectoryReading {
  const settings = ldapSettings.parse({
    url,
    ...overrides,
    users: { ...USERS, ...overrides.users },
    groups: { ...GROUPS, ...overrides.groups },
  });
  const secrets = more.secrets ?? resolveLdapSecrets(settings, {});
  return readDirectory({
    ...more,
    connection: 'corp' as ConnectionId,
    settings,
    secrets,
    at: '2026-11-25T12:00:00.000Z',
  });
}

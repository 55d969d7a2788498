// Corp, a real OpenLDAP server whose people sign in at a site: Acme takes its roles from the directory's groups.
import { dnKey } from '../../src/connection/dn.ts';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import { directorySignIn } from '../../src/cli/directory-sign-in.ts';
import type { LdapConnection } from '../../src/cli/readings.ts';
import { readDirectory } from '../../src/ldap/directory.ts';
import { resolveLdapSecrets } from '../../src/ldap/secrets.ts';
import { runDirectory, type RunOptions, type RunResult } from '../../src/sync/directory-run.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import type { SlapdOptions } from '../support/slapd.ts';
import { Slapd } from '../support/slapd.ts';
import { group, GROUPS, type Overrides, person, record, ROOTS, USERS } from '../ldap/exported.ts';
import type { Site } from './site.ts';
import { openSite } from './site.ts';

export const corp = 'corp' as ConnectionId;
export const DIRECTORY_PASSWORD = 'of the directory';

const READER = 'cn=reader,dc=corp';

/** A person of the directory who can bind; the server gives the entryUUID. */
export function employee(uid: string, more: Parameters<typeof person>[1] = {}, dn?: string): string {
  return person(uid, { userPassword: DIRECTORY_PASSWORD, entryUUID: [], entryCSN: [], ...more }, dn);
}

export function team(cn: string, more: Parameters<typeof group>[1]): string {
  return group(cn, { entryUUID: [], entryCSN: [], ...more });
}

export const dnOf = (uid: string): string => `uid=${uid},ou=people,dc=corp`;
export const groupDn = (cn: string): string => `cn=${cn},ou=groups,dc=corp`;

/** Leo is in `staff`, Nina only in `night`, which is in `leads`, which is in itself by a circle; `Zoë` is in nothing. */
export const PEOPLE =
  employee('leo') +
  employee('nina') +
  employee('jürgen', { mail: 'juergen@corp.example', userPassword: 'größer als 8' }) +
  team('staff', { member: [dnOf('leo'), dnOf('jürgen')] }) +
  team('night', { member: [dnOf('nina'), groupDn('leads')] }) +
  team('leads', { member: groupDn('night') });

/** Default policy: failures are counted by the server, and never lock. */
const POLICY = record('cn=policy,dc=corp', {
  objectClass: ['applicationProcess', 'pwdPolicy'],
  cn: 'policy',
  pwdAttribute: 'userPassword',
  pwdLockout: 'TRUE',
  pwdMaxFailure: '1000',
});

export async function startCorp(entries = PEOPLE, options: SlapdOptions = {}): Promise<Slapd> {
  const reader = { objectClass: ['organizationalRole', 'simpleSecurityObject'], cn: 'reader', userPassword: 'secret' };
  return Slapd.start({
    suffix: 'dc=corp',
    entries: ROOTS + record(READER, reader) + POLICY + entries,
    database: ['ppolicy_default "cn=policy,dc=corp"'],
    ...options,
  });
}

/** How many wrong passwords the server has counted against the person. */
export async function failuresOf(slapd: Slapd, uid: string): Promise<number> {
  const shown = (await slapd.search(`(uid=${uid})`, [], ['pwdFailureTime'])).toString();
  return shown.split('\n').filter((line) => line.startsWith('pwdFailureTime:')).length;
}

export function connectionTo(url: string | readonly string[], overrides: Overrides = {}, id = corp): LdapConnection {
  const settings = ldapSettings.parse({
    url,
    bindDn: READER,
    bindPassword: 'secret',
    timeouts: { connect: 2, page: 5 },
    ...overrides,
    users: { ...USERS, ...overrides.users },
    groups: { ...GROUPS, ...overrides.groups },
  });
  return { id, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any', settings };
}

const ROLES = { staff: 'annotator', leads: 'manager' } as const;

export function acmeWith(connections: readonly LdapConnection[]): Declaration {
  return {
    organizations: [
      {
        id: 'acme' as OrganizationId,
        title: 'Acme Inc',
        owner: 'olga@acme.example',
        roleAuthority: 'shared',
        defaultRole: 'not_activated',
        seats: null,
        domains: [],
        successor: null,
        projects: [],
      },
    ],
    connections,
    mappings: connections.flatMap(({ id }) =>
      Object.entries(ROLES).map(([cn, role]) => ({
        connection: id,
        groupBy: 'name' as const,
        group: groupDn(cn),
        groupKey: dnKey(groupDn(cn)),
        organization: 'acme' as OrganizationId,
        role,
        workspace: null,
        project: null,
        projectRole: null,
      })),
    ),
  };
}

/** A site where the connections sign people in, as `serve` has it. */
export async function openCorpSite(...connections: readonly LdapConnection[]): Promise<Site> {
  return openSite({
    declaration: acmeWith(connections),
    directory: ({ sync, log }) => directorySignIn({ connections, sync, env: {}, log }),
  });
}

/** One run of the sync, by the same settings. */
export async function syncOnce(
  { sync }: Site,
  { id, settings }: LdapConnection,
  options: Partial<RunOptions> = {},
): Promise<RunResult> {
  const secrets = resolveLdapSecrets(settings, {});
  return runDirectory(sync, readDirectory({ connection: id, settings, secrets, at: sync.now() }), {
    preview: false,
    ...options,
  });
}

import { describe, expect, it } from 'vitest';
import { ldapSettings } from '../../src/connection/ldap.ts';

const least = {
  url: 'ldaps://ldap.corp.example',
  users: { base: 'ou=people,dc=corp', filter: '(objectClass=inetOrgPerson)' },
  groups: { base: 'ou=groups,dc=corp', filter: '(objectClass=groupOfNames)' },
};
const bound = { ...least, bindDn: 'cn=reader,dc=corp', bindPassword: { env: 'CORP_BIND' } };

function faults(settings: unknown): string[] {
  const parsed = ldapSettings.safeParse(settings);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('settings of an LDAP connection', () => {
  it('have defaults for all that may be left out', () => {
    expect(ldapSettings.parse(least)).toEqual({
      url: ['ldaps://ldap.corp.example'],
      startTls: false,
      tls: { ca: null },
      insecurePlainLdap: false,
      bindDn: null,
      bindPassword: null,
      timeouts: { connect: 10, page: 60, run: 3600 },
      users: {
        ...least.users,
        attributes: { id: null, email: null, firstName: null, lastName: null, userName: null },
        disabled: null,
      },
      groups: { ...least.groups, nested: true },
      schedule: null,
      serverKind: null,
    });
  });

  it('name every fault at once', () => {
    const found = faults({
      ...bound,
      url: 'http://ldap.corp.example',
      users: { base: 'people', filter: '(objectClass=person' },
      groups: { base: '', filter: 'x', nest: true },
      schedule: 'daily',
    });
    expect(found.join('\n')).toMatch(/url: must be ldap/);
    expect(found.join('\n')).toMatch(/users.base: "people" is not a distinguished name/);
    expect(found.join('\n')).toMatch(/users.filter: .* never closed/);
    expect(found.join('\n')).toMatch(/groups.base: is empty/);
    expect(found.join('\n')).toMatch(/groups.filter: .* begins with/);
    expect(found.join('\n')).toMatch(/schedule: must have the five fields/);
    expect(found.join('\n')).toMatch(/groups: .*nest/);
  });

  it('send no password in the clear over a network', () => {
    expect(faults({ ...bound, url: 'ldap://ldap.corp.example' })).toEqual([
      expect.stringMatching(/^url: .*unencrypted/),
    ]);
    expect(faults({ ...bound, url: ['ldaps://a.example', 'ldap://b.example'] })).toEqual([
      expect.stringMatching(/b\.example/),
    ]);
    expect(faults({ ...bound, url: 'ldap://127.0.0.1.evil.example' })).toHaveLength(1);
    expect(faults({ ...bound, url: 'ldap://ldap.corp.example', startTls: true })).toEqual([]);
    expect(faults({ ...bound, url: 'ldap://ldap.corp.example', insecurePlainLdap: true })).toEqual([]);
    for (const url of ['ldap://127.0.0.1:389', 'ldap://127.8.9.1', 'ldap://[::1]:3389', 'ldap://localhost']) {
      expect(faults({ ...bound, url })).toEqual([]);
    }
  });

  it('bind with a name and a password, or with neither', () => {
    expect(faults({ ...least, bindDn: 'cn=reader,dc=corp' })).toEqual([expect.stringMatching(/^bindPassword: /)]);
    expect(faults({ ...least, bindPassword: 'x' })).toEqual([expect.stringMatching(/^bindDn: /)]);
    expect(faults({ ...bound, bindPassword: '' })).not.toEqual([]);
  });

  it('know people by nothing that is given out again', () => {
    for (const id of ['uid', 'mail', 'userid', '0.9.2342.19200300.100.1.3', 'sAMAccountName']) {
      expect(faults({ ...least, users: { ...least.users, attributes: { id } } })).toEqual([
        expect.stringMatching(/users.attributes.id: must stay for life/),
      ]);
    }
    expect(faults({ ...least, users: { ...least.users, attributes: { id: 'employeeNumber' } } })).toEqual([]);
  });

  it('refuse StartTLS on top of TLS', () => {
    expect(faults({ ...least, startTls: true })).toEqual([expect.stringMatching(/^startTls: /)]);
  });
});

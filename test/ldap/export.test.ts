// What an exported file proves, and what it does not.
import { expect, describe, it } from 'vitest';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { readExport } from '../../src/ldap/export.ts';
import { group, person, readText, record, ROOTS } from './exported.ts';

describe('base and filter apply as on a server', () => {
  it('the whole subtree below the base, and nothing beside it', async () => {
    const said = await readText(
      ROOTS +
        person('ann') +
        person('bob', {}, 'uid=bob,ou=legal,ou=People,dc=corp') +
        person('cy', {}, 'uid=cy,ou=guests,dc=corp') +
        person('di', {}, 'uid=di\\,ou=people,dc=corp') +
        person('ed', { objectClass: 'account' }),
    );
    expect(said.people.map(({ attributes }) => attributes.userName)).toEqual(['ann', 'bob']);
  });

  it('an entry that both select is a person and a group', async () => {
    const said = await readText(ROOTS + person('ann', { objectClass: ['inetOrgPerson', 'groupOfNames'] }), {
      groups: { base: 'dc=corp' },
    });
    expect(said.people).toHaveLength(1);
    expect(said.groups).toHaveLength(1);
  });

  it('an export that a filter narrowed to the people holds their base, though not its entry', async () => {
    const said = await readText(person('ann') + group('a'));
    expect(said.people).toHaveLength(1);
    expect(said.outcome.complete).toBe(true);
  });
});

describe('a base that is not there is an error, not an empty directory', () => {
  it('and names the nearest above it', async () => {
    const failed = readText(ROOTS + person('ann'), { users: { base: 'ou=peple, OU=people,DC=corp' } });
    await expect(failed).rejects.toMatchObject({ code: 'base_not_found' });
    await expect(failed).rejects.toThrow(
      /users.base "ou=peple, OU=people,DC=corp".*nearest above it that is there is "ou=people,dc=corp"/,
    );
    await expect(readText(ROOTS, { groups: { base: 'ou=groups,dc=other' } })).rejects.toThrow(
      /groups.base.*nothing above it/,
    );
  });

  it('nor is a file without entries an empty directory', async () => {
    await expect(readText('')).rejects.toMatchObject({
      code: 'base_not_found',
      message: expect.stringMatching(/no entries at all/),
    });
  });

  it('a base with nobody below it is there', async () => {
    const said = await readText(ROOTS);
    expect(said.people).toEqual([]);
    expect(said.outcome.complete).toBe(true);
  });
});

describe('parts that are kept elsewhere', () => {
  const referral = (dn: string) =>
    record(dn, { objectClass: ['referral', 'extensibleObject'], ref: 'ldap://other.example/ou=b,dc=corp' });

  it('below a base are reported', async () => {
    const said = await readText(ROOTS + person('ann') + referral('ou=berlin,ou=people,dc=corp'));
    expect(said.outcome.complete).toBe(true);
    expect(said.outcome.warnings).toEqual([expect.stringMatching(/1 parts of the tree .* ou=berlin/)]);
    const reference = await readText(`${ROOTS}ref: ldap://other.example/ou=berlin,ou=people,dc=corp??sub\n\n`);
    expect(reference.outcome.warnings).toEqual([expect.stringMatching(/other\.example/)]);
  });

  it('are no people, whatever the filter says', async () => {
    const away = { objectClass: ['referral', 'inetOrgPerson'], ref: 'ldap://other.example/uid=bob' };
    const said = await readText(ROOTS + person('ann') + person('bob', away));
    expect(said.people.map(({ attributes }) => attributes.userName)).toEqual(['ann']);
  });

  it('a base that is one proves no absence', async () => {
    const said = await readText(referral('ou=people,dc=corp') + ROOTS);
    expect(said.outcome.complete).toBe(false);
    expect(said.outcome.reason).toMatch(/users.base "ou=people,dc=corp" is kept on another server/);
    const answered = await readText(`${ROOTS}ref: ldap://other.example/ou=people,dc=corp\n\n`);
    expect(answered.outcome.complete).toBe(false);
  });
});

describe('what the file says of its own search', () => {
  it('a search that hit a limit proves no absence, and what it saw counts', async () => {
    const said = await readText(`${ROOTS}${person('ann')}search: 2\nresult: 4 Size limit exceeded\n\n`);
    expect(said.people).toHaveLength(1);
    expect(said.outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/corp.ldif: .*Size limit exceeded/),
    });
  });

  it('a filter about an attribute that was not exported is told', async () => {
    const said = await readText(
      record('ou=people,dc=corp', { objectClass: 'organizationalUnit' }) +
        record('ou=groups,dc=corp', { objectClass: 'organizationalUnit' }),
      { users: { filter: '(&(objectClass=person)(!(nsAccountLock=TRUE)))' } },
    );
    expect(said.outcome.warnings).toEqual([expect.stringMatching(/users.filter asks for "nsaccountlock"/)]);
  });
});

describe('the question that was asked', () => {
  const fingerprint = async (overrides = {}) => (await readText(ROOTS, overrides)).outcome.fingerprint;
  const bound = { bindDn: 'cn=reader,dc=corp', bindPassword: 'x' };

  it('is the same however it is spelled', async () => {
    expect(
      await fingerprint({ ...bound, users: { base: 'OU=People, DC=corp', filter: '( objectclass=inetOrgPerson)' } }),
    ).toBe(await fingerprint({ ...bound, bindDn: 'CN=Reader,DC=Corp' }));
  });

  it('is another with another base, filter, bind identity or id', async () => {
    const all = await Promise.all([
      fingerprint(),
      fingerprint(bound),
      fingerprint({ users: { base: 'dc=corp' } }),
      fingerprint({ users: { filter: '(objectClass=person)' } }),
      fingerprint({ groups: { base: 'dc=corp' } }),
      fingerprint({ groups: { filter: '(cn=a)' } }),
      fingerprint({ users: { attributes: { id: 'employeeNumber' } } }),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the file itself', () => {
  const settings = ldapSettings.parse({
    url: 'ldaps://corp.example',
    users: { base: 'ou=people,dc=corp', filter: '(uid=*)' },
    groups: { base: 'ou=groups,dc=corp', filter: '(cn=*)' },
  });
  const reading = (file: string) =>
    readExport({ connection: 'corp' as ConnectionId, settings, file, at: '2026-11-25T12:00:00.000Z' });

  it('that is missing or a directory is named', async () => {
    for (const file of ['/nowhere/corp.ldif', '/tmp']) {
      await expect(reading(file).items[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'input_invalid',
        message: expect.stringContaining(file),
      });
    }
  });

  it('has nothing behind it: who was not read is not there', async () => {
    expect(await reading('/nowhere').lookUp?.('person', ['a', 'b'])).toEqual(new Set());
  });

  it('has no outcome before it was read', () => {
    expect(() => reading('/nowhere').outcome()).toThrow(/when its items have ended/);
  });

  it('a damaged one says nothing at all, rather than half', async () => {
    await expect(
      readText(`${ROOTS}${person('ann')}dn: uid=bob,ou=people,dc=corp\nmail: bob@corp.exa`),
    ).rejects.toMatchObject({
      code: 'ldif_invalid',
    });
  });
});

// Against a real Active Directory domain (Samba's): people are who their objectGUID says, whatever they are called and
// wherever they stand. The domain takes seconds to make, so the step table walks in the same one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEP_ENTRIES, walkSambaSteps } from '../e2e/samba-steps.ts';
import { mayListen, Samba, SUFFIX } from '../support/samba.ts';
import type { Overrides } from './exported.ts';
import { readLive } from './live.ts';

const STAFF = `OU=Staff,${SUFFIX}`;
const TEAMS = `OU=Teams,${SUFFIX}`;
/** More than one page, and more members than Active Directory gives at once. */
const MANY = 1_600;

function entry(dn: string, lines: readonly string[]): string {
  return `dn: ${dn}\n${lines.join('\n')}\n\n`;
}

function person(name: string, control = 544): string {
  return entry(`CN=${name},${STAFF}`, [
    'objectClass: user',
    `sAMAccountName: ${name}`,
    `mail: ${name}@corp.example`,
    `userAccountControl: ${control}`,
  ]);
}

function group(name: string, members: readonly string[]): string {
  return entry(`CN=${name},${TEAMS}`, [
    'objectClass: group',
    `sAMAccountName: ${name}`,
    ...members.map((member) => `member: ${member}`),
  ]);
}

describe.skipIf(!mayListen)('Active Directory', () => {
  let samba: Samba;
  let settings: Overrides;

  beforeAll(async () => {
    const crowd = Array.from({ length: MANY }, (_, number) => `u${number}`);
    samba = await Samba.start(
      STEP_ENTRIES +
        entry(STAFF, ['objectClass: organizationalUnit']) +
        entry(TEAMS, ['objectClass: organizationalUnit']) +
        crowd.map((name) => person(name)).join('') +
        person('disabled', 546) +
        group('inner', [`CN=u0,${STAFF}`, `CN=disabled,${STAFF}`]) +
        group('outer', [`CN=inner,${TEAMS}`]) +
        group('empty', []) +
        group(
          'large',
          crowd.map((name) => `CN=${name},${STAFF}`),
        ),
    );
    settings = {
      bindDn: samba.adminDn,
      bindPassword: samba.password,
      tls: { ca: samba.ca },
      users: { base: STAFF, filter: '(&(objectCategory=person)(objectClass=user))' },
      groups: { base: SUFFIX, filter: '(objectClass=group)' },
    };
  }, 120_000);
  afterAll(() => samba?.stop());

  walkSambaSteps(() => samba);

  it('is recognized, and read to the last person, group and member', async () => {
    const read = await readLive(samba.url, settings);
    expect(read.outcome).toMatchObject({ complete: true, reason: null });
    expect(read.steps).toContain(`bind: as ${samba.adminDn}; the server is Active Directory`);
    expect(read.people).toHaveLength(MANY + 1);
    expect(read.people.filter(({ active }) => !active).map(({ attributes }) => attributes.userName)).toEqual([
      'disabled',
    ]);
    const links = new Set(read.links);
    expect(read.links.filter((link) => link.endsWith(' in large'))).toHaveLength(MANY);
    expect([links.has('u0 in inner'), links.has('disabled in inner'), links.has('inner in outer')]).toEqual([
      true,
      true,
      true,
    ]);
    // The primary group, in which nobody is listed.
    expect(read.links.filter((link) => /^(u\d+|disabled) in Domain Users$/.test(link))).toHaveLength(MANY + 1);
  });

  it('knows who was renamed, who moved away and who was deleted', async () => {
    const before = await readLive(samba.url, settings);
    const ids = new Map(before.people.map(({ externalId, attributes }) => [attributes.userName ?? '', externalId]));
    await samba.modify(
      `dn: CN=u1,${STAFF}\nchangetype: moddn\nnewrdn: CN=Somebody Else\ndeleteoldrdn: 1\n\n` +
        `dn: CN=u2,${STAFF}\nchangetype: moddn\nnewrdn: CN=u2\ndeleteoldrdn: 1\nnewsuperior: CN=Users,${SUFFIX}\n\n` +
        `dn: CN=u3,${STAFF}\nchangetype: delete\n\n` +
        `dn: CN=u4,${STAFF}\nchangetype: delete\n\n${person('u4').replace('\n', '\nchangetype: add\n')}`,
    );
    const there = await before.reading.lookUp?.('person', [...ids.values()]);
    expect([...ids].filter(([, externalId]) => there?.has(externalId) === false).map(([name]) => name)).toEqual(
      expect.arrayContaining(['u2', 'u3', 'u4']),
    );
    expect(there?.size).toBe(ids.size - 3);
    const after = await readLive(samba.url, settings);
    const later = new Map(after.people.map(({ externalId, attributes }) => [attributes.userName ?? '', externalId]));
    expect(later.get('u1')).toBe(ids.get('u1'));
    expect(later.get('u4')).not.toBe(ids.get('u4'));
  });

  it('that wants TLS for a password says what to write', async () => {
    const plain = { ...settings, tls: {}, insecurePlainLdap: true };
    const { outcome } = await readLive(samba.url.replace('ldaps:', 'ldap:'), plain);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^bind: .*strong authentication required \(8.*ldaps:\/\/, or startTls: true/),
    });
  });
});

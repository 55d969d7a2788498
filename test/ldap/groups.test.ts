// Who is in a group, however the directory keeps it.
import { describe, expect, it } from 'vitest';
import { group, person, readText, record, ROOTS, uuid } from './exported.ts';

const ANN = person('ann');
const BOB = person('bob');
const dn = (uid: string) => `uid=${uid},ou=people,dc=corp`;

describe('who is in a group', () => {
  it('names are compared by rule: case, blanks, escapes, order of values', async () => {
    const said = await readText(
      ROOTS +
        person('ann', {}, 'cn=Doe\\, Ann+uid=ann,ou=People,dc=corp') +
        group('Team', { member: ['UID=ann + CN=Doe\\2C Ann , OU=people,DC=Corp', 'uid=gone,ou=people,dc=corp'] }),
    );
    expect(said.links).toEqual(['Doe\\ in Team', 'dn:uid=gone,ou=people,dc=corp? in Team']);
    expect(said.groups).toMatchObject([{ name: 'cn=Team,ou=groups,dc=corp', nameKey: 'cn=team,ou=groups,dc=corp' }]);
  });

  it('groups in groups, cycles, self-membership and empty groups are told as they are', async () => {
    const said = await readText(
      ROOTS +
        ANN +
        group('a', { member: ['cn=b,ou=groups,dc=corp', 'cn=a,ou=groups,dc=corp'] }) +
        group('b', { member: ['cn=a,ou=groups,dc=corp', dn('ann')] }) +
        group('empty'),
    );
    expect(said.links).toEqual(['b in a', 'a in a', 'a in b', 'ann in b']);
    expect(said.groups).toHaveLength(3);
  });

  it('memberUid names people by uid, uniqueMember by name with or without a bit string', async () => {
    const said = await readText(
      ROOTS +
        ANN +
        BOB +
        group('posix', { objectClass: 'posixGroup', memberUid: ['ANN', 'nobody'] }) +
        group('unique', { uniqueMember: [`${dn('ann')}#'0101'B`, dn('bob')] }),
    );
    expect(said.links).toEqual(['ann in posix', 'uid:nobody? in posix', 'ann in unique', 'bob in unique']);
  });

  it('a member that is no name is reported, and the others stay', async () => {
    const said = await readText(ROOTS + ANN + group('a', { member: ['nonsense', '', dn('ann')] }));
    expect(said.links).toEqual(['ann in a']);
    expect(said.skipped).toHaveLength(2);
  });

  it('a group defined by a search is reported, not taken for empty in silence', async () => {
    const said = await readText(ROOTS + group('dyn', { memberURL: 'ldap:///ou=people,dc=corp??sub?(title=boss)' }));
    expect(said.groups).toHaveLength(1);
    expect(said.skipped).toEqual([{ at: 'cn=dyn,ou=groups,dc=corp', reason: expect.stringMatching(/memberURL/) }]);
  });

  it('a group made again under its name is another group', async () => {
    const [first] = (await readText(ROOTS + group('a'))).groups;
    const [second] = (await readText(ROOTS + group('a'))).groups;
    expect(first?.nameKey).toBe(second?.nameKey);
    expect(first?.externalId).not.toBe(second?.externalId);
  });
});

describe('memberOf', () => {
  const MEMBER = { memberOf: 'cn=a,ou=groups,dc=corp' };

  it('counts where the group shows no members', async () => {
    const said = await readText(ROOTS + person('ann', MEMBER) + group('a'));
    expect(said.links).toEqual(['ann in a']);
  });

  it('a back-link that was left behind does not keep somebody in a group whose list no longer names them', async () => {
    const said = await readText(
      ROOTS + person('ann', MEMBER) + BOB + group('a', { member: dn('bob') }) + group('without-list'),
    );
    expect(said.links).toEqual(['bob in a']);
  });

  it('counts for a group in a group, too', async () => {
    const said = await readText(
      ROOTS + person('ann', { memberOf: 'cn=b,ou=groups,dc=corp' }) + group('a') + group('b', MEMBER),
    );
    expect(said.links.toSorted()).toEqual(['ann in b', 'b in a']);
  });

  it('a flattened one, as of 389 and FreeIPA, makes nobody a direct member while nesting is off', async () => {
    const text = ROOTS + person('ann', MEMBER) + group('a');
    const flat = await readText(text, { serverKind: '389ds', users: { attributes: { id: 'entryUUID' } } });
    // Its groups are known by nsUniqueId; here they have none, and the link is told all the same.
    expect(flat.links).toEqual(['ann in dn:cn=a,ou=groups,dc=corp?']);
    const off = await readText(text, {
      serverKind: '389ds',
      users: { attributes: { id: 'entryUUID' } },
      groups: { nested: false },
    });
    expect(off.links).toEqual([]);
    expect(off.outcome.warnings).toEqual([expect.stringMatching(/memberOf here does not tell direct from nested/)]);
  });
});

describe('Active Directory', () => {
  const SID = Buffer.from('010500000000000515000000010000000200000003000000', 'hex');
  const sid = (rid: number) => {
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(rid);
    return Buffer.concat([SID, tail]);
  };
  const guid = () => Buffer.from(uuid().replaceAll('-', ''), 'hex');
  const user = (cn: string, more = {}) =>
    record(`CN=${cn},OU=people,DC=corp`, {
      objectClass: ['top', 'person', 'inetOrgPerson'],
      cn,
      sAMAccountName: cn,
      objectGUID: guid(),
      ...more,
    });
  const adGroup = (cn: string, more = {}) =>
    record(`CN=${cn},OU=groups,DC=corp`, { objectClass: ['top', 'group'], cn, objectGUID: guid(), ...more });

  it('the primary group, which is in no list, counts', async () => {
    const said = await readText(
      ROOTS +
        user('ann', { primaryGroupID: '513', objectSid: sid(1104) }) +
        adGroup('Domain Users', { objectSid: sid(513) }) +
        adGroup('Other', { objectSid: sid(514) }),
    );
    expect(said.links).toEqual(['ann in Domain Users']);
  });

  it('a large group in ranges is whole when they join up to the last one', async () => {
    const said = await readText(
      ROOTS +
        user('ann') +
        user('bob') +
        adGroup('all', {
          'member;range=1-*': 'CN=bob,OU=people,DC=corp',
          'member;range=0-0': 'CN=ann,OU=people,DC=corp',
        }),
    );
    expect(said.links.toSorted()).toEqual(['ann in all', 'bob in all']);
    expect(said.outcome.complete).toBe(true);
  });

  it.each([
    [
      'that ends before the last one',
      { 'member;range=0-0': 'CN=ann,OU=people,DC=corp' },
      /members from 1 on are missing/,
    ],
    [
      'with a hole',
      { 'member;range=0-0': 'CN=ann,OU=people,DC=corp', 'member;range=2-*': 'CN=bob,OU=people,DC=corp' },
      /members 1 to 1 are missing/,
    ],
    ['that begins late', { 'member;range=1-*': 'CN=bob,OU=people,DC=corp' }, /members 0 to 0 are missing/],
  ])('a range %s does not read as people who left', async (_, members, reason) => {
    const said = await readText(ROOTS + user('ann') + user('bob') + adGroup('all', members));
    expect(said.outcome.complete).toBe(false);
    expect(said.outcome.reason).toMatch(reason);
  });
});

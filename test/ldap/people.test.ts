// Who somebody is, and whether they are still there, by the entry alone (the hazards of LDAP that are not of the wire).
import { describe, expect, it } from 'vitest';
import { person, readText, record, ROOTS } from './exported.ts';

const ID = 'abcdef01-2222-4333-8444-55555555abcd';
const one = async (text: string, overrides = {}, at?: string) => {
  const said = await readText(ROOTS + text, overrides, at);
  expect(said.people).toHaveLength(1);
  const [found] = said.people;
  if (found === undefined) throw new Error('nobody');
  return found;
};

describe('who somebody is', () => {
  it('a person who moved to another OU, with a new uid, name and mail, is the same person', async () => {
    const before = await one(person('jane.doe', { entryUUID: ID }));
    const after = await one(
      person(
        'jane.smith',
        { entryUUID: ID.toUpperCase(), cn: 'Jane Smith' },
        'uid=jane.smith,ou=legal,ou=people,dc=corp',
      ),
    );
    expect(after.externalId).toBe(before.externalId);
    expect(after.attributes).toMatchObject({ userName: 'jane.smith', email: 'jane.smith@corp.example' });
    expect([before.container, after.container]).toEqual(['ou=people,dc=corp', 'ou=legal,ou=people,dc=corp']);
  });

  it('a uid and mail that come back with another id are another person', async () => {
    const before = await one(person('jane', { entryUUID: ID }));
    const after = await one(person('jane', { entryUUID: '99999999-2222-4333-8444-555555555555' }));
    expect(after.externalId).not.toBe(before.externalId);
  });

  it('an objectGUID is read in the byte order that Active Directory shows, also when its bytes are text', async () => {
    const ad = (guid: Buffer) =>
      record('CN=Jane,OU=People,DC=corp', {
        objectClass: ['person', 'inetOrgPerson'],
        sAMAccountName: 'jane',
        objectGUID: guid,
      });
    const found = await one(ad(Buffer.from('78563412bc9af0de0123456789abcdef', 'hex')));
    expect(found.externalId).toBe('12345678-9abc-def0-0123-456789abcdef');
    expect((await one(ad(Buffer.from('abcdefghijklmnop')))).externalId).toBe('64636261-6665-6867-696a-6b6c6d6e6f70');
  });

  it('each kind of server has its own id', async () => {
    const base = { objectClass: 'inetOrgPerson', uid: 'jane', cn: 'jane', sn: 'jane' };
    const dn = 'uid=jane,ou=people,dc=corp';
    expect((await one(record(dn, { ...base, nsUniqueId: '66446001-1dd211b2-66225011-2ee211db' }))).externalId).toBe(
      '66446001-1dd211b2-66225011-2ee211db',
    );
    expect(
      (await one(record(dn, { ...base, ipaUniqueID: ID, nsUniqueId: 'x', nsAccountLock: 'FALSE' }))).externalId,
    ).toBe(ID);
    expect((await one(record(dn, { ...base, entryUUID: ID }))).externalId).toBe(ID);
    // Copied from Active Directory into OpenLDAP: the entry's own id counts.
    expect((await one(person('jane', { entryUUID: ID, objectGUID: Buffer.alloc(16, 1) }))).externalId).toBe(ID);
  });

  it('settings override the attributes', async () => {
    const attributes = {
      id: 'employeeNumber',
      email: 'rfc822MailAlias',
      firstName: 'nick',
      lastName: 'family',
      userName: 'badge',
    };
    const found = await one(
      person('jane', { employeeNumber: 'E-42', rfc822MailAlias: 'j@x.example', nick: 'J', family: 'D', badge: 'B7' }),
      { users: { attributes } },
    );
    expect(found.externalId).toBe('E-42');
    expect(found.attributes).toMatchObject({ email: 'j@x.example', firstName: 'J', lastName: 'D', userName: 'B7' });
  });

  it('serverKind is believed before the entries', async () => {
    const text = person('jane', { entryUUID: ID, ipaUniqueID: 'ipa-1' });
    expect((await one(text)).externalId).toBe(ID);
    expect((await one(text, { serverKind: 'freeipa' })).externalId).toBe('ipa-1');
  });
});

describe('nobody is lost in silence', () => {
  it('two people with one mail both go on, and so does one with none', async () => {
    const said = await readText(
      ROOTS +
        person('ann', { mail: 'both@corp.example' }) +
        person('bob', { mail: 'both@corp.example' }) +
        person('cy', { mail: [] }) +
        person('di', { mail: '-' }),
    );
    expect(said.people.map(({ attributes }) => attributes.email)).toEqual([
      'both@corp.example',
      'both@corp.example',
      null,
      null,
    ]);
    expect(said.outcome.warnings).toEqual([expect.stringMatching(/^2 people have no mail address.*uid=cy/)]);
    expect(said.outcome.complete).toBe(true);
  });

  it('an entry without its id is reported and counted, and the run goes on', async () => {
    const said = await readText(
      ROOTS + person('ann') + person('bob', { entryUUID: [] }) + person('cy', { entryUUID: [ID, ID] }),
    );
    expect(said.people.map(({ attributes }) => attributes.userName)).toEqual(['ann']);
    expect(said.skipped).toEqual([
      { at: 'uid=bob,ou=people,dc=corp', reason: expect.stringMatching(/no "entryUUID"/) },
      { at: 'uid=cy,ou=people,dc=corp', reason: expect.stringMatching(/2 values/) },
    ]);
    expect(said.outcome.complete).toBe(true);
  });

  it('an export without operational attributes, in which nobody has an id, proves no absence', async () => {
    const said = await readText(ROOTS + person('ann', { entryUUID: [], entryCSN: [] }));
    expect(said.people).toEqual([]);
    expect(said.outcome.complete).toBe(false);
    expect(said.outcome.reason).toMatch(/none of 1 people has "entryUUID".*'\*' and '\+'/);
  });

  it('a name that is no text is left out and reported, and the person stays', async () => {
    const said = await readText(
      ROOTS + person('ann', { givenName: Buffer.from('M\xfc', 'latin1'), mail: Buffer.from([0xff, 0x40]) }),
    );
    expect(said.people[0]?.attributes).toMatchObject({ email: null, firstName: null, userName: 'ann' });
    expect(said.skipped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/"mail" is not UTF-8/),
      expect.stringMatching(/"givenName"/),
    ]);
  });

  it('an entry whose name cannot be read is reported', async () => {
    const said = await readText(`${ROOTS}dn: nonsense\ncn: x\n\n${person('ann')}`);
    expect(said.people).toHaveLength(1);
    expect(said.skipped).toEqual([expect.objectContaining({ at: expect.stringMatching(/^line \d+$/) })]);
  });
});

describe('who has left', () => {
  const AT = '2026-11-25T12:00:00.000Z';
  const active = async (attributes: Record<string, string>, overrides = {}) =>
    (await one(person('jane', attributes), overrides, AT)).active;
  const onAd = (attributes: Record<string, string>) =>
    active(attributes, { serverKind: 'active-directory', users: { attributes: { id: 'entryUUID' } } });
  const fileTime = (iso: string) => String((BigInt(Date.parse(iso)) + 11_644_473_600_000n) * 10_000n);

  it("an administrator's lock is a leaver, a lockout is not", async () => {
    expect(await active({ pwdAccountLockedTime: '000001010000Z' })).toBe(false);
    expect(await active({ pwdAccountLockedTime: '20261125115959Z' })).toBe(true);
    expect(await onAd({ userAccountControl: '512', lockoutTime: '133000000000000000' })).toBe(true);
    expect(await onAd({ userAccountControl: '528' })).toBe(true);
  });

  it('a disabled account of Active Directory is a leaver', async () => {
    expect(await onAd({ userAccountControl: '514' })).toBe(false);
    expect(await onAd({ userAccountControl: '66050' })).toBe(false);
    expect(await onAd({ userAccountControl: '66048' })).toBe(true);
  });

  it('an account that has expired is a leaver, one that never expires is not', async () => {
    expect(await onAd({ accountExpires: '0' })).toBe(true);
    expect(await onAd({ accountExpires: '9223372036854775807' })).toBe(true);
    expect(await onAd({ accountExpires: fileTime('2026-11-25T12:00:00Z') })).toBe(false);
    expect(await onAd({ accountExpires: fileTime('2026-11-25T12:00:01Z') })).toBe(true);
  });

  it('nsAccountLock and an expired principal are leavers', async () => {
    const ipa = (attributes: Record<string, string>) =>
      active(attributes, { serverKind: 'freeipa', users: { attributes: { id: 'entryUUID' } } });
    expect(await ipa({ nsAccountLock: 'TRUE' })).toBe(false);
    expect(await ipa({ nsAccountLock: 'FALSE' })).toBe(true);
    expect(await ipa({ krbPrincipalExpiration: '20261124000000Z' })).toBe(false);
    expect(await ipa({ krbPrincipalExpiration: '20271124000000Z' })).toBe(true);
    expect(
      await active({ nsAccountLock: 'true' }, { serverKind: '389ds', users: { attributes: { id: 'entryUUID' } } }),
    ).toBe(false);
  });

  it('shadowExpire counts days, and 0 or -1 is never', async () => {
    expect(await active({ shadowExpire: '1' })).toBe(false);
    expect(await active({ shadowExpire: '30000' })).toBe(true);
    expect(await active({ shadowExpire: '0' })).toBe(true);
    expect(await active({ shadowExpire: '-1' })).toBe(true);
  });

  it('a configured value is a leaver in any case, beside what the server calls disabled', async () => {
    const disabled = { attribute: 'employeeType', values: ['left', 'Retired'] };
    expect(await active({ employeeType: 'LEFT' }, { users: { disabled } })).toBe(false);
    expect(await active({ employeeType: 'retired' }, { users: { disabled } })).toBe(false);
    expect(await active({ employeeType: 'staff' }, { users: { disabled } })).toBe(true);
    expect(
      await active({ employeeType: 'staff', pwdAccountLockedTime: '000001010000Z' }, { users: { disabled } }),
    ).toBe(false);
  });
});

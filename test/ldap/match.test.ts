import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../src/connection/filter.ts';
import { Entry } from '../../src/ldap/entry.ts';
import { compileFilter } from '../../src/ldap/match.ts';

function entry(
  attributes: Record<string, string | Buffer | readonly (string | Buffer)[]>,
  dn = 'uid=jane,ou=people,dc=corp',
): Entry {
  const made = new Entry(dn);
  for (const [name, values] of Object.entries(attributes)) {
    for (const value of typeof values === 'string' || Buffer.isBuffer(values) ? [values] : values)
      made.add(name, Buffer.from(value));
  }
  return made;
}

const truth = (filter: string, of: Entry) => compileFilter(parseFilter(filter))(of);

const jane = entry({
  objectClass: 'inetOrgPerson',
  uid: 'jane',
  cn: ['Jane  Müller', 'Janie'],
  'cn;lang-fr': 'Jeanne',
  mail: 'Jane@Corp.example',
  telephoneNumber: '+49 30-12 34',
  employeeNumber: '42',
  uidNumber: '1042',
  userAccountControl: '514',
  homeDirectory: '/home/Jane',
  memberOf: 'CN=Label Admins, OU=Groups, DC=corp',
  createTimestamp: '20260101120000Z',
  nsAccountLock: 'TRUE',
  objectGUID: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  objectSid: Buffer.from('010500000000000515000000010000000200000003000000f4010000', 'hex'),
  objectCategory: 'CN=Person,CN=Schema,CN=Configuration,DC=corp',
});

describe('selects as a server does', () => {
  it.each([
    ['(objectClass=inetorgperson)'],
    ['(objectClass=*)'],
    ['(cn=jane müller)'],
    ['(cn=JANE MU\u0308LLER)'],
    ['(cn=jan*e*)'],
    ['(cn= Jane*)'],
    ['(cn=*ne m*)'],
    ['(cn=*\\20m*ller)'],
    ['(cn=jeanne)'],
    ['(cn;lang-fr=jeanne)'],
    ['(commonName=janie)'],
    ['(mail=jane@corp.EXAMPLE)'],
    ['(telephoneNumber=+493012-34)'],
    ['(uidNumber=1042)'],
    ['(uidNumber>=999)'],
    ['(uidNumber<=1042)'],
    ['(createTimestamp>=20260101113000Z)'],
    ['(createTimestamp<=20260101130000+0100)'],
    ['(memberOf=cn=label admins,ou=groups,dc=corp)'],
    ['(nsAccountLock=true)'],
    ['(homeDirectory=/home/Jane)'],
    ['(objectGUID=\\00\\11\\22\\33\\44\\55\\66\\77\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)'],
    ['(objectSid=S-1-5-21-1-2-3-500)'],
    ['(objectCategory=person)'],
    ['(objectCategory=user)'],
    ['(objectCategory=cn=person,cn=schema,cn=configuration,dc=corp)'],
    ['(userAccountControl:1.2.840.113556.1.4.803:=2)'],
    ['(userAccountControl:1.2.840.113556.1.4.803:=514)'],
    ['(userAccountControl:1.2.840.113556.1.4.804:=3)'],
    ['(ou:dn:=people)'],
    ['(mail:caseIgnoreMatch:=jane@corp.example)'],
    ['(distinguishedName=UID=jane, OU=people,DC=corp)'],
    ['(&)'],
    ['(cn~=jane müller)'],
  ])('%s', (filter) => expect(truth(filter, jane)).toBe(true));

  it.each([
    ['(cn=Jane Muller)'],
    ['(cn;lang-de=jeanne)'],
    ['(uidNumber>=9999)'],
    ['(uidNumber=42)'],
    ['(homeDirectory=/home/jane)'],
    ['(mail:caseExactMatch:=jane@corp.example)'],
    ['(objectCategory=computer)'],
    ['(userAccountControl:1.2.840.113556.1.4.803:=3)'],
    ['(userAccountControl:1.2.840.113556.1.4.804:=1)'],
    ['(ou=people)'],
    ['(cn=jan*jan*e)'],
    ['(cn=janie*ie)'],
    ['(|)'],
    ['(title=*)'],
    ['(title=boss)'],
    ['(!(uid=jane))'],
  ])('and leaves out %s', (filter) => expect(truth(filter, jane)).toBe(false));
});

describe('Undefined is not false', () => {
  it.each([
    ['(uidNumber=many)'],
    ['(uidNumber=01042)'],
    ['(memberOf=admins)'],
    ['(nsAccountLock=perhaps)'],
    ['(createTimestamp>=yesterday)'],
    ['(memberOf=*admins*)'],
    ['(memberOf>=cn=a)'],
    ['(uidNumber=1*)'],
  ])('%s says nothing, and its negation selects nobody', (filter) => {
    expect(truth(filter, jane)).toBeNull();
    expect(truth(`(!${filter})`, jane)).toBeNull();
    expect(truth(`(|${filter}(uid=jane))`, jane)).toBe(true);
    expect(truth(`(|${filter}(uid=joe))`, jane)).toBeNull();
    expect(truth(`(&${filter}(uid=jane))`, jane)).toBeNull();
    expect(truth(`(&${filter}(uid=joe))`, jane)).toBe(false);
  });

  it('a missing attribute is false, so that "not left" selects who has no employeeType', () => {
    expect(truth('(!(employeeType=left))', jane)).toBe(true);
  });
});

describe('object classes', () => {
  it('a superior class is matched where the server lists only the lowest one', () => {
    for (const name of ['organizationalPerson', 'person', 'top'])
      expect(truth(`(objectClass=${name})`, jane)).toBe(true);
    expect(truth('(objectClass=user)', jane)).toBe(false);
    expect(truth('(objectClass=inetOrgPerson)', entry({ objectClass: ['top', 'person'] }))).toBe(false);
  });
});

describe('what an exported file cannot answer is refused, not answered wrongly', () => {
  it.each([
    ['(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=corp)', /in chain/],
    ['(cn:1.2.3.4:=x)', /not known/],
    ['(:caseExactMatch:=x)', /names no attribute/],
    ['(anr=jane)', /"anr"/],
  ])('%s', (filter, message) => {
    expect(() => compileFilter(parseFilter(filter))).toThrow(
      expect.objectContaining({ code: 'filter_invalid', message: expect.stringMatching(message) }),
    );
  });
});

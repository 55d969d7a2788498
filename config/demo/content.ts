// The practice company as LDIF, to be added to an empty server: awkward values included, for those come in real life.
import {
  type Employee,
  dnOf,
  EMPLOYEES,
  groupDn,
  GROUPS,
  LOCKED_FOR_GOOD,
  LOCKED_OUT,
  MARKED_LEFT,
  PEOPLE,
  SUFFIX,
  type Team,
  TEAMS,
  uuidFor,
} from './company.ts';

type Line = readonly [attribute: string, value: string | Buffer];

/** One entry; values that LDIF cannot hold as they are go in base64 (RFC 2849). */
export function record(dn: string, lines: readonly Line[]): string {
  return `${[['dn', dn] as const, ...lines].map(([attribute, value]) => line(attribute, value)).join('\n')}\n\n`;
}

function line(attribute: string, value: string | Buffer): string {
  const safe = typeof value === 'string' && /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(value);
  return safe ? `${attribute}: ${value}` : `${attribute}:: ${Buffer.from(value).toString('base64')}`;
}

const CREATED = '20240102080000Z';

const CITIES = ['Bremen', 'Århus', 'Gdańsk', 'Porto', 'Liège'];

// The smallest picture there is.
const PHOTO = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffdb004300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0000b080001000101011100ffc40014000100000000000000000000' +
    '0000000000000003ffc40014100100000000000000000000000000000000ffda0008010100003f0037ffd9',
  'hex',
);

export function person(employee: Employee): string {
  const { uid, firstName, lastName, mail, number, department } = employee;
  const left = MARKED_LEFT.includes(employee);
  return record(dnOf(employee), [
    ['objectClass', 'inetOrgPerson'],
    ['uid', uid],
    ['cn', `${firstName} ${lastName}`],
    ['sn', lastName],
    ['givenName', firstName],
    ...(mail === null ? [] : [['mail', mail] as const]),
    ['employeeNumber', String(number)],
    ['employeeType', left ? 'left' : number % 9 === 0 ? 'contract' : 'staff'],
    ['departmentNumber', department],
    ['l', CITIES[number % CITIES.length] ?? 'Bremen'],
    ...(number % 40 === 0
      ? [['description', ` Keeps a leading blank; ${'long enough to be folded, '.repeat(4)}and ends in one. `] as const]
      : []),
    ...(number % 97 === 0 ? [['jpegPhoto', PHOTO] as const] : []),
    ...(LOCKED_FOR_GOOD.includes(employee) ? [['pwdAccountLockedTime', '000001010000Z'] as const] : []),
    ...(LOCKED_OUT.includes(employee) ? [['pwdAccountLockedTime', '20260105071500Z'] as const] : []),
    ['entryUUID', uuidFor(uid)],
    ['createTimestamp', CREATED],
  ]);
}

function team({ name, members, style = 'groupOfNames' }: Team, at: number): string {
  const attribute = { groupOfNames: 'member', groupOfUniqueNames: 'uniqueMember', posixGroup: 'memberUid' }[style];
  return record(groupDn(name), [
    ['objectClass', style],
    ['cn', name.replace('\\,', ',')],
    ...(style === 'posixGroup' ? [['gidNumber', String(5000 + at)] as const] : []),
    ...members.map((member) => [attribute, member] as const),
    ['entryUUID', uuidFor(`group/${name}`)],
    ['createTimestamp', CREATED],
  ]);
}

function unit(dn: string): string {
  const name = /^ou=([^,]+)/.exec(dn)?.[1] ?? '';
  return record(dn, [
    ['objectClass', 'organizationalUnit'],
    ['ou', name],
    ['entryUUID', uuidFor(dn)],
  ]);
}

/** The whole company, as on Monday. */
export function content(): string {
  const departments = [...new Set(EMPLOYEES.map(({ department }) => `ou=${department},${PEOPLE}`))];
  return [
    record(SUFFIX, [
      ['objectClass', 'domain'],
      ['dc', 'harbour'],
      ['entryUUID', uuidFor(SUFFIX)],
    ]),
    ...[PEOPLE, GROUPS, ...departments].map(unit),
    ...EMPLOYEES.map(person),
    ...TEAMS.map(team),
  ].join('');
}

// Against a real OpenLDAP: a filter selects the same entries here as there.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter } from '../../src/connection/filter.ts';
import { compileFilter, selects } from '../../src/ldap/match.ts';
import { Slapd } from '../support/slapd.ts';
import { readBytes, record } from './exported.ts';

const SUFFIX = 'dc=test,dc=example';
const BASE = `ou=fuzz,${SUFFIX}`;

let slapd: Slapd;
beforeAll(async () => {
  slapd = await Slapd.start({ suffix: SUFFIX });
  await slapd.load(
    record(SUFFIX, { objectClass: 'domain', dc: 'test' }) +
      record(BASE, { objectClass: 'organizationalUnit', ou: 'fuzz' }),
  );
});
afterAll(() => slapd.stop());

// Few values, so that filters meet entries; only attributes and operators that slapd's own schema gives an answer for.
const word = fc.constantFrom(
  'ann',
  'Ann',
  'ÄNN',
  'a n',
  'a  n',
  'an',
  'n',
  'Müller',
  'mu\u0308ller',
  'x*y',
  'x(y)',
  'x\\y',
  'left',
);
const numbers = fc.constantFrom('1', '2', '3', '10', '512', '514', '-1', '007');
const dns = fc.constantFrom(
  'uid=p1,ou=fuzz,dc=test,dc=example',
  'UID=P2, OU=fuzz,DC=test,DC=example',
  'cn=a\\2Cb,dc=x',
  'cn=A\\,B, dc=X',
);
const times = fc.constantFrom(
  '20240102080000Z',
  '20250102080000Z',
  '20250102090000+0100',
  '2025010208Z',
  '20260102080000Z',
);
const escapeAssertion = (value: string) =>
  value.replace(/[\\*()]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

const item = fc.oneof(
  fc
    .tuple(fc.constantFrom('cn', 'sn', 'description', 'title', 'commonName', 'employeeType', '2.5.4.4'), word)
    .map(([name, value]) => `(${name}=${escapeAssertion(value)})`),
  fc
    .tuple(
      fc.constantFrom('cn', 'sn', 'description'),
      fc.option(word),
      fc.array(word, { maxLength: 2 }),
      fc.option(word),
    )
    .map(
      ([name, initial, any, final]) =>
        `(${name}=${[initial ?? '', ...any, final ?? ''].map(escapeAssertion).join('*')})`,
    ),
  fc.constantFrom('cn', 'title', 'description', 'objectClass', 'seeAlso', 'uidNumber').map((name) => `(${name}=*)`),
  fc
    .constantFrom('person', 'inetOrgPerson', 'organizationalPerson', 'top', 'posixAccount', 'groupOfNames')
    .map((name) => `(objectClass=${name})`),
  fc.tuple(fc.constantFrom('=', '>=', '<='), numbers).map(([operator, value]) => `(uidNumber${operator}${value})`),
  fc
    .tuple(fc.constantFrom('803', '804'), numbers)
    .map(([rule, value]) => `(gidNumber:1.2.840.113556.1.4.${rule}:=${value})`),
  dns.map((value) => `(seeAlso=${escapeAssertion(value)})`),
  fc.tuple(fc.constantFrom('=', '>=', '<='), times).map(([operator, value]) => `(createTimestamp${operator}${value})`),
  fc
    .tuple(fc.constantFrom('caseExactMatch', 'caseIgnoreMatch'), word)
    .map(([rule, value]) => `(cn:${rule}:=${escapeAssertion(value)})`),
  fc.constantFrom('fuzz', 'test', 'p1').map((value) => `(ou:dn:=${value})`),
  // Undefined, on the server as here.
  fc.constantFrom(
    '(uidNumber=many)',
    '(seeAlso=nonsense)',
    '(createTimestamp>=soon)',
    '(uidNumber:1.2.840.113556.1.4.803:=x)',
  ),
);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'medium', maxDepth: 4 },
    item,
    fc
      .tuple(fc.constantFrom('&', '|'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 }))
      .map(([operator, all]) => `(${operator}${all.join('')})`),
    tie('filter').map((each) => `(!${each})`),
  ),
}));

const subject = fc.record({
  cn: fc.uniqueArray(word, {
    minLength: 1,
    maxLength: 2,
    selector: (each) => each.normalize('NFC').toLowerCase().replace(/ +/g, ' '),
  }),
  sn: word,
  description: fc.option(word),
  title: fc.option(word),
  employeeType: fc.option(word),
  uidNumber: numbers.map((each) => String(Number(each))),
  gidNumber: numbers.map((each) => String(Number(each))),
  seeAlso: fc.option(dns),
  createTimestamp: times,
  posix: fc.boolean(),
});

describe('a filter selects the same entries as on the server', () => {
  it('for any filter over any entries', async () => {
    const subjects = fc.sample(subject, { numRuns: 60, seed: 7 });
    await slapd.load(
      subjects
        .map(({ posix, uidNumber, gidNumber, ...each }, at) => {
          const some = Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)) as Record<
            string,
            string | string[]
          >;
          return record(`uid=p${at},${BASE}`, {
            objectClass: posix ? ['inetOrgPerson', 'posixAccount'] : 'inetOrgPerson',
            uid: `p${at}`,
            ...(posix ? { uidNumber, gidNumber, homeDirectory: '/' } : {}),
            ...some,
          });
        })
        .join(''),
      { relax: true },
    );
    const { entries } = await readBytes(await slapd.search('(objectClass=*)', ['-b', BASE]));
    expect(entries).toHaveLength(subjects.length + 1);
    let meaningful = 0;
    await fc.assert(
      fc.asyncProperty(filter, async (each) => {
        const there = (await readBytes(await slapd.search(each, ['-b', BASE], ['1.1']))).entries
          .map(({ dn }) => dn)
          .toSorted();
        const matcher = compileFilter(parseFilter(each));
        const here = entries
          .filter((entry) => selects(matcher, entry))
          .map(({ dn }) => dn)
          .toSorted();
        expect(here).toEqual(there);
        if (there.length > 0 && there.length < entries.length) meaningful += 1;
      }),
      { numRuns: 400, seed: 11, endOnFailure: false },
    );
    // A fuzz whose filters select nobody, or everybody, would prove nothing.
    expect(meaningful).toBeGreaterThan(120);
  });
});

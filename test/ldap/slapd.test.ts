// Against a real OpenLDAP: what ldapsearch exports reads back to the byte, and the filters that it selects by select the
// same entries here.
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dnKey } from '../../src/connection/dn.ts';
import { parseFilter } from '../../src/connection/filter.ts';
import type { Entry } from '../../src/ldap/entry.ts';
import { type LdifRecord, readLdif } from '../../src/ldap/ldif.ts';
import { compileFilter, selects } from '../../src/ldap/match.ts';
import { Slapd } from '../support/slapd.ts';
import { readFile, record } from './exported.ts';

const SUFFIX = 'dc=test,dc=example';

let slapd: Slapd;
beforeAll(async () => {
  slapd = await Slapd.start({ suffix: SUFFIX });
  await slapd.load(record(SUFFIX, { objectClass: 'domain', dc: 'test' }));
});
afterAll(() => slapd.stop());

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function read(bytes: Buffer): Promise<{ entries: Entry[]; end: LdifRecord | undefined }> {
  const records: LdifRecord[] = [];
  for await (const each of readLdif(once(bytes), 'export')) records.push(each);
  return { entries: records.flatMap((each) => (each.kind === 'entry' ? [each.entry] : [])), end: records.at(-1) };
}

async function unit(name: string): Promise<string> {
  const dn = `ou=${name},${SUFFIX}`;
  await slapd.load(record(dn, { objectClass: 'organizationalUnit', ou: name }));
  return dn;
}

const escapeValue = (text: string) => text.replace(/[\\,+"<>;=#]|^ | $/g, (character) => `\\${character}`);

// Blanks at the ends, colons, letters of many kinds, characters that a DN or LDIF escapes, lines long enough to be folded.
const text = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'aBz09 :;,+"\\<>=#*()/éÜßñ漢\u0308\n'), minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...'abc ü'), minLength: 80, maxLength: 200 }),
  )
  .filter((each) => each.trim() !== '');
const octets = fc.uint8Array({ minLength: 1, maxLength: 120 }).map((bytes) => Buffer.from(bytes));
const attributes = fc.record({
  // A line break in a name is a case of its own, below.
  cn: text.map((each) => each.replaceAll('\n', ' ')).filter((each) => each.trim() !== ''),
  sn: text,
  description: fc.uniqueArray(text, {
    maxLength: 3,
    selector: (each) => each.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim(),
  }),
  photo: fc.uniqueArray(octets, { maxLength: 2, selector: (each) => each.toString('hex') }),
});

describe('what ldapsearch exports', () => {
  it('reads back to the byte: umlauts, blanks at the ends, binary, folded lines, escaped names', async () => {
    const base = await unit('roundtrip');
    const people = fc.sample(attributes, { numRuns: 150, seed: 4 });
    const written = people.map((each, at) => ({
      ...each,
      uid: `p${at}`,
      dn: `cn=${escapeValue(each.cn)}+uid=p${at},${base}`,
    }));
    await slapd.load(
      written
        .map(({ dn, uid, cn, sn, description, photo }) =>
          record(dn, { objectClass: 'inetOrgPerson', uid, cn, sn, description, jpegPhoto: photo }),
        )
        .join(''),
    );
    for (const options of [
      [],
      ['-LLL'],
      ['-L'],
      ['-o', 'ldif-wrap=no'],
      ['-E', 'pr=7/noprompt'],
      ['-o', 'ldif-wrap=20'],
    ]) {
      const { entries, end } = await read(await slapd.search('(objectClass=inetOrgPerson)', ['-b', base, ...options]));
      expect(end).toEqual({ kind: 'end', problem: null });
      expect(entries).toHaveLength(written.length);
      const byUid = new Map(entries.map((entry) => [entry.texts('uid')[0], entry]));
      for (const person of written) {
        const entry = byUid.get(person.uid);
        expect(entry?.texts('cn')).toEqual([person.cn]);
        expect(entry?.texts('sn')).toEqual([person.sn]);
        expect(entry?.texts('description')).toEqual(person.description);
        expect(entry?.bytes('jpegPhoto')).toEqual(person.photo);
        expect(dnKey(entry?.dn ?? '')).toBe(dnKey(person.dn));
        expect(dnKey(entry?.texts('entryDN')[0] ?? '')).toBe(dnKey(person.dn));
        expect(entry?.texts('entryUUID')).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
      }
    }
  });

  it('with a line break in a name is refused, unless the export has no comments for the name to break out of', async () => {
    const base = await unit('breaks');
    const cn = 'a\n\ndn: cn=injected';
    await slapd.load(record(`cn=a\\0a\\0adn: cn\\=injected,${base}`, { objectClass: 'person', cn, sn: 'x' }));
    const { entries } = await read(await slapd.search('(sn=x)', ['-LLL', '-b', base]));
    expect(entries.map((entry) => entry.texts('cn'))).toEqual([[cn]]);
    await expect(slapd.search('(sn=x)', ['-b', base]).then(read)).rejects.toMatchObject({ code: 'ldif_invalid' });
  });

  it('after a size limit was hit proves no absence', async () => {
    const ran = await slapd.trySearch('(objectClass=*)', ['-z', '3'], ['1.1']);
    expect((await read(ran.stdout)).end).toMatchObject({ problem: expect.stringMatching(/Size limit exceeded/) });
  });

  it('of a base that is a referral proves no absence', async () => {
    const dn = `ou=away,${SUFFIX}`;
    await slapd.load(
      record(dn, { objectClass: ['referral', 'extensibleObject'], ou: 'away', ref: 'ldap://other.example/ou=away' }),
    );
    const ran = await slapd.trySearch('(objectClass=*)', ['-b', dn], ['1.1']);
    expect((await read(ran.stdout)).end).toMatchObject({ problem: expect.stringMatching(/Referral/) });
    const seen = await read((await slapd.trySearch('(objectClass=organizationalUnit)', [], ['1.1'])).stdout);
    expect(seen.end).toMatchObject({ problem: null });
  });

  it('is the same people after a move and a renaming, and members are found by rule', async () => {
    const base = await unit('moves');
    await slapd.load(
      record(`ou=a,${base}`, { objectClass: 'organizationalUnit', ou: 'a' }) +
        record(`ou=b,${base}`, { objectClass: 'organizationalUnit', ou: 'b' }) +
        record(`uid=jane,ou=a,${base}`, {
          objectClass: 'inetOrgPerson',
          uid: 'jane',
          cn: 'Jane',
          sn: 'Doe',
          mail: 'jane@test.example',
        }) +
        record(`cn=team,${base}`, { objectClass: 'groupOfNames', cn: 'team', member: `UID=jane , OU=a,${base}` }),
    );
    const before = await readBack(base);
    await slapd.modify(
      `dn: uid=jane,ou=a,${base}\nchangetype: moddn\nnewrdn: uid=smith\ndeleteoldrdn: 1\nnewsuperior: ou=b,${base}\n`,
    );
    const after = await readBack(base);
    expect(after.people.map(({ externalId }) => externalId)).toEqual(before.people.map(({ externalId }) => externalId));
    expect([before.links, after.links]).toEqual([['jane in team'], ['smith in team']]);
    expect(after.outcome).toMatchObject({ complete: true, warnings: [] });
  });
});

async function readBack(base: string) {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-export-'));
  try {
    const file = join(directory, 'export.ldif');
    await writeFile(file, await slapd.search('(objectClass=*)', ['-b', base]));
    return await readFile(file, {
      users: { base, filter: '(objectClass=inetOrgPerson)' },
      groups: { base, filter: '(objectClass=groupOfNames)' },
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

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
    const base = await unit('fuzz');
    const subjects = fc.sample(subject, { numRuns: 60, seed: 7 });
    await slapd.load(
      subjects
        .map(({ posix, uidNumber, gidNumber, ...each }, at) => {
          const some = Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)) as Record<
            string,
            string | string[]
          >;
          return record(`uid=p${at},${base}`, {
            objectClass: posix ? ['inetOrgPerson', 'posixAccount'] : 'inetOrgPerson',
            uid: `p${at}`,
            ...(posix ? { uidNumber, gidNumber, homeDirectory: '/' } : {}),
            ...some,
          });
        })
        .join(''),
      { relax: true },
    );
    const { entries } = await read(await slapd.search('(objectClass=*)', ['-b', base]));
    expect(entries).toHaveLength(subjects.length + 1);
    let meaningful = 0;
    await fc.assert(
      fc.asyncProperty(filter, async (each) => {
        const there = (await read(await slapd.search(each, ['-b', base], ['1.1']))).entries
          .map(({ dn }) => dn)
          .toSorted();
        const matcher = compileFilter(parseFilter(each));
        const here = entries
          .filter((entry) => selects(matcher, entry))
          .map(({ dn }) => dn)
          .toSorted();
        expect(here, each).toEqual(there);
        if (there.length > 0 && there.length < entries.length) meaningful += 1;
      }),
      { numRuns: 400, seed: 11, endOnFailure: false },
    );
    // A fuzz whose filters select nobody, or everybody, would prove nothing.
    expect(meaningful).toBeGreaterThan(120);
  });
});

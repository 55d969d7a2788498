// Against a real OpenLDAP: what ldapsearch exports reads back to the byte, and names nobody who is not there.
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dnKey } from '../../src/connection/dn.ts';
import { Slapd } from '../support/slapd.ts';
import { readBytes, readFile, record } from './exported.ts';

const SUFFIX = 'dc=test,dc=example';

let slapd: Slapd;
beforeAll(async () => {
  slapd = await Slapd.start({ suffix: SUFFIX });
  await slapd.load(record(SUFFIX, { objectClass: 'domain', dc: 'test' }));
});
afterAll(() => slapd.stop());

async function unit(name: string): Promise<string> {
  const dn = `ou=${name},${SUFFIX}`;
  await slapd.load(record(dn, { objectClass: 'organizationalUnit', ou: name }));
  return dn;
}

const escapeValue = (text: string) => text.replace(/[\\,+"<>;=#]|^ | $/g, (character) => `\\${character}`);

// Blanks at the ends, colons, letters of many kinds, characters that a DN or LDIF escapes, lines long enough to be folded.
const text = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(...Array.from('aBz09 :;,+"\\<>=#*()/éÜßñ漢\u0308\n')),
      minLength: 1,
      maxLength: 20,
    }),
    fc.string({ unit: fc.constantFrom(...Array.from('abc ü')), minLength: 80, maxLength: 200 }),
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
      const { entries, end } = await readBytes(
        await slapd.search('(objectClass=inetOrgPerson)', ['-b', base, ...options]),
      );
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

  it('with a name that holds entries of its own brings in none of them', async () => {
    const base = await unit('breaks');
    const cn = `a\n\ndn: uid=forged,${base}\nobjectClass: inetOrgPerson\nsn: x\n\n# b`;
    const rdn = cn.replaceAll('\n', '\\0a').replace(/[=,#]/g, '\\$&');
    await slapd.load(record(`cn=${rdn},${base}`, { objectClass: 'person', cn, sn: 'x' }));
    const { entries } = await readBytes(await slapd.search('(sn=x)', ['-LLL', '-b', base]));
    expect(entries.map((entry) => entry.texts('cn'))).toEqual([[cn]]);
    const commented = slapd.search('(sn=x)', ['-b', base]).then(readBytes);
    await expect(commented).rejects.toMatchObject({
      code: 'ldif_invalid',
      message: expect.stringMatching(/returned 1 entries, and the file has 2/),
    });
  });

  it('with a line break in a name says what to do', async () => {
    const base = await unit('broken');
    await slapd.load(record(`cn=a\\0ab,${base}`, { objectClass: 'person', cn: 'a\nb', sn: 'x' }));
    await expect(slapd.search('(sn=x)', ['-b', base]).then(readBytes)).rejects.toThrow(
      /the comment above goes on here.*-LLL/,
    );
  });

  it('after a size limit was hit proves no absence', async () => {
    const ran = await slapd.trySearch('(objectClass=*)', ['-z', '3'], ['1.1']);
    expect((await readBytes(ran.stdout)).end).toMatchObject({ problem: expect.stringMatching(/Size limit exceeded/) });
  });

  it('of a base that is a referral proves no absence', async () => {
    const dn = `ou=away,${SUFFIX}`;
    await slapd.load(
      record(dn, { objectClass: ['referral', 'extensibleObject'], ou: 'away', ref: 'ldap://other.example/ou=away' }),
    );
    const ran = await slapd.trySearch('(objectClass=*)', ['-b', dn], ['1.1']);
    expect((await readBytes(ran.stdout)).end).toMatchObject({ problem: expect.stringMatching(/Referral/) });
    const seen = await readBytes((await slapd.trySearch('(objectClass=organizationalUnit)', [], ['1.1'])).stdout);
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

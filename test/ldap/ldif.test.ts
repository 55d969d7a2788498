import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/ldap/entry.ts';
import { type LdifRecord, readLdif } from '../../src/ldap/ldif.ts';
import { MAX_LINE_BYTES } from '../../src/ldap/ldif-lines.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(text: string | Buffer, piece = 1 << 16): Promise<LdifRecord[]> {
  const records: LdifRecord[] = [];
  for await (const record of readLdif(inPieces(Buffer.from(text), piece), 'corp.ldif')) records.push(record);
  return records;
}

async function entries(text: string | Buffer, piece?: number): Promise<Entry[]> {
  return (await read(text, piece)).flatMap((record) => (record.kind === 'entry' ? [record.entry] : []));
}

async function problem(text: string): Promise<string | null> {
  const last = (await read(text)).at(-1);
  if (last?.kind !== 'end') throw new Error('no end');
  return last.problem;
}

const only = async (text: string | Buffer) => {
  const [entry, ...others] = await entries(text);
  if (entry === undefined || others.length > 0) throw new Error('not one entry');
  return entry;
};

describe('reads content as it was exported', () => {
  it('with a version, comments, folded lines, base64 and options', async () => {
    const entry = await only(
      [
        'version: 1',
        '',
        '# Jane, folded',
        '  comment',
        'dn:: dWlkPU3DvGxsZXIsZGM9Y29ycA==',
        'uid:Jane',
        'cn;lang-de:: TcO8bGxlcg==',
        'description: one ',
        '  two',
        ' three',
        'postalAddress:',
        'jpegPhoto:: /9j/',
        '',
        '',
      ].join('\n'),
    );
    expect(entry.dn).toBe('uid=Müller,dc=corp');
    expect(entry.texts('uid')).toEqual(['Jane']);
    expect(entry.texts('cn')).toEqual(['Müller']);
    expect(entry.texts('cn;lang-de')).toEqual(['Müller']);
    expect(entry.texts('cn;lang-fr')).toEqual([]);
    expect(entry.texts('description')).toEqual(['one  twothree']);
    expect(entry.texts('postalAddress')).toEqual(['']);
    expect(entry.bytes('jpegPhoto')).toEqual([Buffer.from('ffd8ff', 'hex')]);
    expect(entry.texts('jpegPhoto')).toEqual([null]);
  });

  it('with line ends of Windows, a byte order mark, and umlauts written as they are', async () => {
    const entry = await only('\ufeffdn: cn=ü,dc=x\r\ncn: ü\r\ndescription: a\r\n b\r\n\r\n');
    expect(entry.dn).toBe('cn=ü,dc=x');
    expect(entry.texts('cn')).toEqual(['ü']);
    expect(entry.texts('description')).toEqual(['ab']);
  });

  it('as an add, which says what is so', async () => {
    expect((await only('dn: cn=a,dc=x\nchangetype: add\ncn: a\n')).texts('changetype')).toEqual([]);
  });

  it('in pieces of any size, cut inside lines and letters', async () => {
    const text = '# c\ndn: cn=ü,dc=x\ncn: ü\ndescription: long\n er\nuid:: w7w=\n\ndn: cn=b,dc=x\r\ncn: b\r\n\r\n';
    const whole = await entries(text);
    for (let size = 1; size < 12; size += 1) expect(await entries(text, size)).toEqual(whole);
  });
});

describe('a damaged or foreign file is refused with file, line and advice', () => {
  it.each([
    ['the file was cut inside a line', 'dn: cn=a,dc=x\nmail: olga@acme.exa', 2, /ends inside this line/],
    ['the file was cut inside base64', 'dn: cn=a,dc=x\ncn:: TcO8bGx\n', 2, /not base64/],
    ['a blank line is missing', 'dn: cn=a,dc=x\ncn: a\ndn: cn=b,dc=x\n', 3, /blank line is missing/],
    ['a value stands in another file', 'dn: cn=a,dc=x\njpegPhoto:< file:///etc/passwd\n', 2, /never opened/],
    ['the file holds changes', 'dn: cn=a,dc=x\nchangetype: modify\nreplace: cn\n', 2, /holds changes/],
    ['the file holds deletions', 'dn: cn=a,dc=x\nchangetype: delete\n', 2, /holds changes/],
    ['the file is Latin-1', Buffer.from('dn: cn=a,dc=x\ncn: M\xfcller\n', 'latin1'), 2, /not UTF-8/],
    ['the DN is no text', 'dn:: /w==\n', 1, /not UTF-8/],
    ['the file is UTF-16', Buffer.from('\ufeffdn: cn=a\n', 'utf16le'), 1, /UTF-16/],
    ['a line lost its fold', 'dn: cn=a,dc=x\ndescription: long\ner text\n', 3, /no ":"/],
    ['a fold continues nothing', '\n a\n', 2, /continues nothing/],
    ['a block of the disk is lost', 'dn: cn=a,dc=x\ncn: a\0\0\n', 2, /zero byte/],
    ['a record has no name', 'cn: a\n', 1, /begins with "dn:"/],
    ['a newer version', 'version: 2\n\ndn: cn=a,dc=x\n', 1, /version/],
    ['an attribute has no proper name', 'dn: cn=a,dc=x\nc n: a\n', 2, /not the name of an attribute/],
  ])('%s', async (_, text, line, message) => {
    const failed = expect.objectContaining({ code: 'ldif_invalid', message: expect.stringMatching(message) });
    await expect(read(text)).rejects.toEqual(failed);
    await expect(read(text)).rejects.toThrow(`corp.ldif, line ${line}:`);
  });

  it('a line without end is no LDIF, folded or not', async () => {
    const long = Buffer.alloc(MAX_LINE_BYTES + 10, 'a');
    await expect(read(Buffer.concat([Buffer.from('dn: cn=a,dc=x\ncn: '), long]))).rejects.toThrow(
      /line 2: .*longer than/,
    );
    const folded = `dn: cn=a,dc=x\ncn: \n${` ${'a'.repeat(1 << 20)}\n`.repeat(17)}`;
    await expect(read(folded)).rejects.toThrow(/line 2: .*longer than/);
  });

  it('nobody of a cut record comes out, since half an address is another address', async () => {
    const seen: LdifRecord[] = [];
    const reading = async () => {
      for await (const record of readLdif(
        inPieces(Buffer.from('dn: cn=a,dc=x\ncn: a\n\ndn: cn=b,dc=x\nmail: b@acme.ex'), 7),
        'f',
      )) {
        seen.push(record);
      }
    };
    await expect(reading()).rejects.toThrow(/line 5/);
    expect(seen.map((each) => (each.kind === 'entry' ? each.entry.dn : each.kind))).toEqual(['cn=a,dc=x']);
  });
});

describe('what ldapsearch says beside the entries is heard', () => {
  const head = '# extended LDIF\n#\n# LDAPv3\n#\n\n';
  const one = 'dn: cn=a,dc=x\ncn: a\n\n';
  const result = (line: string) => `# search result\nsearch: 2\nresult: ${line}\n`;

  it('a search that ended well proves that the file is whole', async () => {
    expect(await problem(`${head}${one}${result('0 Success')}\n# numResponses: 2\n# numEntries: 1\n`)).toBeNull();
    expect(await problem(one)).toBeNull();
  });

  it.each([
    ['a size limit', `${head}${one}${result('4 Size limit exceeded')}`, /Size limit exceeded.*pages/],
    ['a time limit', `${head}${one}${result('3 Time limit exceeded')}`, /Time limit/],
    [
      'a referral as the answer',
      `${head}${result('10 Referral')}matchedDN: dc=x\nref: ldap://other.example\n`,
      /another server/,
    ],
    ['an end that is missing', `${head}${one}`, /no line "result:"/],
    ['entries that are missing', `${head}${one}${result('0 Success')}\n# numEntries: 2\n`, /holds 2 entries and has 1/],
    [
      'pages that are missing',
      `${head}${one}${result('0 Success')}pagedresults: cookie=AgAAAAAAAAA=\n`,
      /between two pages/,
    ],
  ])('%s hides entries, so the file proves no absence', async (_, text, message) => {
    expect(await problem(text)).toMatch(message);
  });

  it('pages follow each other without a blank line', async () => {
    const page = (cookie: string) =>
      `${head}${one}${result('0 Success')}control: 1.2.840 false MA0=\npagedresults: cookie=${cookie}\n`;
    const text = `${page('AgA=')}${page('')}\n# numResponses: 4\n# numEntries: 2\n`;
    expect(await problem(text)).toBeNull();
    expect(await entries(text)).toHaveLength(2);
  });

  it('references to other servers are told apart from entries', async () => {
    const text = `${head}# search reference\nref: ldap://other.example/ou=b,dc=x??sub\n\n${one}# refldap://c.example/dc=c\n`;
    const references = (await read(text)).filter(({ kind }) => kind === 'reference');
    expect(references).toMatchObject([
      { url: 'ldap://other.example/ou=b,dc=x??sub' },
      { url: 'ldap://c.example/dc=c' },
    ]);
  });
});

describe('for every content', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...Array.from(' :<#-\n\r\0üa=')) }),
    fc.uint8Array({ maxLength: 200 }),
  );
  const entry = fc.array(fc.tuple(fc.constantFrom('cn', 'description;lang-de', 'x-y', '1.2.3'), value), {
    minLength: 1,
    maxLength: 8,
  });

  it('what was written folded, in base64 or plain reads back to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 90 }),
        async (all, size) => {
          const text = all
            .map(
              (each, at) => `dn: cn=${at}\n${each.map(([name, bytes]) => line(name, Buffer.from(bytes))).join('')}\n`,
            )
            .join('');
          const back = await entries(text, size);
          expect(back).toHaveLength(all.length);
          for (const [at, each] of all.entries()) {
            for (const name of new Set(each.map(([type]) => type))) {
              const wanted = each.filter(([type]) => type === name).map(([, bytes]) => Buffer.from(bytes));
              expect(back[at]?.bytes(name)).toEqual(wanted);
            }
          }
        },
      ),
    );
  });
});

function line(name: string, value: Buffer): string {
  const text = value.toString('latin1');
  const safe = /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(text);
  const whole = safe ? `${name}: ${text}` : `${name}:: ${value.toString('base64')}`;
  return `${whole.replace(/(.{40})(?=.)/g, '$1\n ')}\n`;
}

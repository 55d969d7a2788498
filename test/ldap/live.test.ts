// Against a real slapd: what it lets be read is read to the last entry, what it holds back is named, and who is missing
// is asked for by id.
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Slapd, type SlapdOptions } from '../support/slapd.ts';
import { gather, group, type Overrides, person, record, ROOTS } from './exported.ts';
import { liveReading, readLive } from './live.ts';

const READER = 'cn=reader,dc=corp';
const AS_READER = { bindDn: READER, bindPassword: 'secret' };
const AS_ROOT = { bindDn: 'cn=root,dc=corp', bindPassword: 'secret' };
const READER_ENTRY = record(READER, {
  objectClass: ['organizationalRole', 'simpleSecurityObject'],
  cn: 'reader',
  userPassword: 'secret',
});

const PEOPLE = 1_230;
const numbers = Array.from({ length: PEOPLE }, (_, number) => number);
const crowd = numbers.map((number) => person(`p${number}`)).join('');

const started: Slapd[] = [];
afterEach(async () => {
  for (const slapd of started.splice(0)) await slapd.stop();
});

async function start(options: SlapdOptions = {}): Promise<Slapd> {
  const slapd = await Slapd.start({ suffix: 'dc=corp', ...options });
  started.push(slapd);
  return slapd;
}

describe('a directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await Slapd.start({
      suffix: 'dc=corp',
      entries:
        ROOTS +
        READER_ENTRY +
        crowd +
        group('all', { member: numbers.map((number) => `uid=p${number},ou=people,dc=corp`) }) +
        group('outer', { member: ['cn=all,ou=groups,dc=corp', 'uid=nobody,dc=corp'] }) +
        group('shell', { objectClass: ['posixGroup'], gidNumber: '7', memberUid: ['p1', 'p2'] }),
    });
  });
  afterAll(() => slapd.stop());

  it('is read to the last entry over several pages, and every step says what it found', async () => {
    const read = await readLive(slapd.url, AS_ROOT);
    expect(read.outcome).toMatchObject({ complete: true, reason: null, warnings: [] });
    expect(read.people.map(({ attributes }) => attributes.userName)).toEqual(numbers.map((number) => `p${number}`));
    expect(read.links).toHaveLength(PEOPLE + 4);
    expect(read.links).toContain('all in outer');
    expect(read.links).toContain('p2 in shell');
    expect(read.steps).toEqual([
      `connect: ${slapd.url} (127.0.0.1) answers`,
      'bind: as cn=root,dc=corp; the server is OpenLDAP',
      'base: groups.base "ou=groups,dc=corp" is there',
      'base: users.base "ou=people,dc=corp" is there',
      'groups: 3 groups in 1 page',
      'people: 1230 people in 3 pages',
    ]);
  });

  it('can be read a second time by nobody: a reading is one read', async () => {
    const reading = liveReading(slapd.url, AS_ROOT);
    expect(() => reading.outcome()).toThrow(/when its items have ended/);
    await gather(reading);
    expect((await gather(reading)).people).toEqual([]);
  });

  it('answers to nobody with the wrong password, and the reason names neither it nor the right one', async () => {
    const { outcome } = await readLive(slapd.url, { ...AS_READER, bindPassword: 'wrong-one' });
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^bind: .*refused cn=reader,dc=corp: invalid credentials \(49\): check/),
    });
    expect(JSON.stringify(outcome)).not.toMatch(/wrong-one|secret/);
  });

  it('without the base names the nearest entry above it', async () => {
    const { outcome } = await readLive(slapd.url, { ...AS_ROOT, users: { base: 'ou=x,ou=people,dc=corp' } });
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(
        /^base: users.base "ou=x,ou=people,dc=corp" on ldap:.*nearest above it is "ou=people,dc=corp": no such object \(32\)/,
      ),
    });
  });

  it('with a filter that selects nobody is read to its end, and it is for the run to suspect that', async () => {
    const read = await readLive(slapd.url, { ...AS_ROOT, users: { filter: '(objectClass=inetOrgPersom)' } });
    expect(read.people).toEqual([]);
    expect(read.outcome).toMatchObject({ complete: true });
  });

  it('is asked for names with umlauts, escapes and raw bytes as they are', async () => {
    const names = ['Müller', 'a*b(c)\\d', '漢字', '\u00ff'];
    await slapd.load(
      names.map((sn, at) => person(`u${at}`, { entryUUID: [], entryCSN: [], sn, title: 'odd' })).join(''),
    );
    const escaped = (name: string) =>
      Buffer.from(name)
        .toString('latin1')
        .replace(/[^a-zA-Z]/g, (byte) => `\\${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
    for (const [at, name] of names.entries()) {
      for (const filter of [
        `(sn=${escaped(name)})`,
        `(&(sn=${escaped(Array.from(name)[0] ?? '')}*)(title=odd))`,
        `(sn:caseIgnoreMatch:=${escaped(name)})`,
      ]) {
        const read = await readLive(slapd.url, { ...AS_ROOT, users: { filter } });
        expect(read.people.map(({ attributes }) => attributes.userName)).toEqual([`u${at}`]);
      }
    }
  });

  it('selects by a filter whom ldapsearch selects', async () => {
    const word = fc.constantFrom('p1', 'P12', 'p1230', 'nobody', 'p');
    const item = fc.oneof(
      word.map((value) => `(uid=${value})`),
      word.map((value) => `(uid=${value}*)`),
      word.map((value) => `(uid=*${value.slice(-1)}*${value.slice(0, 1)}*)`),
      word.map((value) => `(uid>=${value})`),
      word.map((value) => `(uid<=${value})`),
      word.map((value) => `(mail~=${value}@corp.example)`),
      fc.constantFrom('(title=*)', '(uid=*)', '(ou:dn:=people)', '(:dn:caseIgnoreMatch:=people)', '(&)', '(|)'),
    );
    const { filter } = fc.letrec<{ filter: string }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3 },
        item,
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((each) => `(&${each.join('')})`),
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((each) => `(|${each.join('')})`),
        tie('filter').map((each) => `(!${each})`),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(filter, async (written) => {
        const inPeople = `(&(objectClass=inetOrgPerson)${written})`;
        const ran = await slapd.search(inPeople, ['-LLL', '-b', 'ou=people,dc=corp', '-E', 'pr=500/noprompt'], ['uid']);
        const theirs = [...ran.toString().matchAll(/^uid: (.*)$/gm)].map(([, uid]) => uid);
        const read = await readLive(slapd.url, { ...AS_ROOT, users: { filter: inPeople } });
        expect(read.people.map(({ attributes }) => attributes.userName)).toEqual(theirs);
      }),
      { numRuns: 40 },
    );
  });

  it('is left when it is killed meanwhile, without a word about the rest', async () => {
    // More than is fetched ahead, so that the end comes before the last page.
    const many = Array.from({ length: 20_000 }, (_, number) => person(`m${number}`));
    const mortal = await start({ entries: ROOTS + many.join('') });
    let seen = 0;
    const reading = liveReading(mortal.url, AS_ROOT);
    for await (const item of reading.items) {
      if (item.kind === 'person') seen += 1;
      if (seen === 1) await mortal.stop();
    }
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(many.length);
    expect(reading.outcome()).toMatchObject({
      complete: false,
      // In the middle of a page, or with a word of farewell.
      reason: expect.stringMatching(/^people: .*(broke off|closed the connection)/),
    });
    await expect(reading.lookUp?.('person', ['x'])).rejects.toMatchObject({ code: 'directory_unreachable' });
  });
});

describe('a limit of the server', () => {
  it('on the size of a page is stepped under', async () => {
    const database = ['limits * size.pr=50 size.prtotal=unlimited size.hard=unlimited'];
    const slapd = await start({ entries: ROOTS + READER_ENTRY + crowd, database });
    const read = await readLive(slapd.url, AS_READER);
    expect(read.outcome).toMatchObject({ complete: true, reason: null });
    expect(new Set(read.people.map(({ externalId }) => externalId)).size).toBe(PEOPLE);
  });

  it.each([
    [
      'on everything',
      'limits * size.soft=100 size.hard=100',
      /^people: .*size limit exceeded \(4\): raise the size limit/,
    ],
    ['on all pages together', 'limits * size.prtotal=700', /^people: .*\((?:4|11)[,)].*raise/],
    ['that forbids pages', 'limits * size.prtotal=disabled', /^groups: .*"pagedResults control not allowed"\).*raise/],
  ])('%s takes nothing away', async (_, limit, reason) => {
    const slapd = await start({ entries: ROOTS + READER_ENTRY + crowd, database: [limit] });
    const read = await readLive(slapd.url, AS_READER);
    expect(read.outcome).toMatchObject({ complete: false, reason: expect.stringMatching(reason) });
    expect(read.people.length).toBeLessThan(PEOPLE);
  });

  it('on time takes nothing away', async () => {
    const slapd = await start({
      entries: ROOTS + READER_ENTRY + crowd,
      database: ['limits * time.soft=1 time.hard=1'],
    });
    expect((await readLive(slapd.url, AS_READER)).outcome.complete).toBe(true);
  });
});

describe('whoever is missing', () => {
  const MOVED: Overrides = { ...AS_ROOT, users: { filter: '(&(objectClass=inetOrgPerson)(!(title=left)))' } };
  const idsOf = ({ people }: { people: readonly { externalId: string; attributes: { userName: string | null } }[] }) =>
    new Map(people.map(({ externalId, attributes }) => [attributes.userName ?? '', externalId]));

  it('is there when moved inside the base, and gone when deleted, moved out, or no longer matched', async () => {
    const slapd = await start({
      entries:
        ROOTS +
        record('ou=branch,ou=people,dc=corp', { objectClass: 'organizationalUnit', ou: 'branch' }) +
        record('ou=away,dc=corp', { objectClass: 'organizationalUnit', ou: 'away' }) +
        ['stays', 'moves', 'leaves', 'deleted', 'renamed', 'unmatched'].map((uid) => person(uid)).join('') +
        group('gone', { member: 'uid=stays,ou=people,dc=corp' }) +
        group('kept', { member: 'uid=stays,ou=people,dc=corp' }),
    });
    const read = await readLive(slapd.url, MOVED);
    const ids = idsOf(read);
    const move = (uid: string, to: string, rdn = `uid=${uid}`) =>
      `dn: uid=${uid},ou=people,dc=corp\nchangetype: moddn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\nnewsuperior: ${to}\n\n`;
    await slapd.modify(
      move('moves', 'ou=branch,ou=people,dc=corp') +
        move('leaves', 'ou=away,dc=corp') +
        move('renamed', 'ou=people,dc=corp', 'uid=another') +
        'dn: uid=deleted,ou=people,dc=corp\nchangetype: delete\n\n' +
        'dn: cn=gone,ou=groups,dc=corp\nchangetype: delete\n\n' +
        'dn: uid=unmatched,ou=people,dc=corp\nchangetype: modify\nadd: title\ntitle: left\n\n',
    );
    const there = await read.reading.lookUp?.('person', [...ids.values(), 'no-id-at-all', '*', ')(uid=*']);
    const names = [...ids].filter(([, externalId]) => there?.has(externalId)).map(([uid]) => uid);
    expect(names.sort()).toEqual(['moves', 'renamed', 'stays']);
    expect(there?.size).toBe(3);
    const groups = new Map(read.groups.map(({ name, externalId }) => [name, externalId]));
    const kept = groups.get('cn=kept,ou=groups,dc=corp');
    expect(await read.reading.lookUp?.('group', [...groups.values()])).toEqual(new Set([kept]));
  });

  it('is asked for by the thousand', async () => {
    const slapd = await start({
      entries: ROOTS + READER_ENTRY + crowd,
      database: ['limits * size.pr=50 size.prtotal=unlimited size.hard=unlimited'],
    });
    const read = await readLive(slapd.url, AS_READER);
    const ids = read.people.map(({ externalId }) => externalId);
    expect(await read.reading.lookUp?.('person', [...ids, 'gone'])).toEqual(new Set(ids));
    expect(await read.reading.lookUp?.('person', [])).toEqual(new Set());
  });

  it('is not proven absent where the bind account may read the id and not search by it', async () => {
    const slapd = await start({
      entries: ROOTS + READER_ENTRY + person('ann') + person('bob'),
      database: ['access to attrs=entryUUID by * =r', 'access to * by * read'],
    });
    const read = await readLive(slapd.url, AS_READER);
    expect(read.people.map(({ externalId }) => externalId)).toHaveLength(2);
    await expect(read.reading.lookUp?.('person', ['00000000-0000-4000-8000-999999999999'])).rejects.toMatchObject({
      message: expect.stringMatching(/finds nobody by "entryUUID"/),
    });
  });
});

describe('what is hidden or kept elsewhere', () => {
  it('by an ACL is read as far as it shows: a container without people, members without names', async () => {
    const slapd = await start({
      entries:
        ROOTS +
        READER_ENTRY +
        record('ou=hidden,ou=people,dc=corp', { objectClass: 'organizationalUnit', ou: 'hidden' }) +
        person('ann') +
        person('bob', {}, 'uid=bob,ou=hidden,ou=people,dc=corp') +
        group('g', { member: 'uid=ann,ou=people,dc=corp' }),
      database: [
        'access to dn.subtree="ou=hidden,ou=people,dc=corp" by * none',
        'access to attrs=member by * none',
        'access to * by * read',
      ],
    });
    const read = await readLive(slapd.url, AS_READER);
    expect(read.people.map(({ container }) => container)).toEqual(['ou=people,dc=corp']);
    expect(read.links).toEqual([]);
    expect(read.outcome.complete).toBe(true);
  });

  it('behind a referral object is told, and as the base it is no directory', async () => {
    const away = record('ou=away,ou=people,dc=corp', {
      objectClass: ['referral', 'extensibleObject'],
      ou: 'away',
      ref: 'ldap://other.example/ou=away,dc=corp',
    });
    const slapd = await start({ entries: ROOTS + away + person('ann') });
    const below = await readLive(slapd.url, AS_ROOT);
    expect(below.outcome).toMatchObject({
      complete: true,
      warnings: [expect.stringMatching(/1 parts of the tree.*ldap:\/\/other.example/)],
    });
    const base = await readLive(slapd.url, { ...AS_ROOT, users: { base: 'ou=away,ou=people,dc=corp' } });
    expect(base.outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^base: users.base .*referral \(10.*read it there/),
    });
  });

  it('in memberOf is found where the group itself shows no list', async () => {
    const slapd = await start({
      entries:
        ROOTS +
        record('cn=posix,ou=groups,dc=corp', { objectClass: 'posixGroup', cn: 'posix', gidNumber: '5' }) +
        record('cn=inner,ou=groups,dc=corp', {
          objectClass: ['posixGroup', 'extensibleObject'],
          cn: 'inner',
          gidNumber: '6',
          memberOf: 'cn=posix,ou=groups,dc=corp',
        }) +
        person('ann', { objectClass: ['inetOrgPerson', 'extensibleObject'], memberOf: 'cn=posix,ou=groups,dc=corp' }),
    });
    const read = await readLive(slapd.url, AS_ROOT);
    expect(read.links.sort()).toEqual(['ann in posix', 'inner in posix']);
  });
});

describe('a server that is stopped in its tracks', () => {
  it('is waited for as long as the settings say', async () => {
    const slapd = await start({ entries: ROOTS + crowd });
    slapd.pause();
    try {
      const { outcome } = await readLive(slapd.url, { ...AS_ROOT, timeouts: { connect: 0.4 } });
      expect(outcome).toMatchObject({
        complete: false,
        reason: expect.stringMatching(/^bind: .*no answer within 0.4 seconds \(timeouts.connect\)/),
      });
    } finally {
      slapd.resume();
    }
  });
});

it('nothing that listens gives one line with what to do', async () => {
  const { outcome } = await readLive(['ldap://127.0.0.1:9', 'ldaps://localhost:9'], {});
  expect(outcome.reason).toMatch(
    /^connect: ldap:\/\/127.0.0.1:9: nobody answers at this port.*; connect: ldaps:\/\/localhost:9: /,
  );
});

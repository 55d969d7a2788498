// Lists: the store's SQL finds what the filter means, on every attribute, in the order and the parts that were asked.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';
import { ENTERPRISE } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  const ids = new Map<string, string>();

  const PEOPLE: readonly JsonObject[] = [
    {
      userName: 'Anna@acme.example',
      externalId: 'X1',
      name: { givenName: 'Anna', familyName: "O'Malley" },
      title: 'Chief 100%_',
      emails: [
        { value: 'anna@home.example', type: 'home' },
        { value: 'anna@acme.example', type: 'work', primary: true },
      ],
      [ENTERPRISE]: { department: 'Tea', manager: { value: 'boss' } },
    },
    {
      userName: 'ben@acme.example',
      externalId: 'x1',
      name: { givenName: 'Ben', familyName: 'Émile' },
      active: false,
      emails: [{ value: 'ben@home.example', type: 'work' }],
      [ENTERPRISE]: { department: 'Coffee' },
    },
    { userName: 'cora@acme.example', title: 'chief', roles: [{ value: 'a"b' }, { value: 'c\\d' }] },
    { userName: 'dan@acme.example', nickName: 'Dan', photos: [{ value: `https://x.example/${'y'.repeat(3_000)}` }] },
  ];
  const NAMES = ['anna', 'ben', 'cora', 'dan'];

  beforeAll(async () => {
    door = await openDoor({}, { database });
    for (const [at, person] of PEOPLE.entries()) ids.set(NAMES[at] ?? '', await door.make('/Users', person));
    const members = [{ value: ids.get('anna') ?? '' }, { value: ids.get('ben') ?? '' }];
    ids.set('inner', await door.make('/Groups', { displayName: 'Inner', members }));
    ids.set(
      'outer',
      await door.make('/Groups', { displayName: 'Outer', members: [{ value: ids.get('inner') ?? '' }] }),
    );
  });
  afterAll(async () => {
    expect(door.errors).toEqual([]);
    await door.close();
  });

  async function find(type: 'Users' | 'Groups', filter: string): Promise<string> {
    const answered = await door.call('POST', `/${type}/.search`, { filter });
    expect(answered.body).toMatchObject({ totalResults: expect.any(Number) as number });
    const found = answered.body['Resources'] as unknown as { id: string }[];
    expect(answered.body['totalResults']).toBe(found.length);
    return named(found);
  }

  function named(found: readonly { id: string }[]): string {
    const names = new Map([...ids].map(([name, id]) => [id, name]));
    return found.map(({ id }) => names.get(id) ?? id).join(' ');
  }

  test.each([
    ['userName eq "ANNA@ACME.EXAMPLE"', 'anna'],
    ['userName ne "anna@acme.example"', 'ben cora dan'],
    ['userName co "A@ACME"', 'anna cora'],
    ['userName sw "be"', 'ben'],
    ['userName ew ".EXAMPLE"', 'anna ben cora dan'],
    ['userName ew "much longer than any of the names that are there.example"', ''],
    ['userName gt "ben@acme.example"', 'cora dan'],
    ['userName le "ben@acme.example"', 'anna ben'],
    ['externalId eq "X1"', 'anna'],
    ['externalId eq "x1"', 'ben'],
    ['externalId ne "X1"', 'ben cora dan'],
    ['not (externalId pr)', 'cora dan'],
    ['active eq True', 'anna cora dan'],
    ['active eq false', 'ben'],
    ['not (active eq true) or nickName pr', 'ben dan'],
    ['name.familyName eq "o\'malley"', 'anna'],
    ['name.familyName eq "ÉMILE"', 'ben'],
    ['name pr', 'anna ben'],
    ['title eq "CHIEF"', 'cora'],
    ['title co "%"', 'anna'],
    ['title co "_"', 'anna'],
    ['title sw "chief"', 'anna cora'],
    ['title ne "chief"', 'anna ben dan'],
    ['emails pr', 'anna ben'],
    ['emails co "home"', 'anna ben'],
    ['emails[type eq "work" and value co "home"]', 'ben'],
    ['emails[type eq "work"] and emails[value co "home"]', 'anna ben'],
    ['emails[not (type eq "home")]', 'anna ben'],
    ['not (emails[type eq "home"])', 'ben cora dan'],
    ['emails[type eq "home" or primary eq true]', 'anna'],
    ['emails[primary eq false]', 'anna ben'],
    ['emails[type eq "work"].value eq "anna@ACME.example"', 'anna'],
    ['emails[type ne "home" and value pr]', 'anna ben'],
    ['roles.value eq "A\\"B"', 'cora'],
    ['roles eq "c\\\\d"', 'cora'],
    [`photos.value sw "https://x.example/yyy"`, 'dan'],
    [`photos.value eq "https://x.example/${'y'.repeat(3_000)}"`, 'dan'],
    [`photos.value eq "https://x.example/${'y'.repeat(3_001)}"`, ''],
    [`${ENTERPRISE}:department eq "tea"`, 'anna'],
    [`${ENTERPRISE}:manager.value eq "boss"`, 'anna'],
    [`schemas eq "${ENTERPRISE}"`, 'anna ben'],
    ['meta.resourceType eq "User"', 'anna ben cora dan'],
    ['meta.resourceType eq "Group"', ''],
    ['meta.version eq "W/\\"1\\""', 'anna ben cora dan'],
    ['meta.lastModified gt "2030-01-01T00:00:00.1234567Z"', ''],
    ['meta.created lt "2030-01-01T00:00:00Z"', 'anna ben cora dan'],
    ['groups pr', 'anna ben'],
    ['groups.display eq "INNER"', 'anna ben'],
    ['groups.type eq "direct"', 'anna ben'],
    ['password pr', ''],
    ['userName eq "\'; DROP TABLE links; --"', ''],
  ])('people: %s', async (filter, expected) => {
    expect(await find('Users', filter)).toBe(expected);
  });

  test('links, locations and ids are asked by their values', async () => {
    const [anna = '', inner = '', outer = ''] = ['anna', 'inner', 'outer'].map((name) => ids.get(name) ?? '');
    const base = 'https://rollcall.example/scim/v2';
    expect(await find('Users', `groups.value eq "${inner}"`)).toBe('anna ben');
    expect(await find('Users', `groups[value eq "${outer}" and type eq "direct"]`)).toBe('');
    expect(await find('Users', `id eq "${anna}"`)).toBe('anna');
    expect(await find('Users', `meta.location eq "${base}/Users/${anna}"`)).toBe('anna');
    expect(await find('Groups', `members.value eq "${anna}"`)).toBe('inner');
    expect(await find('Groups', `members eq "${inner}"`)).toBe('outer');
    expect(await find('Groups', `members[type eq "Group" and display eq "inner"]`)).toBe('outer');
    expect(await find('Groups', `not (members[type eq "group"])`)).toBe('inner');
    expect(await find('Groups', `members.$ref eq "${base}/Users/${anna}"`)).toBe('inner');
    expect(await find('Groups', 'displayName eq "inner"')).toBe('inner');
  });

  describe('a filter and its opposite part all people between them', () => {
    const leaf = fc.constantFrom(
      'userName co "a"',
      'externalId eq "X1"',
      'title pr',
      'title ne "chief"',
      'active eq true',
      'emails[type eq "work" and not (value co "home")]',
      'emails.primary eq false',
      'emails[primary eq true or type eq "work"]',
      'groups.display sw "in"',
      'nickName gt "c"',
      `${ENTERPRISE}:department le "coffee"`,
      'meta.created ge "2026-01-01T00:00:04.9999999Z"',
    );
    const { filter } = fc.letrec<{ filter: string }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 4 },
        leaf,
        tie('filter').map((inner) => `not (${inner})`),
        fc
          .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
          .map(([a, word, b]) => `(${a} ${word} ${b})`),
      ),
    }));

    test('whatever is joined and nested', async () => {
      await fc.assert(
        fc.asyncProperty(filter, filter, async (one, other) => {
          const all = async (text: string): Promise<Set<string>> =>
            new Set((await find('Users', text)).split(' ').filter(Boolean));
          const [a, notA, b, both, either] = await Promise.all(
            [one, `not (${one})`, other, `(${one}) and (${other})`, `(${one}) or (${other})`].map(all),
          );
          expect(new Set([...a!, ...notA!])).toEqual(new Set(NAMES));
          expect([...a!].filter((name) => notA!.has(name))).toEqual([]);
          expect(both).toEqual(new Set([...a!].filter((name) => b!.has(name))));
          expect(either).toEqual(new Set([...a!, ...b!]));
        }),
        { numRuns: 60 },
      );
    });
  });

  test.each([
    ['sortBy=userName', 'anna ben cora dan'],
    ['sortBy=userName&sortOrder=descending', 'dan cora ben anna'],
    ['sortBy=title', 'cora anna ben dan'],
    ['sortBy=title&sortOrder=descending', 'ben dan anna cora'],
    ['sortBy=emails', 'anna ben cora dan'],
    ['sortBy=name.familyName&sortOrder=Descending', 'cora dan ben anna'],
  ])('order: %s', async (query, expected) => {
    const { body } = await door.call('GET', `/Users?${query}`);
    expect(named(body['Resources'] as unknown as { id: string }[])).toBe(expected);
  });

  test.each([
    ['attributes=userName', ['schemas', 'id', 'userName']],
    ['attributes=emails%5Btype+eq+%22work%22%5D', ['schemas', 'id', 'emails']],
    ['attributes=USERNAME,emails.value', ['schemas', 'id', 'userName', 'emails']],
    [`attributes=${ENTERPRISE}:department`, ['schemas', 'id', ENTERPRISE]],
    [
      'excludedAttributes=emails,name,groups,meta,title,id',
      ['schemas', 'id', 'externalId', 'userName', 'active', ENTERPRISE],
    ],
  ])('parts: %s', async (query, keys) => {
    const { body } = await door.call('GET', `/Users/${ids.get('anna') ?? ''}?${query}`);
    expect(Object.keys(body).sort()).toEqual([...keys].sort());
  });

  test('a search at the root finds people and groups, page after page', async () => {
    const search = async (body: JsonObject): Promise<string> => {
      const answered = await door.call('POST', '/.search', body);
      return `${JSON.stringify(answered.body['totalResults'])}: ${named(answered.body['Resources'] as unknown as { id: string }[])}`;
    };
    expect(await search({})).toBe('6: anna ben cora dan inner outer');
    expect(await search({ startIndex: 4, count: 2 })).toBe('6: dan inner');
    expect(await search({ startIndex: 6, count: 2 })).toBe('6: outer');
    expect(await search({ filter: 'userName sw "a"' })).toBe('1: anna');
    expect(await search({ filter: 'displayName pr' })).toBe('2: inner outer');
    expect(await search({ filter: 'meta.resourceType eq "Group"' })).toBe('2: inner outer');
    const got = await door.call('GET', '?filter=displayName pr&count=1');
    expect(named(got.body['Resources'] as unknown as { id: string }[])).toBe('inner');
    expect((await door.call('GET', '/')).body).toMatchObject({ totalResults: 6, startIndex: 1 });
    const broken = await door.call('POST', '/.search', { filter: 'nosuch eq "x"' });
    expect(broken).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } });
  });

  test('a part of a list is that part of each', async () => {
    const { body } = await door.call('GET', `/Users/${ids.get('anna') ?? ''}?attributes=emails.value`);
    expect(body['emails']).toEqual([{ value: 'anna@home.example' }, { value: 'anna@acme.example' }]);
  });

  test('an answer with more members than the bound says so, and never a shortened list', async () => {
    const small = await openDoor({ members: 2 }, { database });
    const members = await Promise.all(
      ['a', 'b', 'c'].map(async (userName) => ({ value: await small.make('/Users', { userName }) })),
    );
    const made = await small.call('POST', '/Groups?excludedAttributes=members', { displayName: 'G', members });
    const id = made.body['id'] as string;
    expect(await small.call('GET', `/Groups/${id}`)).toMatchObject({ status: 400, body: { scimType: 'tooMany' } });
    expect((await small.call('GET', '/Groups?excludedAttributes=members')).body['totalResults']).toBe(1);
    await small.close();
  });

  test('a NUL character, wherever it stands, finds nothing and is no fault of the server', async () => {
    const before = door.errors.length;
    const filters = [
      'userName eq "\\u0000"',
      'emails[value co "\\u0000"]',
      'externalId eq "\\u0000"',
      'id eq "\\u0000"',
    ];
    for (const filter of filters) {
      const { status, body } = await door.call('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      expect([status, body['scimType']]).toEqual([400, 'invalidFilter']);
    }
    expect((await door.call('GET', '/Users/%00')).status).toBe(404);
    const { nextCursor = '' } = (await door.call('GET', '/Users?cursor&count=1')).body;
    const [check] = JSON.parse(Buffer.from(nextCursor as string, 'base64url').toString()) as string[];
    const forged = Buffer.from(JSON.stringify([check, null, '\0'])).toString('base64url');
    expect((await door.call('GET', `/Users?count=1&cursor=${forged}`)).body['scimType']).toBe('invalidCursor');
    expect(door.errors).toHaveLength(before);
  });
});

// Against a real slapd: a sign-in says of one person what the sync reads of them, and no name that somebody types becomes
// a filter.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textKey } from '../../src/connection/text-key.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { type SignInAnswer, signInAt } from '../../src/ldap/sign-in.ts';
import { connectionTo, DIRECTORY_PASSWORD, dnOf, employee, groupDn, startCorp, team } from '../http/corp.ts';
import type { Slapd } from '../support/slapd.ts';
import type { Overrides } from './exported.ts';
import { readLive } from './live.ts';

const READER = { bindDn: 'cn=reader,dc=corp', bindPassword: 'secret' };

async function ask(
  url: string | readonly string[],
  name: string,
  overrides: Overrides = {},
  password = DIRECTORY_PASSWORD,
): Promise<SignInAnswer> {
  const { id, settings } = connectionTo(url, overrides);
  const secrets = { bindPassword: 'secret', ca: null };
  const at = '2026-11-25T12:00:00.000Z';
  return signInAt({ connection: id, settings, secrets, at }, { name, password });
}

async function readingFor(...asked: Parameters<typeof ask>): Promise<PushReading> {
  const answer = await ask(...asked);
  if (answer.kind !== 'known') throw new Error(`${asked[1]} does not sign in: ${JSON.stringify(answer)}`);
  return answer.reading;
}

const NAMES = ['leo', 'nina', 'Shelly', 'loner', 'dee'];
const ENTRIES =
  NAMES.map((name) => employee(name)).join('') +
  employee('expired', { objectClass: ['inetOrgPerson', 'shadowAccount'], shadowExpire: '1' }) +
  employee('unmailed', { mail: [] }) +
  employee('odd,+"one', { givenName: ' Zoë ' }, 'uid=odd\\2c\\2b\\22one,ou=people,dc=corp') +
  team('staff', { member: [dnOf('leo'), 'UID=Nina, OU=people,dc=corp', 'uid=odd\\,\\+\\"one,ou=people,dc=corp'] }) +
  team('pair', { objectClass: 'groupOfUniqueNames', uniqueMember: [dnOf('leo'), dnOf('dee')] }) +
  team('shell', { objectClass: 'posixGroup', gidNumber: '7', memberUid: ['shelly', 'LEO', 'stranger'] }) +
  team('outer', { member: [groupDn('staff'), groupDn('outermost')] }) +
  team('outermost', { member: [groupDn('outer'), dnOf('leo')] }) +
  team('unread', { objectClass: 'organizationalRole', roleOccupant: dnOf('leo') });

describe('a sign-in', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startCorp(ENTRIES);
  });
  afterAll(() => slapd.stop());

  it('says of each person what the sync reads of them', async () => {
    const groups = { filter: '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))' };
    const read = await readLive(slapd.url, { ...READER, groups });
    const id = (alias: string) =>
      [...read.people, ...read.groups].find(({ aliases }) => aliases.includes(alias))?.externalId ?? alias;
    for (const name of [...NAMES, 'expired', 'unmailed', 'odd,+"one']) {
      const { people, groups: said, joins } = await readingFor(slapd.url, name, { groups });
      const person = read.people.find(({ attributes }) => attributes.userName === name);
      const [own] = people;
      expect(own).toMatchObject({
        externalId: person?.externalId,
        active: name !== 'expired',
        attributes: person?.attributes,
      });
      const links = read.aliased.map(({ group, member }) => ({ group: id(group), member: id(member) }));
      const direct = links.filter(({ member }) => member === person?.externalId).map(({ group }) => group);
      expect([name, new Set(own?.groups)]).toEqual([name, new Set(direct)]);
      for (const group of said) {
        const { externalId, name: dn, nameKey } = read.groups.find((one) => one.externalId === group.externalId) ?? {};
        expect(group).toEqual({ externalId, name: dn, nameKey, members: 'unknown' });
      }
      const above = new Set(said.map(({ externalId }) => externalId));
      const inner = links.filter(({ group, member }) => above.has(member) && group !== member);
      const key = (link: { group: string; member: string }) => `${link.member} in ${link.group}`;
      expect(joins.map(({ group, member }) => key({ group, member: member.externalId })).sort()).toEqual(
        inner.map(key).sort(),
      );
    }
  });

  it('does not look above a group where groups inside groups do not count', async () => {
    const { people, groups, joins } = await readingFor(slapd.url, 'nina', { groups: { nested: false } });
    expect([people[0]?.groups, groups.map(({ name }) => name), joins]).toEqual([
      [expect.any(String)],
      [groupDn('staff')],
      [],
    ]);
  });

  it('leaves groups as they were that cannot be read, and says why', async () => {
    const answer = await ask(slapd.url, 'leo', { groups: { base: 'ou=elsewhere,dc=corp' } });
    expect(answer).toMatchObject({
      kind: 'known',
      shortfall: expect.stringContaining('no such object (32)'),
      reading: { people: [{ groups: 'unknown' }], groups: [], joins: [] },
    });
  });

  it('asks the users’ filter too: whom the sync does not read does not sign in', async () => {
    expect(await ask(slapd.url, 'leo', { users: { filter: '(!(uid=leo))' } })).toEqual({ kind: 'nobody' });
    expect(await ask(slapd.url, 'leo', { users: { base: 'ou=groups,dc=corp' } })).toEqual({ kind: 'nobody' });
  });

  it('takes the configured attribute in place of the server’s own', async () => {
    const own = { users: { attributes: { userName: 'givenName' } } };
    expect(await ask(slapd.url, 'zoë', own)).toMatchObject({ kind: 'known' });
    expect(await ask(slapd.url, 'leo', own)).toEqual({ kind: 'nobody' });
  });

  it('never takes a name for a filter: only who has the name is found, whatever else it holds', async () => {
    const piece = fc.constantFrom(
      '*',
      '(',
      ')',
      '\\',
      '|',
      '&',
      '!',
      '=',
      'uid',
      'leo',
      '2a',
      '00',
      '\0',
      ' ',
      'ü',
      '~',
      ':',
      '<',
    );
    const name = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    const known = new Set(['leo', 'nina', 'shelly', 'loner', 'dee', 'expired', 'unmailed', 'odd,+"one'].map(textKey));
    await fc.assert(
      fc.asyncProperty(name, async (typed) => {
        const { kind } = await ask(slapd.url, typed);
        expect(kind).toBe(known.has(textKey(typed)) ? 'known' : 'nobody');
      }),
      { numRuns: 300, examples: [['*)(uid=*'], ['leo)(|(uid=*'], ['*'], ['\\6c\\65\\6f'], ['LEO ']] },
    );
  });

  it('never takes another password than the one that belongs to the entry', async () => {
    for (const password of [
      '',
      '\0',
      'of the directory ',
      'OF THE DIRECTORY',
      '{CLEARTEXT}of the directory',
      'x'.repeat(2_000),
    ]) {
      expect(await ask(slapd.url, 'leo', {}, password)).toEqual({ kind: 'wrong', fault: null });
    }
  });
});

describe('groups without lists', () => {
  it('are those that memberOf names, where the lists are hidden from the reader', async () => {
    const hidden = [
      `access to attrs=member,uniqueMember,memberUid by * none`,
      'access to attrs=userPassword by anonymous auth by * none',
      'access to * by * read',
    ];
    const slapd = await startCorp('', { database: hidden });
    await slapd.load(employee('leo') + employee('nina') + team('staff', { member: dnOf('leo') }));
    const { people, groups } = await readingFor(slapd.url, 'leo');
    expect([people[0]?.groups, groups.map(({ name }) => name)]).toEqual([[groups[0]?.externalId], [groupDn('staff')]]);
    // Nobody's list is seen, so that Nina is in none proves nothing.
    expect((await readingFor(slapd.url, 'nina')).people[0]?.groups).toBe('unknown');
    await slapd.stop();
  });
});

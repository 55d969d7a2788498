// Entries that are broken, groups that come in ranges, look-ups that lie: nobody is lost for any of it.
import { describe, expect, it } from 'vitest';
import { ACTIVE_DIRECTORY, entryMessage, type Reply, type Script } from '../support/scripted-ldap.ts';
import { readLive } from './live.ts';
import { id, pages, people, person, serve, uids } from './scripted.ts';

describe('an entry', () => {
  it('that cannot be decoded is told, and the others are read', async () => {
    const { url } = await serve(
      pages((reply) => {
        const bad = entryMessage(reply.id, 'uid=bad,ou=people,dc=corp', { mail: ['x'] });
        // The value claims to be longer than its message.
        bad[bad.length - 2] = 0x7f;
        const nameless = entryMessage(reply.id, Buffer.from('uid=\xff,ou=people,dc=corp', 'latin1'), {});
        person(person(reply, 1).raw(bad).raw(nameless), 2).done();
      }),
    );
    const read = await readLive(url);
    expect(uids(read)).toEqual(['p1', 'p2']);
    expect(read.skipped).toEqual([
      { at: 'uid=bad,ou=people,dc=corp', reason: expect.stringMatching(/cannot be decoded/) },
      { at: 'uid=\xff,ou=people,dc=corp', reason: expect.stringMatching(/not UTF-8/) },
    ]);
    expect(read.outcome.complete).toBe(true);
  });

  it('of a group that cannot be decoded empties no group', async () => {
    const { url } = await serve({
      search: (asked, reply) => {
        if (!asked.dn.startsWith('ou=groups')) return reply.done();
        const bad = entryMessage(reply.id, 'cn=bad,ou=groups,dc=corp', { member: ['x'] });
        bad[bad.length - 2] = 0x7f;
        return reply.raw(bad).done();
      },
    });
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/cn=bad,ou=groups,dc=corp.*who is in it/),
    });
  });

  it('with a GUID whose bytes happen to be text is known by its GUID', async () => {
    const guid = Buffer.from('abcdefghijklmnop');
    const { url } = await serve({
      root: ACTIVE_DIRECTORY,
      ...pages((reply) =>
        reply.entry('cn=ann,ou=people,dc=corp', { objectGUID: [guid], sAMAccountName: ['ann'] }).done(),
      ),
    });
    const read = await readLive(url);
    expect(read.people).toMatchObject([{ externalId: '64636261-6665-6867-696a-6b6c6d6e6f70' }]);
  });
});

describe('a large group of Active Directory', () => {
  const GUID = Buffer.alloc(16, 7);
  const member = (n: number) => `cn=p${n},ou=people,dc=corp`;
  const members = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => member(from + n));
  const grouped = (rest: (from: number, reply: Reply) => void): Script => ({
    root: ACTIVE_DIRECTORY,
    base: (asked, reply) => {
      const range = /^member;range=(\d+)-\*$/.exec(asked.attributes[0] ?? '');
      if (range === null) reply.entry(asked.dn, {}).done(0, { cookie: null });
      else rest(Number(range[1]), reply);
    },
    search: (asked, reply) => {
      if (asked.dn.startsWith('ou=groups') && asked.attributes.includes('member')) {
        // As a server does that returns what was asked and is not there: an empty list beside the range.
        reply.entry('cn=all,ou=groups,dc=corp', {
          objectGUID: [GUID],
          member: [],
          'member;range=0-1499': members(0, 1500),
        });
      }
      reply.done();
    },
  });

  it('is read range by range to its end', async () => {
    const { url } = await serve(
      grouped((from, reply) => {
        const last = from >= 3000;
        reply
          .entry('cn=all,ou=groups,dc=corp', {
            [`member;range=${from}-${last ? '*' : from + 1499}`]: members(from, last ? 3200 : from + 1500),
          })
          .done(0, { cookie: null });
      }),
    );
    const { aliased, outcome } = await readLive(url);
    expect(outcome).toMatchObject({ complete: true, reason: null });
    expect(new Set(aliased.map((link) => link.member)).size).toBe(3200);
  });

  it.each([
    [
      'the server gives the same range again',
      (_: number, reply: Reply) => reply.entry('cn=all', { 'member;range=0-1499': members(0, 1500) }),
    ],
    ['the server gives nothing more', (_: number, reply: Reply) => reply.entry('cn=all', {})],
    ['the group is gone by then', (_: number, reply: Reply) => reply],
    [
      'a range leaves a hole',
      (from: number, reply: Reply) => reply.entry('cn=all', { [`member;range=${from + 10}-*`]: [member(9)] }),
    ],
  ])('empties nobody when %s', async (_, rest) => {
    const { url } = await serve(grouped((from, reply) => rest(from, reply).done(0, { cookie: null })));
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/cn=all,ou=groups,dc=corp: members .*missing/),
    });
  });

  it('is told when the server refuses the rest', async () => {
    const { url } = await serve(grouped((_, reply) => reply.done(51, { cookie: null })));
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/members of "cn=all.*from 1500 on: busy/),
    });
  });
});

describe('a look-up by id', () => {
  it('that finds nobody, not even whom it has just read, proves nobody absent', async () => {
    const { url } = await serve(
      people((asked, reply) => (asked.attributes.length === 1 ? reply.done() : person(reply, 1).done())),
    );
    const { reading } = await readLive(url);
    await expect(reading.lookUp?.('person', [id(2)])).rejects.toMatchObject({
      code: 'directory_refused',
      message: expect.stringMatching(/^look-up: .*finds nobody by "entryUUID".*nobody is proven absent/),
    });
  });

  it.each([
    ['is refused', (reply: Reply) => reply.done(51), 'directory_refused'],
    ['hits a limit', (reply: Reply) => person(reply, 1).done(4), 'directory_refused'],
    ['breaks off', (reply: Reply) => reply.hangUp(), 'directory_unreachable'],
    [
      'meets an entry without its id',
      (reply: Reply) => reply.entry('uid=p1,ou=people,dc=corp', {}).done(),
      'directory_refused',
    ],
  ])('that %s proves nobody absent', async (_, say, code) => {
    let lookedUp = 0;
    const { url } = await serve(
      people((asked, reply) => {
        if (asked.attributes.length === 1) lookedUp += 1;
        // The first look-up is for whom the read has seen, and works.
        return lookedUp > 1 ? say(reply) : person(reply, 1).done();
      }),
    );
    const { reading } = await readLive(url);
    await expect(reading.lookUp?.('person', [id(2)])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^look-up: /),
    });
  });

  it('asks Active Directory for the bytes of the GUID', async () => {
    const guid = Buffer.from('00ff80fe5c2a2829c3281122334455ee', 'hex');
    const server = await serve({
      root: ACTIVE_DIRECTORY,
      ...people((_, reply) => reply.entry('cn=ann,ou=people,dc=corp', { objectGUID: [guid] }).done()),
    });
    const { people: read, reading } = await readLive(server.url);
    const known = read[0]?.externalId ?? '';
    expect(await reading.lookUp?.('person', [known, id(9)])).toEqual(new Set([known]));
    expect(server.searches.at(-1)?.filter.includes(guid)).toBe(true);
  });
});

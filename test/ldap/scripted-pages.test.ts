// Servers that page badly, stop at a limit or refer elsewhere: half a directory is never taken for the whole.
import { describe, expect, it } from 'vitest';
import { type Reply } from '../support/scripted-ldap.ts';
import { readLive } from './live.ts';
import { id, pages, people, person, serve, uids } from './scripted.ts';

describe('pages', () => {
  it('go on after an empty one with a cookie: half a directory is never taken for the whole', async () => {
    const { url } = await serve(
      pages(
        (reply) => person(reply, 1).done(0, { cookie: '1' }),
        (reply) => reply.done(0, { cookie: '2' }),
        (reply) => person(reply, 2).done(),
      ),
    );
    const read = await readLive(url);
    expect(uids(read)).toEqual(['p1', 'p2']);
    expect(read.outcome).toMatchObject({ complete: true, reason: null, warnings: [] });
  });

  it('that never end and never hold anybody end the read', async () => {
    let count = 0;
    const { url } = await serve(
      people((_, reply) => {
        count += 1;
        reply.done(0, { cookie: `c${count}` });
      }),
    );
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^people: .*1000 pages without an entry/),
    });
  });

  it('that come again instead of the next end the read', async () => {
    for (const hold of [(reply: Reply) => person(reply, 2), (reply: Reply) => reply]) {
      const { url } = await serve(
        people((asked, reply) => {
          if (asked.page?.cookie === '') person(reply, 1).done(0, { cookie: 'again' });
          else hold(reply).done(0, { cookie: 'again' });
        }),
      );
      const { outcome } = await readLive(url);
      expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/the same page again/) });
    }
  });

  it('under one cookie for all of them, as 389 gives it, are read to the last', async () => {
    let at = 0;
    const { url } = await serve(
      people((_, reply) => {
        at += 1;
        person(reply, at).done(0, { cookie: at < 5 ? '0' : '' });
      }),
    );
    const read = await readLive(url);
    expect(uids(read)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
    expect(read.outcome.complete).toBe(true);
  });

  it('without the control that says whether there are more prove nothing', async () => {
    const { url } = await serve(pages((reply) => person(reply, 1).done(0, { cookie: null })));
    const read = await readLive(url);
    expect(uids(read)).toEqual(['p1']);
    expect(read.outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/left out the control for pages/),
    });
  });

  it('too large for the server are asked for smaller, and name nobody twice', async () => {
    for (const code of [11, 4]) {
      const server = await serve(
        people((asked, reply) => {
          const { size, cookie } = asked.page ?? { size: 0, cookie: '' };
          const first = Number(cookie);
          const given = Math.min(size, 60);
          if (code === 4 || size <= 60) for (let n = first; n < Math.min(first + given, 100); n += 1) person(reply, n);
          if (size > 60) reply.done(code);
          else reply.done(0, { cookie: first + size < 100 ? String(first + size) : '' });
        }),
      );
      const read = await readLive(server.url);
      expect(read.outcome).toMatchObject({ complete: true });
      expect(uids(read)).toEqual(Array.from({ length: 100 }, (_, n) => `p${n}`));
      const sizes = server.searches.filter(({ dn }) => dn.startsWith('ou=people')).map(({ page }) => page?.size ?? 0);
      expect(sizes[0]).toBeGreaterThan(60);
      expect(sizes.at(-1)).toBeLessThanOrEqual(60);
    }
  });

  it('are asked for without any limit of our own, which would end a search like a success', async () => {
    const server = await serve(pages((reply) => person(reply, 1).done()));
    await readLive(server.url);
    for (const asked of server.searches) expect(asked).toMatchObject({ sizeLimit: 0, timeLimit: 0 });
  });
});

describe('a result code', () => {
  it.each([
    [1, /operations error \(1/],
    [3, /time limit exceeded \(3\).*raise the time limit/],
    [4, /size limit exceeded \(4\).*raise the size limit/],
    [11, /administrative limit exceeded \(11\).*raise the limits/],
    [12, /unavailable critical extension \(12\).*pages/],
    [32, /no such object \(32\)/],
    [50, /insufficient access \(50\)/],
    [51, /busy \(51\).*next run/],
    [52, /unavailable \(52\).*next run/],
    [53, /unwilling to perform \(53\)/],
    [123, /an error \(123\)/],
  ])(
    '%i on a later page: what was seen counts, nobody is missed, and the reason says what to do',
    async (code, reason) => {
      const { url } = await serve(
        pages(
          (reply) => person(reply, 1).done(0, { cookie: '1' }),
          (reply) => person(reply, 2).done(code),
        ),
      );
      const read = await readLive(url);
      expect(uids(read)).toEqual(['p1', 'p2']);
      expect(read.outcome).toMatchObject({ complete: false, reason: expect.stringMatching(reason) });
      expect(read.outcome.reason).toMatch(/^people: the search below "ou=people,dc=corp".* after 2 entries/);
      expect(read.outcome.reason).not.toContain('\n');
    },
  );

  it('of the groups does not keep disabled people from being seen', async () => {
    const { url } = await serve({
      search: (asked, reply) => {
        if (asked.dn.startsWith('ou=groups')) reply.done(50);
        else
          reply
            .entry('uid=p1,ou=people,dc=corp', {
              entryUUID: [id(1)],
              uid: ['p1'],
              pwdAccountLockedTime: ['000001010000Z'],
            })
            .done();
      },
    });
    const read = await readLive(url);
    expect(read.people).toMatchObject([{ externalId: id(1), active: false }]);
    expect(read.outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^groups: .*insufficient access/),
    });
  });

  it('quotes the server in one line, without control characters, and not for ever', async () => {
    const { url } = await serve(pages((reply) => reply.done(80, { text: `no\n\u001b[31m${'x'.repeat(10_000)}` })));
    const { outcome } = await readLive(url);
    expect(outcome.reason).toMatch(/other error \(80, "no \[31mx+"\)/);
    expect(outcome.reason?.length).toBeLessThan(600);
  });
});

describe('a referral', () => {
  it('as the result is no end of the directory', async () => {
    const { url } = await serve(
      pages((reply) => person(reply, 1).done(10, { referral: 'ldap://other.example/ou=people' })),
    );
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/referral \(10, "ldap:\/\/other.example.*read it there/),
    });
  });

  it('as the base is not followed, and is not an empty base', async () => {
    const { url } = await serve({
      base: (_, reply) => reply.done(10, { cookie: null, referral: 'ldap://other.example' }),
      search: (_, reply) => reply.done(),
    });
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/^base: groups.base .*referral.*; base: users.base/),
    });
  });

  it('to a part below is counted and told', async () => {
    const { url } = await serve(
      pages(
        (reply) => person(reply, 1).reference('ldap://a.example/ou=a').done(0, { cookie: '1' }),
        (reply) => reply.reference('ldap://b.example/ou=b').done(),
      ),
    );
    const { outcome } = await readLive(url);
    expect(outcome.complete).toBe(true);
    expect(outcome.warnings).toEqual([
      expect.stringMatching(/2 parts of the tree .*ldap:\/\/a.example\/ou=a; ldap:\/\/b.example\/ou=b/),
    ]);
  });
});

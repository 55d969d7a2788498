// Servers that lie, hang and break off: whatever one does, everybody whom it did not name stays, the reason says which
// step failed and what to do, and nothing waits for ever.
import { afterEach, describe, expect, it } from 'vitest';
import {
  ACTIVE_DIRECTORY,
  type Asked,
  entryMessage,
  type Reply,
  type Script,
  ScriptedLdap,
} from '../support/scripted-ldap.ts';
import { gather, type Overrides } from './exported.ts';
import { liveReading, readLive } from './live.ts';

const servers: ScriptedLdap[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(script: Script): Promise<ScriptedLdap> {
  const server = await ScriptedLdap.start(script);
  servers.push(server);
  return server;
}

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

function person(reply: Reply, number: number): Reply {
  return reply.entry(`uid=p${number},ou=people,dc=corp`, {
    entryUUID: [id(number)],
    uid: [`p${number}`],
    mail: [`p${number}@corp.example`],
  });
}

/** No groups, and the people by the given rule. */
function people(search: (asked: Asked, reply: Reply) => void, more: Partial<Script> = {}): Script {
  return {
    ...more,
    search: (asked, reply) => (asked.dn.startsWith('ou=groups') ? reply.done() : search(asked, reply)),
  };
}

const pages = (...each: readonly ((reply: Reply) => unknown)[]) =>
  people((asked, reply) => {
    const at = asked.page?.cookie === '' ? 0 : Number(asked.page?.cookie);
    each[at]?.(reply);
  });

const uids = ({ people: read }: { people: readonly { attributes: { userName: string | null } }[] }) =>
  read.map(({ attributes }) => attributes.userName);

const QUICK: Overrides = { timeouts: { connect: 0.3, page: 0.3, run: 10 } };

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

describe('a connection', () => {
  it('that breaks off is not opened again as nobody', async () => {
    for (const end of ['hangUp', 'reset'] as const) {
      const server = await serve(
        pages(
          (reply) => person(reply, 1).done(0, { cookie: '1' }),
          (reply) => reply[end](),
        ),
      );
      const read = await readLive(server.url, { bindDn: 'cn=reader,dc=corp', bindPassword: 'secret' });
      expect(read.outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/^people: .*broke off/) });
      expect(new Set(server.asked.map(({ connection }) => connection))).toEqual(new Set([1]));
    }
  });

  it('cut in the middle of a message ends at once', async () => {
    const { url } = await serve(
      pages((reply) => {
        const whole = entryMessage(reply.id, 'uid=p1,ou=people,dc=corp', { entryUUID: [id(1)] });
        reply.raw(whole.subarray(0, whole.length - 7)).hangUp();
      }),
    );
    const { outcome } = await readLive(url, { timeouts: { page: 60 } });
    expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/in the middle of a message/) });
  });

  it('that goes silent is waited for so long and no longer, at every step', async () => {
    const silent = () => undefined;
    const scripts: Record<string, Script> = {
      bind: { bind: silent, search: silent },
      base: { base: silent, search: silent },
      groups: { search: silent },
      people: pages((reply) => person(reply, 1)),
    };
    for (const [step, script] of Object.entries(scripts)) {
      const { url } = await serve(script);
      const { outcome } = await readLive(url, { ...QUICK, bindDn: 'cn=reader,dc=corp', bindPassword: 'secret' });
      expect(outcome).toMatchObject({
        complete: false,
        reason: expect.stringMatching(new RegExp(`^${step}: .*no answer within 0.3 seconds`)),
      });
    }
  });

  it('that drips ends with the run', async () => {
    const timers: NodeJS.Timeout[] = [];
    const { url } = await serve(
      pages((reply) => {
        let number = 0;
        timers.push(setInterval(() => person(reply, (number += 1)), 20));
      }),
    );
    const read = await readLive(url, { timeouts: { connect: 5, page: 5, run: 0.5 } });
    for (const timer of timers) clearInterval(timer);
    expect(read.people.length).toBeGreaterThan(1);
    expect(read.outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/longer than 0.5 seconds \(timeouts.run\)/),
    });
  });

  it('that the server closes with a notice tells the notice', async () => {
    const { url } = await serve(pages((reply) => reply.extended(52, 0)));
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/closed the connection: code 52/) });
  });

  it.each([
    ['answers another request', (reply: Reply) => reply.entry('uid=x', {}, reply.id + 7)],
    ['speaks another protocol', (reply: Reply) => reply.raw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['announces a message of 2 GB', (reply: Reply) => reply.raw(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]))],
    ['announces a length without end', (reply: Reply) => reply.raw(Buffer.from([0x30, 0x80, 2, 1, 1]))],
    ['sends a message of nothing', (reply: Reply) => reply.raw(Buffer.from([0x30, 0]))],
  ])('whose server %s ends the read', async (_, say) => {
    const { url } = await serve(pages(say));
    const { outcome } = await readLive(url);
    expect(outcome).toMatchObject({ complete: false, reason: expect.stringMatching(/^people: ldap:\/\//) });
  });

  it('is left in good manners', async () => {
    const server = await serve(pages((reply) => person(reply, 1).done()));
    await readLive(server.url);
    await expect.poll(() => server.asked.at(-1)?.kind).toBe('unbind');
  });

  it('is closed when nobody wants the rest', async () => {
    const server = await serve(
      people((asked, reply) => {
        const at = Number(asked.page?.cookie);
        for (let n = 0; n < 100; n += 1) person(reply, at * 100 + n);
        reply.done(0, { cookie: String(at + 1) });
      }),
    );
    for await (const item of liveReading(server.url).items) if (item.kind === 'person') break;
    await expect.poll(() => server.asked.at(-1)?.kind).toBe('unbind');
  });
});

describe('a bind', () => {
  const BOUND = { bindDn: 'cn=reader,dc=corp', bindPassword: 'secret' };

  it('with an empty password is not sent: the server would take it for nobody and agree', async () => {
    const server = await serve(pages((reply) => reply.done()));
    const reading = liveReading(server.url, BOUND, { secrets: { bindPassword: '', ca: null } });
    await expect(gather(reading)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/bindPassword is empty/),
    });
    expect(server.asked.filter(({ kind }) => kind === 'bind')).toEqual([]);
  });

  it('that is refused is not tried at the next server: each would count one more wrong password', async () => {
    const first = await serve({ bind: (_, reply) => reply.bound(49), search: (_, reply) => reply.done() });
    const second = await serve({ search: (_, reply) => reply.done() });
    const { outcome } = await readLive([first.url, second.url], BOUND);
    expect(outcome).toMatchObject({
      complete: false,
      reason: expect.stringMatching(
        /^bind: .* refused cn=reader,dc=corp: invalid credentials \(49\): check bindDn and bindPassword/,
      ),
    });
    expect(outcome.reason).not.toContain('secret');
    expect(second.asked).toEqual([]);
  });

  it('at a server that is busy goes to the next one', async () => {
    const first = await serve({ bind: (_, reply) => reply.bound(51), search: (_, reply) => reply.done() });
    const second = await serve(pages((reply) => person(reply, 1).done()));
    const read = await readLive([first.url, second.url], BOUND);
    expect(uids(read)).toEqual(['p1']);
    expect(read.outcome).toMatchObject({
      complete: true,
      warnings: [expect.stringMatching(/busy \(51\).* was read instead/)],
    });
  });

  it('never asks for a password of anybody', async () => {
    for (const root of [undefined, ACTIVE_DIRECTORY]) {
      const server = await serve({ search: (_, reply) => reply.done(), ...(root === undefined ? {} : { root }) });
      await readLive(server.url, BOUND);
      for (const { attributes } of server.searches) {
        expect(attributes.length).toBeGreaterThan(0);
        expect(attributes.filter((each) => /password|pwd$|^\*$|^\+$|hash/i.test(each))).toEqual([]);
      }
    }
  });
});

describe('once something was read', () => {
  it('the next server is not asked: two halves of two servers are no whole', async () => {
    const first = await serve(
      pages(
        (reply) => person(reply, 1).done(0, { cookie: '1' }),
        (reply) => reply.hangUp(),
      ),
    );
    const second = await serve(pages((reply) => person(reply, 2).done()));
    const read = await readLive([first.url, second.url]);
    expect(uids(read)).toEqual(['p1']);
    expect(read.outcome.complete).toBe(false);
    expect(second.asked).toEqual([]);
  });
});

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
    const { url } = await serve(
      people((asked, reply) => (asked.attributes.length === 1 ? say(reply) : person(reply, 1).done())),
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

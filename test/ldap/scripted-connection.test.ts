// Servers that hang, break off and talk nonsense: nothing waits for ever, and nothing goes on as nobody.
import { describe, expect, it } from 'vitest';
import { ACTIVE_DIRECTORY, entryMessage, type Reply, type Script } from '../support/scripted-ldap.ts';
import { gather, type Overrides } from './exported.ts';
import { liveReading, readLive } from './live.ts';
import { id, pages, people, person, serve, uids } from './scripted.ts';

const QUICK: Overrides = { timeouts: { connect: 0.3, page: 0.3, run: 10 } };
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

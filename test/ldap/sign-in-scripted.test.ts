// What no real server does on purpose while somebody signs in: to be busy, to hang up, to answer half. And Active
// Directory, whose primary group is in nobody's list.
import { expect, it } from 'vitest';
import { type SignInAnswer, signInAt } from '../../src/ldap/sign-in.ts';
import { connectionTo } from '../http/corp.ts';
import { ACTIVE_DIRECTORY, type Script } from '../support/scripted-ldap.ts';
import { id, person, serve } from './scripted.ts';

const READER = 'cn=reader,dc=corp';
const P1 = 'uid=p1,ou=people,dc=corp';

async function ask(url: string | readonly string[], name = 'p1'): Promise<SignInAnswer> {
  const { id: connection, settings } = connectionTo(url);
  const secrets = { bindPassword: 'secret', ca: null };
  const at = '2026-11-25T12:00:00.000Z';
  return signInAt({ connection, settings, secrets, at }, { name, password: 'hers' });
}

/** One person, in one group; everybody's bind but the reader's is answered by `bind`. */
function one(bind: Script['bind'] = (_, reply) => reply.bound(), more: Partial<Script> = {}): Script {
  return {
    bind: (asked, reply) => (asked.dn === READER ? reply.bound() : bind(asked, reply)),
    search: (asked, reply) =>
      asked.dn.startsWith('ou=groups')
        ? reply.entry('cn=g,ou=groups,dc=corp', { entryUUID: [id(9)] }).done()
        : person(reply, 1).done(),
    ...more,
  };
}

it('the password goes to one connection of its own, once, and the rest is asked as the reader', async () => {
  const server = await serve(one());
  expect(await ask(server.url)).toMatchObject({ kind: 'known', shortfall: null });
  const binds = server.asked.filter(({ kind }) => kind === 'bind');
  expect(binds.map(({ dn, password, connection }) => [dn, password, connection])).toEqual([
    [READER, 'secret', 1],
    [P1, 'hers', 2],
  ]);
  expect(server.searches.every(({ connection }) => connection === 1)).toBe(true);
  expect(server.searches.flatMap(({ attributes }) => attributes)).not.toContain('userPassword');
});

it('a name that nobody has costs the same connections, and no bind', async () => {
  const server = await serve(one(undefined, { search: (_, reply) => reply.done() }));
  expect(await ask(server.url)).toEqual({ kind: 'nobody' });
  expect(server.asked.filter(({ kind }) => kind === 'bind').map(({ dn }) => dn)).toEqual([READER]);
  await expect.poll(() => new Set(server.asked.map(({ connection }) => connection))).toEqual(new Set([1, 2]));
});

it.each([
  ['invalid credentials', 49],
  ['locked', 19],
  ['inactivated', 53],
])('a server that says "%s" (%i) has refused the password, and no other server is tried', async (_, code) => {
  const first = await serve(one((_asked, reply) => reply.bound(code)));
  const second = await serve(one());
  expect(await ask([first.url, second.url])).toEqual({ kind: 'wrong', fault: null });
  expect(second.asked).toEqual([]);
});

it.each([
  ['is busy', one((_, reply) => reply.bound(51)), /busy \(51\)/],
  ['wants TLS', one((_, reply) => reply.bound(13)), /confidentiality required \(13\)/],
  ['hangs up', one((_, reply) => reply.hangUp()), /^bind: .*broke off/],
  ['says nothing', one(() => undefined), /no answer within 2 seconds \(timeouts\.connect\)/],
])('a server that %s when it gets the password is unavailable, and no other gets it', async (_, script, reason) => {
  const first = await serve(script);
  const second = await serve(one());
  const answer = await ask([first.url, second.url]);
  expect(answer).toEqual({ kind: 'unavailable', barred: false, reason: expect.stringMatching(reason) });
  expect(JSON.stringify(answer)).not.toMatch(/hers|p1/);
  expect(second.asked).toEqual([]);
});

it('a refused bind of the connection itself is told apart: to try it again would lock that account', async () => {
  const server = await serve({ ...one(), bind: (_, reply) => reply.bound(49) });
  expect(await ask(server.url)).toMatchObject({ kind: 'unavailable', barred: true });
});

it.each([
  ['a limit', (reply: Parameters<NonNullable<Script['search']>>[1]) => reply.done(4)],
  ['a connection that breaks', (reply: Parameters<NonNullable<Script['search']>>[1]) => reply.hangUp()],
])('groups that are cut off by %s stay as they were: half of them would take roles away', async (_, cut) => {
  const server = await serve(
    one(undefined, {
      search: (asked, reply) =>
        asked.dn.startsWith('ou=groups')
          ? cut(reply.entry('cn=g,ou=groups,dc=corp', { entryUUID: [id(9)] }))
          : person(reply, 1).done(),
    }),
  );
  expect(await ask(server.url)).toMatchObject({
    kind: 'known',
    shortfall: expect.any(String),
    reading: { people: [{ groups: 'unknown' }], groups: [] },
  });
});

it('a server whose search by members finds nothing at all has not said that somebody is in no group', async () => {
  const server = await serve(
    one(undefined, {
      search: (asked, reply) => (asked.dn.startsWith('ou=groups') ? reply.done() : person(reply, 1).done()),
    }),
  );
  expect(await ask(server.url)).toMatchObject({
    kind: 'known',
    shortfall: expect.stringContaining('let the bind account search by member'),
    reading: { people: [{ groups: 'unknown' }] },
  });
});

it('a memberOf left over on the person puts nobody into a group whose list no longer names them', async () => {
  const dn = 'cn=g,ou=groups,dc=corp';
  const server = await serve(
    one(undefined, {
      // The group is there, and has a list.
      base: (_, reply) => void reply.entry(dn, { entryUUID: [id(9)] }).done(0, { cookie: null }),
      search: (asked, reply) => {
        if (asked.dn.startsWith('ou=people')) {
          reply.entry(P1, { entryUUID: [id(1)], uid: ['p1'], memberOf: [dn] }).done();
        } else if (asked.attributes.includes('1.1')) reply.entry(dn, {}).done();
        else reply.done();
      },
    }),
  );
  expect(await ask(server.url)).toMatchObject({ kind: 'known', reading: { people: [{ groups: [] }] } });
});

/** A SID of three parts below S-1-5-21, and a last one. */
function sid(last: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.set([1, 5, 0, 0, 0, 0, 0, 5]);
  for (const [at, part] of [21, 1, 2, 3, last].entries()) bytes.writeUInt32LE(part, 8 + 4 * at);
  return bytes;
}

it('Active Directory’s primary group is among the groups, found by its id', async () => {
  const server = await serve({
    root: ACTIVE_DIRECTORY,
    search: (asked, reply) => {
      if (asked.dn.startsWith('ou=people')) {
        const own = { objectGUID: [Buffer.alloc(16, 1)], objectSid: [sid(1_104)], primaryGroupID: ['513'] };
        return void reply.entry('CN=P1,ou=people,dc=corp', { ...own, sAMAccountName: ['p1'] }).done();
      }
      if (!asked.filter.includes(sid(513))) return void reply.done();
      const own = { objectGUID: [Buffer.alloc(16, 2)], objectSid: [sid(513)] };
      reply.entry('CN=Domain Users,ou=groups,dc=corp', own).done();
    },
  });
  expect(await ask(server.url)).toMatchObject({
    kind: 'known',
    reading: {
      people: [{ attributes: { userName: 'p1' }, groups: ['02020202-0202-0202-0202-020202020202'] }],
      groups: [{ name: 'CN=Domain Users,ou=groups,dc=corp' }],
    },
  });
  const [login] = server.searches;
  expect(['sAMAccountName', 'userPrincipalName'].every((name) => login?.filter.includes(name))).toBe(true);
});

// Signing in with a directory's password: what the directory is asked, and what its answer opens. The directory itself
// is an argument here; the real one has its own tests.
import { afterEach, expect, test } from 'vitest';
import type { PushReading } from '../../src/core/reading.ts';
import type { DirectoryAnswer } from '../../src/organization/context.ts';
import { signIn as enter } from '../../src/organization/sign-in.ts';
import { acme, COMPANY, rolesOf, scim, scimSays } from './company.ts';
import type { Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

/** A directory that knows leo, under his name and his address. */
async function withDirectory(kind: 'known' | 'unavailable' = 'known'): Promise<{ readonly asked: string[] }> {
  const asked: string[] = [];
  site = await openSite({
    declaration: COMPANY,
    directory: {
      signIn: async ({ name, password }): Promise<DirectoryAnswer> => {
        asked.push(`${name} ${password}`);
        if (kind === 'unavailable') return { kind };
        if (!['leo', 'leo@acme.example'].includes(name) || password !== 'of the directory') return { kind: 'wrong' };
        return { kind, connection: scim, externalId: 'leo', reading: reading() };
      },
    },
  });
  return { asked };
}

function reading(): PushReading {
  return {
    kind: 'push',
    connection: scim,
    at: site.sync.now(),
    people: [
      {
        externalId: 'leo',
        active: true,
        attributes: { email: 'leo@acme.example', userName: 'leo', firstName: 'Leo', lastName: null, locator: null },
        groups: 'unknown',
      },
    ],
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

test('somebody whom only the directory knows joins the existing organization, and founds none', async () => {
  await withDirectory();
  const browser = site.browser();
  expect((await signIn(site, 'leo', 'of the directory', browser)).status).toBe(303);
  expect(await rolesOf(browser)).toEqual({ acme: 'AN' });
  expect(await site.sync.db('organizations')).toHaveLength(2);
});

test('what somebody else had opened in the same browser is not added to it', async () => {
  await withDirectory();
  const browser = await signedUp(site, 'anna@new.example');
  expect((await signIn(site, 'leo', 'of the directory', browser)).status).toBe(303);
  expect(await site.sync.db('session_openings').select('connection', 'organization')).toEqual([
    { connection: scim, organization: acme },
  ]);
});

test('an empty password never reaches the directory: it would grant everybody in', async () => {
  const { asked } = await withDirectory();
  await signIn(site, 'leo', '');
  const page = site.browser();
  await page.submit('/user/login', { email: 'leo' });
  const visitor = { agent: '', address: '127.0.0.1', session: null };
  expect(await enter(site.context, { name: 'leo', password: '' }, visitor)).toEqual({ kind: 'wrong' });
  expect(asked).toEqual([]);
});

test('a password of one’s own is not shown to the directory', async () => {
  const { asked } = await withDirectory();
  await signedUp(site, 'anna@new.example');
  expect((await signIn(site, 'anna@new.example')).status).toBe(303);
  expect(asked).toEqual([]);
});

test('a login name with `*)(` is a name like any other, and nobody’s', async () => {
  const { asked } = await withDirectory();
  for (const name of ['*)(uid=*', 'leo)(|(uid=*', 'leo\u0000', '*']) {
    expect((await signIn(site, name, 'of the directory')).status).toBe(401);
  }
  expect(asked[0]).toBe('*)(uid=* of the directory');
});

test('wrong passwords of the directory count too, so that its own lock-out is not reached from one address', async () => {
  const { asked } = await withDirectory();
  const guesser = site.browser();
  for (let at = 0; at < 25; at += 1) await signIn(site, 'leo', `guess ${at}`, guesser);
  expect(asked).toHaveLength(20);
});

test('a directory that does not answer is told apart from a wrong password', async () => {
  await withDirectory('unavailable');
  const answer = await signIn(site, 'leo', 'of the directory');
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '60']);
  await signedUp(site, 'anna@new.example');
  expect((await signIn(site, 'anna@new.example', PASSWORD)).status).toBe(303);
});

test('whom the organization has let go does not come back by signing in: it says who can help', async () => {
  await withDirectory();
  expect((await signIn(site, 'leo', 'of the directory')).status).toBe(303);
  await site.sync.db('blocks').insert({
    organization: 'acme',
    account: (await site.sync.db('accounts').where({ email_key: 'leo@acme.example' }).first('id')).id,
    connection: null,
    reason: 'left',
    since: site.sync.now(),
  });
  await scimSays(site, { 'other@acme.example': 'active' });
  const answer = await signIn(site, 'leo', 'of the directory');
  expect([answer.status, answer.text.includes('An Administrator there can let you in again')]).toEqual([403, true]);
});

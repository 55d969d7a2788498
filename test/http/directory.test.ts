// Signing in with a directory's password, by the real form, against a real OpenLDAP server: who gets in, with which role,
// and what the directory is asked.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { signIn as enter } from '../../src/organization/sign-in.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { Slapd } from '../support/slapd.ts';
import { rolesOf } from './company.ts';
import {
  connectionTo,
  corp,
  DIRECTORY_PASSWORD,
  dnOf,
  employee,
  failuresOf,
  openCorpSite,
  PEOPLE,
  startCorp,
  syncOnce,
  team,
} from './corp.ts';
import type { Site } from './site.ts';
import { signedUp, signIn } from './site.ts';

const TWIN = employee('twin') + employee('twin', { mail: 'twin2@corp.example' }, 'cn=twin,ou=people,dc=corp');
const LEFT = employee('lena', { employeeType: 'left' }) + team('night shift', { member: dnOf('lena') });
const DISABLED = { users: { disabled: { attribute: 'employeeType', values: ['left'] } } };

let slapd: Slapd;
let site: Site;
beforeAll(async () => {
  slapd = await startCorp(PEOPLE + TWIN + LEFT);
});
afterAll(() => slapd.stop());
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function open(...settings: Parameters<typeof connectionTo>): Promise<void> {
  site = await openCorpSite(connectionTo(...settings));
}

test('somebody whom only the directory knows joins the existing organization by their group, and founds none', async () => {
  await open(slapd.url);
  const browser = site.browser();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  expect(await rolesOf(browser)).toEqual({ acme: 'AN' });
  expect(await site.sync.db('organizations')).toHaveLength(1);
});

test('a group inside a group gives its role at the first sign-in, before any sync, and a circle of groups ends', async () => {
  await open(slapd.url);
  const browser = site.browser();
  expect((await signIn(site, 'nina', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  expect(await rolesOf(browser)).toEqual({ acme: 'MA' });
});

test('a name is a user name in any case, a mail address, or has umlauts, as its password may', async () => {
  await open(slapd.url);
  for (const [name, password] of [
    ['LEO', DIRECTORY_PASSWORD],
    ['leo@corp.example', DIRECTORY_PASSWORD],
    [' Leo@Corp.Example ', DIRECTORY_PASSWORD],
    ['jürgen', 'größer als 8'],
    ['JÜRGEN', 'größer als 8'],
    ['juergen@corp.example', 'größer als 8'],
  ] as const) {
    expect([name, (await signIn(site, name, password)).status]).toEqual([name, 303]);
  }
  expect((await signIn(site, 'jurgen', 'größer als 8')).status).toBe(401);
  expect(
    await site.sync.db('accounts').whereIn('email_key', ['leo@corp.example', 'juergen@corp.example']),
  ).toHaveLength(2);
});

test('the sync finds nothing to change after a sign-in, and a sign-in nothing after the sync', async () => {
  const connection = connectionTo(slapd.url, DISABLED);
  site = await openCorpSite(connection);
  for (const name of ['leo', 'nina']) expect((await signIn(site, name, DIRECTORY_PASSWORD)).status).toBe(303);
  const people = await site.sync
    .db('external_people')
    .whereNotNull('external_id')
    .orderBy('external_id')
    .select('external_id', 'active', 'email', 'user_name', 'first_name', 'last_name', 'locator');
  await syncOnce(site, connection);
  const ids = people.map((one: { external_id: string }) => one.external_id);
  expect(
    await site.sync
      .db('external_people')
      .whereIn('external_id', ids)
      .orderBy('external_id')
      .select('external_id', 'active', 'email', 'user_name', 'first_name', 'last_name', 'locator'),
  ).toEqual(people);
  const links = await site.sync.db('links').orderBy(['in_group', 'member']);
  for (const name of ['leo', 'nina', 'jürgen'])
    await signIn(site, name, name === 'jürgen' ? 'größer als 8' : DIRECTORY_PASSWORD);
  expect(await site.sync.db('links').orderBy(['in_group', 'member'])).toEqual(links);
});

test('a sign-in between the plan of a sync and its commit makes nobody twice, and nothing is left to do', async () => {
  const connection = connectionTo(slapd.url);
  site = await openCorpSite(connection);
  const stop = new AbortController();
  const progress = (step: string): void => {
    // One batch holds all of this company: when it is planned, all is.
    if (step === 'planning') stop.abort();
  };
  // It ends between the groups' own piece and the people's, and the next run goes on from there.
  await expect(syncOnce(site, connection, { progress, signal: stop.signal })).rejects.toThrow('aborted');
  expect(await site.sync.db('accounts').where({ email_key: 'leo@corp.example' })).toEqual([]);
  const browser = site.browser();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  await syncOnce(site, connection);
  expect(await site.sync.db('accounts').where({ email_key: 'leo@corp.example' })).toHaveLength(1);
  expect(await rolesOf(browser)).toEqual({ acme: 'AN' });
  expect(await recompute(site.sync, () => undefined)).toMatchObject({ differences: [] });
});

test('a wrong password, an unknown name and a name that two entries share look the same, and open nothing', async () => {
  await open(slapd.url);
  const answers = [
    await signIn(site, 'leo', 'wrong'),
    await signIn(site, 'nobody', DIRECTORY_PASSWORD),
    await signIn(site, 'reader', 'secret'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(new Set(answers.map(({ text }) => text.replaceAll(/value="[^"]*"/g, ''))).size).toBe(1);
  expect((await signIn(site, 'twin', DIRECTORY_PASSWORD)).status).toBe(401);
  expect(site.logged.splice(0)).toEqual([expect.stringContaining('belongs to several entries')]);
  expect(await site.sync.db('external_people')).toHaveLength(0);
});

test('an empty password never reaches the directory: it would let everybody in', async () => {
  await open(slapd.url);
  await signIn(site, 'leo', '');
  const visitor = { agent: '', address: '127.0.0.1', session: null };
  for (const password of ['', '\0', `\0${DIRECTORY_PASSWORD}`]) {
    expect(await enter(site.context, { name: 'leo', password }, visitor)).toEqual({ kind: 'wrong' });
    expect(await site.context.directory?.signIn({ name: 'leo', password })).toEqual({ kind: 'wrong' });
  }
});

test('a login name with `*)(` is a name like any other, and nobody’s', async () => {
  await open(slapd.url);
  for (const name of ['*)(uid=*', 'leo)(|(uid=*', 'leo\u0000', '*', 'l*', '\\6ceo', '\\2a', dnOf('leo')]) {
    expect([name, (await signIn(site, name, DIRECTORY_PASSWORD)).status]).toEqual([name, 401]);
  }
});

test('a password of one’s own is not shown to the directory', async () => {
  await open(slapd.url);
  await signedUp(site, 'nina@corp.example');
  const before = await failuresOf(slapd, 'nina');
  expect((await signIn(site, 'nina@corp.example')).status).toBe(303);
  expect(await failuresOf(slapd, 'nina')).toBe(before);
});

test('wrong passwords count before the directory is asked, so that nobody is locked out there from one address', async () => {
  await open(slapd.url);
  const before = await failuresOf(slapd, 'nina');
  await signIn(site, 'nina', 'guess', site.browser());
  expect(await failuresOf(slapd, 'nina')).toBe(before + 1);
  const guesser = site.browser();
  for (let at = 1; at < 25; at += 1) await signIn(site, 'nina', `guess ${at}`, guesser);
  expect(await failuresOf(slapd, 'nina')).toBe(before + 20);
});

test('whom the directory calls disabled is not let in, and hears who can help; with a wrong password, nothing', async () => {
  await open(slapd.url, DISABLED);
  const answer = await signIn(site, 'lena', DIRECTORY_PASSWORD);
  expect([answer.status, answer.text.includes('ask whoever runs the directory')]).toEqual([403, true]);
  expect((await signIn(site, 'lena', 'wrong')).status).toBe(401);
  expect(await site.sync.db('sessions')).toHaveLength(0);
});

test('somebody disabled since then loses what they had with the sign-in that says so', async () => {
  const gone = await startCorp(PEOPLE);
  await open(gone.url, DISABLED);
  const browser = site.browser();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  await gone.modify(`dn: ${dnOf('leo')}\nchangetype: modify\nadd: employeeType\nemployeeType: left\n`);
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(403);
  expect((await browser.get('/api/current-user/whoami')).status).toBe(401);
  await gone.stop();
});

test('whom the organization has let go does not come back by signing in: it says who can help', async () => {
  await open(slapd.url);
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(303);
  const { id: account } = await site.sync.db('accounts').where({ email_key: 'leo@corp.example' }).first('id');
  await site.sync
    .db('blocks')
    .insert({ organization: 'acme', account, connection: null, reason: 'left', since: site.sync.now() });
  await signIn(site, 'nina', DIRECTORY_PASSWORD);
  await syncOnce(site, connectionTo(slapd.url));
  const answer = await signIn(site, 'leo', DIRECTORY_PASSWORD);
  expect([answer.status, answer.text.includes('An Administrator there can let you in again')]).toEqual([403, true]);
});

test('what somebody else had opened in the same browser is not added to it', async () => {
  await open(slapd.url);
  const browser = await signedUp(site, 'anna@new.example');
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  expect(await site.sync.db('session_openings').select('connection')).toEqual([{ connection: corp }]);
});

test.each(['paused', 'observe', 'closed'])('a connection that is %s signs nobody in', async (state) => {
  await open(slapd.url);
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(303);
  await site.sync.db('connections').where({ id: corp }).update({ state });
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(401);
});

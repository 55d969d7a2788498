// Directories that do not answer, or not alone: who still signs in, what people are told, and what an attacker gains.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
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
import { PASSWORD, signedUp, signIn } from './site.ts';

/** Nobody listens there. */
const DOWN = 'ldap://127.0.0.1:1';
const OTHER = 'other' as ConnectionId;
const acme = 'acme' as OrganizationId;

let site: Site;
const started: Slapd[] = [];
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
  for (const slapd of started.splice(0)) await slapd.stop();
});

async function start(...asked: Parameters<typeof startCorp>): Promise<Slapd> {
  const slapd = await startCorp(...asked);
  started.push(slapd);
  return slapd;
}

test('while the directory is down people are told so, and whoever has a password of their own still signs in', async () => {
  site = await openCorpSite(connectionTo(DOWN));
  await signedUp(site, 'anna@new.example');
  const answer = await signIn(site, 'leo', DIRECTORY_PASSWORD);
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '60']);
  expect(answer.text).toContain('Your directory does not answer');
  expect((await signIn(site, 'anna@new.example', PASSWORD)).status).toBe(303);
  expect(site.logged.splice(0)).toEqual([expect.stringMatching(/^sign-in: corp: connect: .*nobody answers/)]);
});

test('a directory that is down gives nobody more guesses at a password of the site', async () => {
  site = await openCorpSite(connectionTo(DOWN));
  await signedUp(site, 'anna@new.example');
  const guesser = site.browser();
  const answers: number[] = [];
  for (let at = 0; at < 22; at += 1)
    answers.push((await signIn(site, 'anna@new.example', `guess ${at}`, guesser)).status);
  expect(answers.filter((status) => status === 503)).toHaveLength(20);
  expect(answers.at(-1)).toBe(429);
  site.logged.length = 0;
});

test('a directory that is silent holds a sign-in up for its time and no longer', async () => {
  const slapd = await start();
  site = await openCorpSite(connectionTo(slapd.url, { timeouts: { connect: 0.5, page: 1 } }));
  slapd.pause();
  const began = performance.now();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(503);
  expect(performance.now() - began).toBeLessThan(3_000);
  slapd.resume();
  expect(site.logged.splice(0)).toEqual([expect.stringContaining('no answer within 0.5 seconds')]);
});

test('with the first server down the second one signs people in', async () => {
  const slapd = await start();
  site = await openCorpSite(connectionTo([DOWN, slapd.url]));
  const browser = site.browser();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  expect(await rolesOf(browser)).toEqual({ acme: 'AN' });
});

test('a wrong password is tried at one server only: it would count at each', async () => {
  const first = await start();
  const second = await start(PEOPLE.replaceAll(DIRECTORY_PASSWORD, 'of the second'));
  site = await openCorpSite(connectionTo([first.url, second.url]));
  expect((await signIn(site, 'leo', 'of the second')).status).toBe(401);
  expect([await failuresOf(first, 'leo'), await failuresOf(second, 'leo')]).toEqual([1, 0]);
});

test('of several directories the first that has the name decides, and the others are not shown the password', async () => {
  const first = await start();
  const second = await start(
    employee('leo', { userPassword: 'other leo' }) + employee('nora') + team('all', { member: dnOf('leo') }),
  );
  site = await openCorpSite(connectionTo(first.url), connectionTo(second.url, {}, OTHER));
  expect((await signIn(site, 'leo', 'other leo')).status).toBe(401);
  expect(await failuresOf(second, 'leo')).toBe(0);
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(303);
  expect((await signIn(site, 'nora', DIRECTORY_PASSWORD)).status).toBe(403);
  expect(await site.sync.db('external_people').orderBy('connection').select('connection', 'user_name')).toEqual([
    { connection: corp, user_name: 'leo' },
    { connection: OTHER, user_name: 'nora' },
  ]);
});

test('a wrong bind password is not tried at each sign-in: it would lock the account that the sync needs', async () => {
  const slapd = await start();
  site = await openCorpSite(connectionTo(slapd.url, { bindPassword: 'outdated' }));
  for (let at = 0; at < 4; at += 1) expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(503);
  const failed = (await slapd.search('(cn=reader)', [], ['pwdFailureTime'])).toString().match(/^pwdFailureTime:/gm);
  expect(failed).toHaveLength(1);
  expect(site.logged.splice(0)).toEqual([
    expect.stringMatching(/invalid credentials \(49\).*not asked again for a minute/),
  ]);
});

test('a password does not leave unencrypted because the directory may be read without one', async () => {
  const anonymous = { bindDn: undefined, bindPassword: undefined };
  site = await openCorpSite(connectionTo('ldap://ldap.corp.example', anonymous));
  expect(site.context.directory).toBe(null);
  expect(site.logged.splice(0)).toEqual([expect.stringContaining('would be sent passwords unencrypted')]);
});

test('groups that cannot be read at a sign-in take no role away', async () => {
  const slapd = await start();
  const connection = connectionTo(slapd.url);
  const broken = connectionTo(slapd.url, { groups: { base: 'ou=gone,dc=corp' } });
  site = await openCorpSite(broken);
  await syncOnce(site, connection);
  const browser = site.browser();
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD, browser)).status).toBe(303);
  expect(await rolesOf(browser)).toEqual({ acme: 'AN' });
  expect(site.logged.splice(0)).toEqual([expect.stringContaining('groups are as they were')]);
});

test('neither the name nor the password of whoever signs in is logged, whatever goes wrong', async () => {
  const slapd = await start(employee('twin') + employee('twin', {}, `cn=twin,${dnOf('x').slice(6)}`));
  site = await openCorpSite(connectionTo([DOWN, slapd.url], { groups: { base: 'ou=gone,dc=corp' } }));
  await signIn(site, 'twin', 'a secret of twin');
  slapd.pause();
  await signIn(site, 'leo', 'a secret of leo');
  slapd.resume();
  expect(site.logged).toHaveLength(2);
  expect(site.logged.splice(0).join('\n')).not.toMatch(/secret of|twin|leo/);
});

test("an organization's own directory is never shown a password of anybody for whom it may not speak", async () => {
  let asked = 0;
  const hostile = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    hostile.listen(0, '127.0.0.1', resolve);
  });
  const { port } = hostile.address() as AddressInfo;
  const own = {
    ...connectionTo(`ldap://127.0.0.1:${port}`, {}, OTHER),
    organization: acme,
    trustEmail: 'verified',
  } as const;
  const slapd = await start();
  // Declared first, it would be the first to be asked.
  site = await openCorpSite(own, connectionTo(slapd.url));
  for (const name of ['leo', 'leo@corp.example', 'nobody@corp.example'])
    expect([name, (await signIn(site, name, DIRECTORY_PASSWORD)).status]).toEqual([
      name,
      name.startsWith('leo') ? 303 : 401,
    ]);
  expect(asked).toBe(0);
  hostile.close();
});

test("an organization's own directory that is the only one signs its people in by their user names", async () => {
  const slapd = await start();
  site = await openCorpSite({ ...connectionTo(slapd.url), organization: acme, trustEmail: 'verified' });
  // Found and right; its address is not verified, so nothing is open yet.
  expect((await signIn(site, 'leo', DIRECTORY_PASSWORD)).status).toBe(403);
  expect((await signIn(site, 'leo', 'wrong')).status).toBe(401);
  expect((await signIn(site, 'leo@corp.example', DIRECTORY_PASSWORD)).status).toBe(401);
});

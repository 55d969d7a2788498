// Signing up, in and out; what a stranger learns of it, and what a session is good for.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COMPANY, mailedPath, saml } from './company.ts';
import type { Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

test('a person who signs up owns a new organization, called by their address, and is signed in at once', async () => {
  const browser = await signedUp(site, 'Anna@New.example');
  const me = await browser.get('/api/current-user/whoami');
  expect(me.json()).toMatchObject({
    email: 'Anna@New.example',
    email_verified: false,
    org_membership: [{ title: 'Anna@New.example', role: 'OW', active: true }],
  });
  expect((await browser.submit('/user', {}, '/user/logout')).status).toBe(303);
  expect((await browser.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'anna@NEW.example')).status).toBe(303);
});

test('signed up twice in different case there is one account, and the second one is told how to go on', async () => {
  await signedUp(site, 'anna@new.example');
  const again = await site.browser().submit('/user/signup', { email: ' ANNA@new.example', password: PASSWORD });
  expect(again.status).toBe(409);
  expect(again.text).toContain('sign in or choose a new password');
  expect(await site.sync.db('accounts').where({ email_key: 'anna@new.example' })).toHaveLength(1);
});

test('twenty sign-ups at once with one address make one account', async () => {
  const browsers = Array.from({ length: 20 }, () => site.browser());
  const wish = { email: 'anna@new.example', password: PASSWORD };
  const answers = await Promise.all(browsers.map(async (one) => one.submit('/user/signup', wish)));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
    303,
    ...Array.from({ length: 19 }, () => 409),
  ]);
});

test('a stranger learns nothing: unknown address, wrong password and an account without one answer alike', async () => {
  await signedUp(site, 'anna@new.example');
  const answers = [];
  for (const email of ['anna@new.example', 'nobody@new.example', 'olga@acme.example']) {
    const { status, text } = await signIn(site, email, 'not the password');
    answers.push({ status, text: text.replaceAll(email, '').replace(/value="[\w-]{43}"/g, '') });
  }
  expect(answers[0]).toMatchObject({ status: 401 });
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test('an unknown address takes as long as a known one', async () => {
  await signedUp(site, 'anna@new.example');
  const browser = site.browser();
  const times: Record<string, number[]> = { 'anna@new.example': [], 'nobody@new.example': [] };
  for (let round = 0; round < 6; round += 1) {
    for (const [email, list] of Object.entries(times)) {
      const begun = performance.now();
      await signIn(site, email, 'not the password', browser);
      list.push(performance.now() - begun);
    }
  }
  const [known = 0, unknown = 0] = Object.values(times).map((list) => Math.min(...list));
  // A look-up without a hash would be done in a tenth of the time.
  expect(unknown).toBeGreaterThan(known / 2);
});

test('overlong everything is refused at once, by a message and without work', async () => {
  const browser = site.browser();
  const long = 'x'.repeat(10_000);
  expect((await signIn(site, `${long}@new.example`, 'guess', browser)).status).toBe(401);
  expect((await signIn(site, 'anna@new.example', long, browser)).status).toBe(401);
  const wish = await browser.get(`/user/login?return_to=/${long}`);
  expect([wish.status, wish.text.includes(long)]).toEqual([200, false]);
  const signUp = async (fields: Record<string, string>) =>
    browser.submit('/user/signup', { email: 'anna@new.example', password: PASSWORD, ...fields });
  expect((await signUp({ email: `${long}@new.example` })).status).toBe(400);
  expect((await signUp({ password: long })).status).toBe(400);
  expect((await signUp({ first_name: long })).status).toBe(400);
  expect((await browser.post('/user/login', { email: 'x'.repeat(100_000) })).status).toBe(413);
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`f${n}`, '1']));
  expect((await browser.post('/user/login', many)).status).toBe(413);
});

test('weak passwords are refused by what is wrong with them', async () => {
  const browser = site.browser();
  for (const [password, words] of [
    ['short', '8 or more'],
    ['Password123', 'first that are guessed'],
    ['anna@new.example', 'first that are guessed'],
    ['aaaaaaaaaa', 'first that are guessed'],
  ] as const) {
    const answer = await browser.submit('/user/signup', { email: 'anna@new.example', password });
    expect([answer.status, answer.text.includes(words)]).toEqual([400, true]);
  }
});

test('an address alone leads to the identity provider of its domain, and keeps the page asked for', async () => {
  const answer = await site
    .browser()
    .submit('/user/login?return_to=%2Fprojects', { email: 'anna@acme.example', password: '' });
  expect(answer.headers.location).toBe(`/saml/${saml}/login?return_to=%2Fprojects`);
  const other = await site.browser().submit('/user/login', { email: 'anna@new.example', password: '' });
  expect(other.status).toBe(200);
});

test('each sign-in gives a new session: one planted or seen before it opens nothing', async () => {
  const browser = await signedUp(site, 'anna@new.example');
  const before = browser.cookies.get('rollcall-session') ?? '';
  await signIn(site, 'anna@new.example', PASSWORD, browser);
  expect(browser.cookies.get('rollcall-session')).not.toBe(before);
  const thief = site.browser();
  thief.cookies.set('rollcall-session', before);
  expect((await thief.get('/api/current-user/whoami')).status).toBe(401);
  const planted = site.browser();
  planted.cookies.set('rollcall-session', 'A'.repeat(43));
  await signIn(site, 'anna@new.example', PASSWORD, planted);
  expect(planted.cookies.get('rollcall-session')).not.toBe('A'.repeat(43));
});

test('the cookie is kept from scripts and other sites, and the database holds no token', async () => {
  const browser = site.browser();
  const page = await browser.submit('/user/signup', { email: 'anna@new.example', password: PASSWORD });
  const cookie = page.headers['set-cookie']?.find((line) => line.startsWith('rollcall-session=')) ?? '';
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Lax/);
  const token = browser.cookies.get('rollcall-session') ?? '';
  const stored = JSON.stringify([await site.sync.db('sessions'), await site.sync.db('mailed_links')]);
  expect(stored).not.toContain(token);
  expect(stored).not.toContain(mailedPath(site, 'anna@new.example').split('token=')[1]);
  expect(JSON.stringify(await site.sync.db('credentials'))).not.toContain(PASSWORD);
});

test('a session that nobody uses ends, and each ends in the end', async () => {
  const browser = await signedUp(site, 'anna@new.example');
  const DAY = 86_400_000;
  for (let day = 0; day < 29; day += 1) {
    site.wait(DAY);
    expect((await browser.get('/api/current-user/whoami')).status).toBe(200);
  }
  site.wait(2 * DAY);
  expect((await browser.get('/api/current-user/whoami')).status).toBe(401);
  await signIn(site, 'anna@new.example', PASSWORD, browser);
  site.wait(8 * DAY);
  expect((await browser.get('/api/current-user/whoami')).status).toBe(401);
});

test('sessions are listed and ended by their owner, and by nobody else', async () => {
  const laptop = await signedUp(site, 'anna@new.example');
  const phone = site.browser();
  await signIn(site, 'anna@new.example', PASSWORD, phone);
  const stranger = await signedUp(site, 'eve@new.example');
  const list = JSON.parse((await laptop.get('/api/current-user/sessions')).text) as { id: string; current: boolean }[];
  expect(list.map(({ current }) => current)).toEqual([false, true]);
  const other = list[0]?.id ?? '';
  expect((await stranger.call('DELETE', `/api/current-user/sessions/${other}`)).status).toBe(404);
  expect((await phone.get('/api/current-user/whoami')).status).toBe(200);
  await stranger.submit('/user', { session: other }, '/user/sessions/end');
  expect((await phone.get('/api/current-user/whoami')).status).toBe(200);
  const tablet = site.browser();
  await signIn(site, 'anna@new.example', PASSWORD, tablet);
  const [newest] = JSON.parse((await laptop.get('/api/current-user/sessions')).text) as { id: string }[];
  await laptop.submit('/user', { session: newest?.id ?? '' }, '/user/sessions/end');
  expect((await tablet.get('/api/current-user/whoami')).status).toBe(401);
  expect((await laptop.call('DELETE', `/api/current-user/sessions/${other}`)).status).toBe(204);
  expect((await phone.get('/api/current-user/whoami')).status).toBe(401);
});

test('where people come by invitation only, nobody founds an organization', async () => {
  const closed = await openSite({ signup: 'invitation-only' });
  const browser = closed.browser();
  expect((await browser.get('/user/signup')).status).toBe(403);
  expect(
    (await browser.submit('/user/login', { email: 'a@new.example', password: PASSWORD }, '/user/signup')).status,
  ).toBe(403);
  expect(await closed.sync.db('accounts')).toEqual([]);
  await closed.close();
});

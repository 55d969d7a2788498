// Mailed links: each good once, for the address it went to, and proof of nothing to a mail program that looks at it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OrganizationId } from '../../src/core/ids.ts';
import { decide } from '../../src/organization/decide-conflict.ts';
import { declare } from '../../src/organization/declare.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { COMPANY, mailedPath, rolesOf, scimSays } from './company.ts';
import type { Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

const OTHER = 'another fine day 9';

let site: Site;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function askedFor(email: string): Promise<string> {
  const before = site.mails.length;
  expect((await site.browser().submit('/user/password-reset', { email })).status).toBe(200);
  await expect.poll(() => site.mails.length).toBe(before + 1);
  return mailedPath(site, email);
}

test('a new password ends every session of the old one, and the link works once', async () => {
  const old = await signedUp(site, 'anna@new.example');
  const link = await askedFor('anna@new.example');
  const browser = site.browser();
  await browser.get(link);
  await browser.get(link);
  expect((await browser.submit(link, { password: 'short' })).status).toBe(400);
  expect((await browser.submit(link, { password: OTHER })).status).toBe(303);
  expect((await browser.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: true });
  expect((await old.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'anna@new.example', PASSWORD)).status).toBe(401);
  expect((await signIn(site, 'anna@new.example', OTHER)).status).toBe(303);
  expect((await site.browser().get(link)).status).toBe(400);
  expect((await site.browser().submit('/user/login', { password: PASSWORD }, link)).status).toBe(400);
});

test('a reset asked for an unknown address answers the same, and sends nothing', async () => {
  const answer = await site.browser().submit('/user/password-reset', { email: 'nobody@new.example' });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('If nobody@new.example has an account');
  expect(site.mails).toEqual([]);
});

test('nobody is buried in mails that somebody else asks for', async () => {
  await signedUp(site, 'anna@new.example');
  for (let at = 0; at < 12; at += 1) await site.browser().submit('/user/password-reset', { email: 'anna@new.example' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(site.mails.length).toBeLessThanOrEqual(5);
});

test('an older reset link is dead once a newer one was sent, and each after an hour', async () => {
  await signedUp(site, 'anna@new.example');
  const first = await askedFor('anna@new.example');
  const second = await askedFor('anna@new.example');
  expect((await site.browser().get(first)).status).toBe(400);
  expect((await site.browser().get(second)).status).toBe(200);
  site.wait(3_600_001);
  expect((await site.browser().get(second)).status).toBe(400);
});

test('ten resets with one link at once set one password', async () => {
  await signedUp(site, 'anna@new.example');
  const link = await askedFor('anna@new.example');
  const answers = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => site.browser().submit(link, { password: `${OTHER} ${at}` })),
  );
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
});

test('the browser that signed up confirms its address by following the link, once', async () => {
  const anna = await signedUp(site, 'anna@new.example');
  const link = mailedPath(site, 'anna@new.example');
  expect(link).toMatch(/^\/user\/verify\?token=/);
  expect((await anna.get(link)).status).toBe(200);
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: true });
  expect((await anna.get(link)).status).toBe(400);
});

test('a mail program that looks at the link proves nothing; the person who then presses the button does', async () => {
  const anna = await signedUp(site, 'anna@new.example');
  const link = mailedPath(site, 'anna@new.example');
  const scanner = site.browser();
  expect((await scanner.get(link)).status).toBe(200);
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: false });
  expect((await site.browser().submit(link, {}, '/user/verify')).status).toBe(200);
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: true });
});

test('an Owner whom the file names activates the account that was made for them, once', async () => {
  const [organization] = COMPANY.organizations;
  const declaration = {
    ...COMPANY,
    organizations: [
      ...COMPANY.organizations,
      { ...organization!, id: 'gamma' as OrganizationId, owner: 'gus@gamma.example', domains: [] },
    ],
  };
  const { value } = await declare(site.sync, declaration, { preview: false });
  const token = value.activations.find(({ email }) => email === 'gus@gamma.example')?.token ?? '';
  const gus = site.browser();
  expect((await gus.submit(`/user/activate?token=${token}`, { password: PASSWORD })).status).toBe(303);
  expect(await rolesOf(gus)).toEqual({ gamma: 'OW' });
  expect((await site.browser().get(`/user/activate?token=${token}`)).status).toBe(400);
  expect((await site.browser().get('/user/activate?token=wrong')).status).toBe(400);
});

test('nobody signs up under the address of a coming Owner or successor and waits for the seat', async () => {
  const squatters = [await signedUp(site, 'gus@gamma.example'), await signedUp(site, 'sue@gamma.example')];
  const [organization] = COMPANY.organizations;
  const gamma = { ...organization!, id: 'gamma' as OrganizationId, owner: 'gus@gamma.example', domains: [] };
  const named = { ...gamma, successor: 'sue@gamma.example' };
  const declaration = { ...COMPANY, organizations: [...COMPANY.organizations, named] };
  const { value } = await declare(site.sync, declaration, { preview: false });
  for (const squatter of squatters) expect((await squatter.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'gus@gamma.example')).status).toBe(401);
  const token = value.activations.find(({ email }) => email === 'gus@gamma.example')?.token ?? '';
  const gus = site.browser();
  expect((await gus.submit(`/user/activate?token=${token}`, { password: OTHER })).status).toBe(303);
  expect(await rolesOf(gus)).toMatchObject({ gamma: 'OW' });
  // Whose account it is has been shown: declaring the same again takes nothing from anybody.
  const sue = site.browser();
  expect((await sue.submit(await askedFor('sue@gamma.example'), { password: OTHER })).status).toBe(303);
  await declare(site.sync, declaration, { preview: false });
  for (const browser of [gus, sue]) expect((await browser.get('/api/current-user/whoami')).status).toBe(200);
});

test('nobody lies in wait for the support desk: a conflict that it links is not the squatter’s', async () => {
  await scimSays(site, { 'zed@elsewhere.example': 'active' });
  const squatter = await signedUp(site, 'zed@elsewhere.example');
  const [conflict] = await loadConflicts(site.sync.db);
  await decide(site.sync, conflict?.id ?? '', 'linked');
  expect((await squatter.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'zed@elsewhere.example')).status).toBe(401);
  const zed = site.browser();
  expect((await zed.submit(await askedFor('zed@elsewhere.example'), { password: OTHER })).status).toBe(303);
  expect(await rolesOf(zed)).toMatchObject({ acme: 'AN' });
});

test('a link that lost its token on the way gets the same page as a dead one', async () => {
  const browser = site.browser();
  const pages = await Promise.all(
    [
      '/user/activate',
      '/user/activate?token=',
      '/user/activate?token=wrong',
      '/user/verify',
      '/user/verify?token=wrong',
    ].map(async (path) => browser.get(path)),
  );
  expect(pages.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  expect(pages[0]?.text).toContain('This link is not valid');
  expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
  expect((await browser.submit('/user/login', { password: PASSWORD }, '/user/activate')).status).toBe(400);
});

test('nobody lies in wait under somebody else’s address: what they set is gone when the directory brings its holder', async () => {
  const squatter = await signedUp(site, 'leo@acme.example');
  const token = (await squatter.call('POST', '/api/token')).json()['refresh'];
  await scimSays(site, { 'leo@acme.example': 'active' });
  expect((await squatter.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'leo@acme.example')).status).toBe(401);
  expect((await site.browser().call('POST', '/api/token/refresh', { refresh: token })).status).toBe(401);
  expect((await site.browser().get(mailedPath(site, 'leo@acme.example'))).status).toBe(400);
});

test('whoever has proven their address keeps password and session when the directory joins their account', async () => {
  const leo = await signedUp(site, 'leo@acme.example');
  await leo.get(mailedPath(site, 'leo@acme.example'));
  await scimSays(site, { 'leo@acme.example': 'active' });
  expect(await rolesOf(leo)).toMatchObject({ acme: 'AN' });
  expect((await signIn(site, 'leo@acme.example')).status).toBe(303);
});

// Invitations: who may follow which, what they bring, and every way in which one is wrong.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acme, beta, COMPANY, enterByMail, mailedPath, rolesOf, scimSays } from './company.ts';
import type { Browser, Site } from './site.ts';
import { openSite, PASSWORD, signedUp } from './site.ts';

let site: Site;
let olga: Browser;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
  olga = await enterByMail(site, 'olga@acme.example');
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function linkOf(browser: Browser): Promise<string> {
  const { invite_url: url } = (await browser.get('/api/invite')).json() as { invite_url: string };
  const { pathname, search } = new URL(url);
  return pathname + search;
}

async function invite(email: string, role: string): Promise<string> {
  const answer = await olga.call('POST', '/api/invite/send-email', { emails: [email], role });
  expect(answer.status).toBe(200);
  return mailedPath(site, email);
}

test('whoever follows the link joins the organization with its default role, and founds none', async () => {
  const link = await linkOf(olga);
  expect(await linkOf(olga)).toBe(link);
  const anna = await signedUp(site, 'anna@new.example', link);
  expect(await rolesOf(anna)).toEqual({ acme: 'AN' });
});

test('a link followed by somebody signed in joins that account, and their own organization stays', async () => {
  const link = await linkOf(olga);
  const anna = await signedUp(site, 'anna@new.example');
  const [own = ''] = Object.keys(await rolesOf(anna));
  const page = await anna.get(link);
  expect(page.text).toContain('Join Acme Inc');
  expect((await anna.submit(link, {}, '/user/signup')).status).toBe(303);
  expect(await rolesOf(anna)).toEqual({ [own]: 'OW', acme: 'AN' });
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ active_organization: acme });
});

test('nobody keeps an invitation from arriving by having links mailed; one that is not mailed is told', async () => {
  await signedUp(site, 'zoe@new.example', await linkOf(await enterByMail(site, 'bert@beta.example')));
  for (let nth = 0; nth < 7; nth += 1) {
    expect((await site.browser().submit('/user/password-reset', { email: 'zoe@new.example' })).status).toBe(200);
  }
  const send = async (): Promise<Record<string, unknown>> =>
    (await olga.call('POST', '/api/invite/send-email', { emails: ['zoe@new.example'], role: 'RE' })).json();
  const mailed = (): number =>
    site.mails.filter(({ to, subject }) => to === 'zoe@new.example' && /Acme/.test(subject)).length;
  for (let nth = 1; nth <= 5; nth += 1) {
    expect(await send()).not.toHaveProperty('not_mailed');
    expect(mailed()).toBe(nth);
  }
  expect(await send()).toMatchObject({ invited: ['zoe@new.example'], not_mailed: ['zoe@new.example'] });
  expect(mailed()).toBe(5);
});

test('looking at the link joins nobody: another site can make a browser load it', async () => {
  const link = await linkOf(olga);
  const anna = await signedUp(site, 'anna@new.example');
  await anna.get(link);
  expect(await rolesOf(anna)).not.toHaveProperty('acme');
});

test('an old link is dead once it was reset', async () => {
  const old = await linkOf(olga);
  expect((await olga.call('POST', '/api/invite/reset-token')).status).toBe(201);
  expect((await site.browser().get(old)).status).toBe(403);
  expect(await linkOf(olga)).not.toBe(old);
});

test('a wrong, empty, doubled or overlong token is refused and never ignored: no organization is founded', async () => {
  const before = await site.sync.db('organizations').count({ n: '*' });
  for (const query of ['token=wrong', 'token=', 'token=a&token=b', `token=${'x'.repeat(5000)}`, 'token=%00']) {
    const browser = site.browser();
    expect([query, (await browser.get(`/user/signup?${query}`)).status]).toEqual([query, 403]);
    const wish = { email: 'anna@new.example', password: PASSWORD };
    const answer = await browser.submit('/user/login', wish, `/user/signup?${query}`);
    expect([query, answer.status]).toEqual([query, 403]);
  }
  expect(await site.sync.db('organizations').count({ n: '*' })).toEqual(before);
});

test('a mailed invitation gives the role chosen up front, proves the address, and works once', async () => {
  const link = await invite('anna@new.example', 'MA');
  const anna = await signedUp(site, 'Anna@new.example', link);
  expect(await rolesOf(anna)).toEqual({ acme: 'MA' });
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: true });
  const again = await site.browser().get(link);
  expect([again.status, again.text.includes('not valid')]).toEqual([403, true]);
});

test('an invitation mailed to somebody else is refused, signed in or not', async () => {
  const link = await invite('anna@new.example', 'AD');
  const eve = await signedUp(site, 'eve@new.example');
  expect((await eve.submit(link, {}, '/user/signup')).status).toBe(403);
  expect(await rolesOf(eve)).not.toHaveProperty('acme');
  const mallory = site.browser();
  const answer = await mallory.submit(link, { email: 'mallory@new.example', password: PASSWORD });
  expect(answer.status).toBe(403);
  expect((await signedUp(site, 'anna@new.example', link)).cookies.size).toBeGreaterThan(0);
});

test('withdrawn, sent again or a week old, a mailed invitation is dead', async () => {
  const first = await invite('anna@new.example', 'AN');
  const second = await invite('anna@new.example', 'RE');
  expect((await site.browser().get(first)).status).toBe(403);
  site.wait(6 * 86_400_000);
  expect((await site.browser().get(second)).status).toBe(200);
  site.wait(86_400_000 + 1);
  expect((await site.browser().get(second)).status).toBe(403);
  olga = await enterByMail(site, 'olga@acme.example');
  const third = await invite('anna@new.example', 'RE');
  expect((await olga.call('POST', '/api/invite/revoke', { email: 'ANNA@new.example' })).status).toBe(200);
  expect((await site.browser().get(third)).status).toBe(403);
  expect((await olga.call('POST', '/api/invite/revoke', { email: 'anna@new.example' })).status).toBe(404);
  expect((await olga.call('POST', '/api/invite/revoke', { email: 'nobody@new.example' })).status).toBe(404);
});

test('an invitation used by twenty requests at once brings one membership', async () => {
  const link = await invite('anna@new.example', 'AN');
  const browsers = Array.from({ length: 10 }, () => site.browser());
  const wish = { email: 'anna@new.example', password: PASSWORD };
  const answers = await Promise.all(browsers.map(async (one) => one.submit(link, wish)));
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
});

test('nobody invites an Owner, invites where they may not, or learns of an organization they are not in', async () => {
  const owner = await olga.call('POST', '/api/invite/send-email', { emails: ['a@new.example'], role: 'OW' });
  expect(owner.status).toBe(400);
  expect((await olga.call('POST', '/api/invite/send-email', { emails: ['no address'], role: 'AN' })).status).toBe(400);
  expect((await olga.call('POST', '/api/invite/send-email', { emails: [], role: 'AN' })).status).toBe(400);
  const anna = await signedUp(site, 'anna@new.example', await linkOf(olga));
  expect((await anna.get('/api/invite')).status).toBe(403);
  expect((await anna.call('POST', '/api/invite/reset-token')).status).toBe(403);
  expect((await anna.get(`/api/organizations/${acme}`)).status).toBe(200);
  expect((await anna.get(`/api/organizations/${beta}`)).status).toBe(404);
  expect((await anna.get('/api/organizations/nowhere')).status).toBe(404);
});

test('an Administrator who follows the link keeps their role', async () => {
  const link = await invite('anna@new.example', 'AD');
  const anna = await signedUp(site, 'anna@new.example', link);
  await anna.submit(await linkOf(anna), {}, '/user/signup');
  expect(await rolesOf(anna)).toEqual({ acme: 'AD' });
  const member = await olga.call('POST', '/api/invite/send-email', { emails: ['anna@new.example'], role: 'AN' });
  expect(member.status).toBe(409);
});

test('a leaver does not come back by the link; an Administrator who invites them afterwards lets them in', async () => {
  await scimSays(site, { 'leo@acme.example': 'active', 'other@acme.example': 'active' });
  const leo = await enterByMail(site, 'leo@acme.example');
  await signedUpElsewhere(leo);
  const before = await linkOf(olga);
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  const again = await enterByMail(site, 'leo@acme.example');
  expect((await again.submit(before, {}, '/user/signup')).status).toBe(403);
  const invited = await invite('leo@acme.example', 'RE');
  expect((await again.submit(invited, {}, '/user/signup')).status).toBe(303);
  expect(await rolesOf(again)).toMatchObject({ acme: 'RE' });
});

/** Gives the person a second organization, so that they can still sign in once the first has let them go. */
async function signedUpElsewhere(browser: Browser): Promise<void> {
  const bert = await enterByMail(site, 'bert@beta.example');
  expect((await browser.submit(await linkOf(bert), {}, '/user/signup')).status).toBe(303);
}

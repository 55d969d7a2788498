// Over https the cookies are out of reach of every other site, also of those of the same domain.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Site } from './site.ts';
import { openSite, PASSWORD } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await openSite({ publicUrl: 'https://rollcall.example' });
});
afterEach(() => site.close());

test('over https the cookies are Secure and bound to this host', async () => {
  const browser = site.browser();
  const page = await browser.get('/user/login');
  expect(page.headers['set-cookie']).toEqual([
    expect.stringMatching(/^__Host-rollcall-visit=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
  ]);
  const answer = await browser.submit('/user/signup', { email: 'anna@new.example', password: PASSWORD });
  expect(answer.headers['set-cookie']?.[0]).toMatch(
    /^__Host-rollcall-session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect(site.mails[0]?.link).toMatch(/^https:\/\/rollcall\.example\/user\/verify\?token=/);
});

test('pages, calls, files and refusals alike may not be framed, guessed at or fed with foreign scripts', async () => {
  const browser = site.browser();
  for (const path of [
    '/user/login',
    '/user/verify',
    '/api/current-user/whoami',
    '/user/assets/style.css',
    '/nowhere',
  ]) {
    const { headers } = await browser.get(path);
    expect([path, headers['content-security-policy']]).toEqual([path, expect.stringContaining("default-src 'none'")]);
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/script-src 'self';.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('a cookie without the prefix, as another host of the domain could plant it, is not read', async () => {
  const browser = site.browser();
  await browser.submit('/user/signup', { email: 'anna@new.example', password: PASSWORD });
  const planted = site.browser();
  planted.cookies.set('rollcall-session', browser.cookies.get('__Host-rollcall-session') ?? '');
  expect((await planted.get('/api/current-user/whoami')).status).toBe(401);
});

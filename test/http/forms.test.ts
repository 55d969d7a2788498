// Forged, replayed and cross-site requests; addresses that lead elsewhere; hosts that a request makes up.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { returnPath } from '../../src/http/return-to.ts';
import type { Browser, Site } from './site.ts';
import { hiddenFields, openSite, PASSWORD, signedUp } from './site.ts';

let site: Site;
let anna: Browser;
beforeAll(async () => {
  site = await openSite();
  anna = await signedUp(site, 'anna@new.example');
});
afterAll(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function tokenOf(browser: Browser): Promise<string> {
  return hiddenFields((await browser.get('/user')).text)['_csrf'] ?? '';
}

test('a form without its token, or with another browser’s, changes nothing', async () => {
  const eve = await signedUp(site, 'eve@new.example');
  for (const token of ['', 'x', await tokenOf(eve)]) {
    expect((await anna.post('/user/logout', { _csrf: token })).status).toBe(403);
  }
  expect((await anna.get('/api/current-user/whoami')).status).toBe(200);
});

test('a header that browsers repeat by themselves does not stand for the token of a form', async () => {
  expect((await anna.post('/user/logout', {}, { authorization: 'Basic YW5uYTpwYXNz' })).status).toBe(403);
  expect((await anna.get('/api/current-user/whoami', { authorization: 'Basic YW5uYTpwYXNz' })).status).toBe(200);
});

test('a token from before the sign-in is not good after it', async () => {
  const browser = site.browser();
  const before = hiddenFields((await browser.get('/user/login')).text)['_csrf'] ?? '';
  const signedIn = await browser.post('/user/login', { _csrf: before, email: 'anna@new.example', password: PASSWORD });
  expect(signedIn.status).toBe(303);
  expect((await browser.post('/user/logout', { _csrf: before })).status).toBe(403);
});

test('nobody is signed in to somebody else’s account by a form on another site', async () => {
  const victim = site.browser();
  const attackers = hiddenFields((await site.browser().get('/user/login')).text)['_csrf'] ?? '';
  const fields = { _csrf: attackers, email: 'anna@new.example', password: PASSWORD };
  expect((await victim.post('/user/login', fields)).status).toBe(403);
  expect(victim.cookies.has('rollcall-session')).toBe(false);
});

test('a request that comes from another site is refused even with the token', async () => {
  const token = await tokenOf(anna);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'https://evil.localhost' },
  ]) {
    expect((await anna.post('/user/logout', { _csrf: token }, headers)).status).toBe(403);
  }
  expect((await anna.get('/api/current-user/whoami')).status).toBe(200);
});

test('an API call with the cookie alone is refused; with the header it is done', async () => {
  const body = JSON.stringify({ first_name: 'Anna' });
  const headers = { 'content-type': 'application/json' };
  expect((await anna.send('PATCH', '/api/current-user', { headers, body })).status).toBe(403);
  expect((await anna.call('PATCH', '/api/current-user', { first_name: 'Anna' })).json()).toMatchObject({
    first_name: 'Anna',
  });
});

test('a sign-in leads back to pages of this site only', () => {
  for (const page of ['/', '/projects/7?tab=data#row-3', '/a//b', '/%2f%2fevil.example', '/user?x=1', '/ä']) {
    expect([page, returnPath(page)]).toEqual([page, page]);
  }
  for (const page of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/a\r\nSet-Cookie: a=b',
    'javascript:alert(1)',
    'evil.example',
    '',
    ' //evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/user/logout',
    '/user/login?return_to=/user/login',
    `/${'x'.repeat(3000)}`,
    undefined,
    ['/a'],
  ]) {
    expect([page, returnPath(page)]).toEqual([page, '/']);
  }
});

test('the page asked for is reached after the sign-in, and another site is not', async () => {
  const browser = site.browser();
  const asked = await browser.get('/user?tab=2');
  expect([asked.status, asked.headers.location]).toEqual([302, '/user/login?return_to=%2Fuser%3Ftab%3D2']);
  expect((await browser.get('/')).headers.location).toBe('/user/login?return_to=%2F');
  const wish = { email: 'anna@new.example', password: PASSWORD };
  expect((await browser.submit(asked.headers.location ?? '', wish, '/user/login')).headers.location).toBe(
    '/user?tab=2',
  );
  const evil = await site.browser().submit('/user/login?return_to=//evil.example', wish);
  expect(evil.headers.location).toBe('/');
});

test('the host that a request claims is in no link and no answer', async () => {
  const browser = site.browser();
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
  const page = await browser.get('/user/password-reset', headers);
  const fields = { ...hiddenFields(page.text), email: 'anna@new.example' };
  const answer = await browser.post('/user/password-reset', fields, headers);
  expect(answer.text + page.text + JSON.stringify(answer.headers)).not.toContain('evil.example');
  await expect.poll(() => site.mails.at(-1)?.subject).toBe('Choose a new password');
  expect(new URL(site.mails.at(-1)?.link ?? '').origin).toBe(site.url);
});

test('an address with a line break or a second recipient gets no mail', async () => {
  const sent = site.mails.length;
  for (const email of [
    'anna@new.example\r\nBcc: eve@new.example',
    'anna@new.example,eve@new.example',
    '<script>@x.example',
  ]) {
    expect((await site.browser().submit('/user/password-reset', { email })).status).toBe(400);
  }
  expect(site.mails).toHaveLength(sent);
});

test('an address or a name that could be taken for another’s is refused: nothing unseen, nothing that turns text around', async () => {
  for (const email of [
    'an\u200Bna@new.example',
    'an\u00ADna@new.example',
    '\u202Eanna@new.example',
    '\u212Aim@new.example',
  ]) {
    expect((await site.browser().submit('/user/signup', { email, password: PASSWORD })).status).toBe(400);
  }
  await anna.call('PATCH', '/api/current-user', { first_name: 'Anna', last_name: '\u0645\u06CC\u200C\u062E' });
  for (const first_name of ['\u202EannA', 'A\u200Bnna', 'A\uFEFFnna', ['Eve'], { a: 1 }, 7]) {
    expect((await anna.call('PATCH', '/api/current-user', { first_name })).status).toBe(400);
  }
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ first_name: 'Anna' });
});

test('what somebody typed is shown as text, never run', async () => {
  const evil = '"><script>alert(1)</script>';
  const page = await site
    .browser()
    .submit(`/user/login?return_to=${encodeURIComponent(evil)}`, { email: evil, password: 'x' });
  expect(page.text).not.toContain('<script');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.headers['content-security-policy']).not.toContain('unsafe-inline');
  expect(page.headers['cache-control']).toBe('no-store');
});

test('a program that sends no body, another body, or the same field twice gets a clear refusal', async () => {
  const browser = site.browser();
  expect((await browser.send('POST', '/user/login')).status).toBe(403);
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const broken = await browser.send('POST', '/api/token/refresh', { headers: json, body: '{"refresh":' });
  expect([broken.status, broken.json()['code']]).toEqual([400, 'input_invalid']);
  for (const body of ['null', '[]', '"x"', '{"refresh":{"a":1}}', '{"__proto__":{"refresh":"x"}}']) {
    expect((await browser.send('POST', '/api/token/refresh', { headers: json, body })).status).toBe(400);
  }
});

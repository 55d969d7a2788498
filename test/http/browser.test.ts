// What people do, in a real Chromium: with our cookies, our policy of what a page may load, and no script at all.
import type { Browser as Chromium, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { COMPANY, enterByMail, scimSays } from './company.ts';
import type { Site } from './site.ts';
import { openSite, PASSWORD, signedUp } from './site.ts';

let chrome: Chromium;
let site: Site;
let context: BrowserContext;
let page: Page;
/** What the browser complained of: a style that the policy forbids, a file that is not there. */
let complaints: string[];

beforeAll(async () => {
  chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(() => chrome.close());
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
  context = await chrome.newContext({ javaScriptEnabled: false });
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
});
afterEach(async () => {
  await context.close();
  expect(site.logged).toEqual([]);
  await site.close();
});

async function signIn(email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function invitationUrl(): Promise<string> {
  const olga = await enterByMail(site, 'olga@acme.example');
  return String((await olga.get('/api/invite')).json()['invite_url']);
}

test('a person signs up, sees their organization, signs out, and comes back to the page they had asked for', async () => {
  await page.goto(`${site.url}/user/signup`);
  await page.getByLabel('E-mail').fill('anna@new.example');
  await page.getByLabel('First name').fill('Anna');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor();
  expect(await page.getByRole('region', { name: 'Organizations' }).textContent()).toContain('Owner');
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`${site.url}/user?tab=2`);
  await signIn('anna@new.example');
  expect(page.url()).toBe(`${site.url}/user?tab=2`);
  expect(complaints).toEqual([]);
});

test('somebody invited joins with the account they have, and switches between their organizations', async () => {
  const url = await invitationUrl();
  await signedUp(site, 'anna@new.example');
  await page.goto(url);
  await page.getByRole('link', { name: 'I have an account' }).click();
  await signIn('anna@new.example');
  await page.getByRole('button', { name: 'Join Acme Inc' }).click();
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name }).first();
  expect(await row('Acme Inc').textContent()).toContain('Current');
  await page.getByRole('button', { name: 'Switch to anna@new.example' }).click();
  expect(await row('anna@new.example').textContent()).toContain('Current');
  await page.getByRole('button', { name: 'Switch to Acme Inc' }).click();
  expect(await row('Acme Inc').textContent()).toContain('Current');
  expect(complaints).toEqual([]);
});

test('a forgotten password is replaced by the mailed link, and other browsers are signed out', async () => {
  const other = await signedUp(site, 'anna@new.example');
  await page.goto(`${site.url}/user/login`);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('E-mail').fill('anna@new.example');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByRole('status').waitFor();
  await expect.poll(() => site.mails.at(-1)?.subject).toBe('Choose a new password');
  await page.goto(site.mails.at(-1)?.link ?? '');
  await page.getByLabel('New password').fill('another fine day 9');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  expect((await other.get('/api/current-user/whoami')).status).toBe(401);
});

test('what went wrong is said where it is read aloud, and the field is ready', async () => {
  await page.goto(`${site.url}/user/login`);
  await signIn('anna@new.example', 'wrong password');
  expect(await page.getByRole('alert').textContent()).toContain('do not belong together');
  expect(await page.getByLabel('E-mail').inputValue()).toBe('anna@new.example');

  await page.goto(`${site.url}/user/signup`);
  await page.getByLabel('E-mail').fill('anna@new.example');
  await page.getByLabel('Password').fill('password1');
  await page.getByRole('button', { name: 'Create organization' }).click();
  const field = page.getByLabel('Password');
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await page.locator(':focus').getAttribute('name')).toBe('password');
  expect(await page.locator('#password-fault').textContent()).toContain('among the first that are guessed');
  expect(await field.getAttribute('aria-describedby')).toBe('password-fault password-hint');
});

test('a browser whose person was deactivated is at the sign-in page with the next click', async () => {
  await scimSays(site, { 'leo@acme.example': 'active', 'other@acme.example': 'active' });
  const leo = await enterByMail(site, 'leo@acme.example');
  const value = leo.cookies.get('rollcall-session') ?? '';
  await context.addCookies([{ name: 'rollcall-session', value, url: site.url }]);
  await page.goto(`${site.url}/user`);
  await page.getByText('Acme Inc').waitFor();
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await signIn('leo@acme.example');
  expect(await page.getByRole('alert').textContent()).toContain('An Administrator there can let you in again');
});

test('another site’s form that a browser is lured into sends nobody out and changes nothing', async () => {
  await page.goto(`${site.url}/user/signup`);
  await page.getByLabel('E-mail').fill('anna@new.example');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create organization' }).click();
  const form = `<form method="post" action="${site.url}/user/logout"><button>Win</button></form>`;
  const lure = await context.newPage();
  await lure.route('**/lure', (route) => route.fulfill({ contentType: 'text/html', body: form }));
  await lure.goto('http://evil.example/lure');
  await lure.getByRole('button', { name: 'Win' }).click();
  await lure.getByRole('alert').waitFor();
  await page.goto(`${site.url}/user`);
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
});

interface Measured {
  readonly scroll: number;
  readonly unnamed: number;
  readonly contrast: number;
}

/** Runs in the page: how far it can be scrolled sideways, fields without a name, the weakest contrast of a text. */
const MEASURE = `(() => {
  const light = (text) => {
    const [r = 0, g = 0, b = 0] = (text.match(/[\\d.]+/g) ?? [])
      .slice(0, 3)
      .map((part) => (part <= 10.31475 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const color = element === null ? 'rgb(255, 255, 255)' : getComputedStyle(element).backgroundColor;
    return color.endsWith(', 0)') ? ground(element.parentElement) : color;
  };
  const fields = [...document.querySelectorAll('input:not([type="hidden"]), button')];
  const texts = [...document.querySelectorAll('h1, p, label, a, button')];
  return {
    scroll: document.documentElement.scrollWidth - window.innerWidth,
    unnamed: fields.filter((one) => one.labels.length === 0 && one.textContent.trim() === '').length,
    contrast: Math.min(
      ...texts.map((one) => {
        const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      }),
    ),
  };
})()`;

test.each([
  ['light', 1280],
  ['dark', 360],
] as const)(
  'in %s, %i wide, every page is readable: nothing is cut off, everything has a name',
  async (colorScheme, width) => {
    const url = await invitationUrl();
    const looks = await chrome.newContext({ colorScheme, viewport: { width, height: 800 } });
    const look = await looks.newPage();
    const seen: string[] = [];
    look.on('console', (message) => seen.push(message.text()));
    const { cookies } = await signedUp(site, `${'long-name-'.repeat(6)}@new.example`);
    const pages = ['/user/login', '/user/signup', '/user/password-reset', url.slice(site.url.length)];
    for (const path of [...pages, '/user', '/user/verify', '/user/logout', url.slice(site.url.length)]) {
      if (path === '/user') {
        await looks.addCookies([...cookies].map(([name, value]) => ({ name, value, url: site.url })));
      }
      await look.goto(site.url + path);
      const { scroll, unnamed, contrast } = await look.evaluate<Measured>(MEASURE);
      expect([path, scroll <= 0, unnamed, contrast >= 4.5]).toEqual([path, true, 0, true]);
    }
    // The browser itself says that a link without a token is a 400.
    expect(seen).toEqual([expect.stringContaining('400')]);
    await looks.close();
  },
);

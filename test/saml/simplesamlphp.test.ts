// A whole sign-in and both logouts in a real Chromium at a real SimpleSAMLphp, which stands on another site than we do.
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { SamlServer, acmeSaml } from '../support/saml-server.ts';
import { SimpleSamlPhp } from '../support/simplesamlphp.ts';

let provider: SimpleSamlPhp;
let server: SamlServer;
let chrome: Browser;
let page: Page;

beforeAll(async () => {
  provider = await SimpleSamlPhp.start();
  const idpMetadata = { url: provider.metadataUrl };
  server = await SamlServer.start({ settings: { 'acme-saml': { idpMetadata, signed: 'both' } }, host: 'localhost' });
  chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const xml = await (await fetch(`${server.url}/saml/acme-saml/metadata`)).text();
  const [signing = '', encryption = ''] = [...xml.matchAll(/X509Certificate>([^<]+)</g)].map(([, key]) => key ?? '');
  const { acsUrl, audience } = server.addresses('acme-saml');
  const logoutUrl = acsUrl.replace(/acs$/, 'logout');
  await provider.trust({ entityId: audience, acsUrl, logoutUrl, signing, encryption });
});
afterAll(async () => {
  await chrome.close();
  await server.stop();
  await provider.stop();
});
beforeEach(async () => {
  const context = await chrome.newContext();
  page = await context.newPage();
});

async function signIn(): Promise<void> {
  await page.goto(`${server.url}/saml/acme-saml/login?return_to=/pages/asked-for`);
  await page.fill('input[name=username]', 'anna');
  await page.fill('input[name=password]', 'secret');
  await page.click('button[type=submit], input[type=submit]');
  await page.waitForURL(/\/pages\/asked-for/);
}

test('the page asked for, by a signed request and an encrypted, twice signed assertion; and out again at the provider', async () => {
  await signIn();
  expect(await page.textContent('body')).toMatch(/in acme$/);
  const account = await server.store.sync.db('accounts').where({ email_key: 'anna@acme.example' }).first();
  expect(await server.store.sync.db('memberships').where({ account: account.id }).first()).toMatchObject({
    role: 'reviewer',
    status: 'active',
  });
  const [attempt] = await loadAttempts(server.store.sync.db, acmeSaml, 1);
  expect(attempt?.outcome).toBe('accepted');
  // She leaves here: the provider ends its session too, and asks for the password anew.
  await page.goto(`${server.url}/saml/acme-saml/logout`);
  await page.waitForURL(`${server.url}/`);
  expect(await page.textContent('body')).toMatch(/nobody$/);
  await page.goto(`${server.url}/saml/acme-saml/login`);
  expect(await page.isVisible('input[name=password]')).toBe(true);
});

test('she leaves at the provider, and is out here', async () => {
  await signIn();
  await page.goto(
    `${provider.url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(`${provider.url}/`)}`,
  );
  await page.waitForLoadState('networkidle');
  await page.goto(`${server.url}/pages/asked-for`);
  expect(await page.textContent('body')).toMatch(/nobody$/);
});

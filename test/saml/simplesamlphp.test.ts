// A whole sign-in and both logouts in a real Chromium at a real SimpleSAMLphp, which stands on another site than the real
// `serve` that it signs people in to.
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { acmeSaml } from '../support/saml-server.ts';
import { SamlServed } from '../support/saml-served.ts';
import { SimpleSamlPhp } from '../support/simplesamlphp.ts';

let provider: SimpleSamlPhp;
let server: SamlServed;
let chrome: Browser;
let page: Page;

beforeAll(async () => {
  provider = await SimpleSamlPhp.start();
  const idpMetadata = { url: provider.metadataUrl };
  server = await SamlServed.start({
    acme: { idpMetadata, signed: 'both' },
    beta: { idpMetadata },
    // Another site than the provider's 127.0.0.1: its posts are cross-site ones.
    host: 'localhost',
  });
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

/** At the provider, and on to the page that was asked for. */
async function givePassword(): Promise<void> {
  await page.fill('input[name=username]', 'anna');
  await page.fill('input[name=password]', 'secret');
  await page.click('button[type=submit], input[type=submit]');
  await page.waitForURL(`${server.url}/user?tab=2`);
}

test('the page asked for, through her address to a provider and back; and out again on both sides', async () => {
  await page.goto(`${server.url}/user?tab=2`);
  await page.getByLabel('E-mail').fill('anna@acme.example');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await givePassword();
  await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor();
  expect(await page.getByRole('region', { name: 'Organizations' }).textContent()).toMatch(/acme Inc.*Reviewer/s);
  // By a signed request and an encrypted, twice signed assertion.
  const [attempt] = await loadAttempts(server.db, acmeSaml, 1);
  expect(attempt).toMatchObject({ outcome: 'accepted', email: 'anna@acme.example' });

  // She leaves here: the provider ends its session too, and asks for the password anew.
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(page.url()).toBe(`${server.url}/user/login?return_to=%2F`);
  // The way is remembered, and so is the page that she asks for now.
  await page.goto(`${server.url}/user?tab=2`);
  await page.getByRole('link', { name: 'Sign in through your organization' }).click();
  expect(await page.isVisible('input[name=password]')).toBe(true);
  await givePassword();
});

test('she leaves at the provider, and is out here', async () => {
  await page.goto(`${server.url}/saml/acme-saml/login?return_to=/user?tab=2`);
  await givePassword();
  await page.goto(
    `${provider.url}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(`${provider.url}/`)}`,
  );
  await page.waitForLoadState('networkidle');
  await page.goto(`${server.url}/user`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

// A directory sign-in in a real Chromium, from the page that was asked for and back to it.
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { connectionTo, DIRECTORY_PASSWORD, openCorpSite, startCorp } from './corp.ts';

test('a person signs in with their user name, after a typing error, and is in the organization of their group', async () => {
  const slapd = await startCorp();
  const site = await openCorpSite(connectionTo(slapd.url));
  const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await (await chrome.newContext({ javaScriptEnabled: false })).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));

  await page.goto(`${site.url}/user?tab=2`);
  await page.getByLabel('E-mail or user name').fill('jürgen');
  await page.getByLabel('Password').fill('größer als 9');
  await page.getByRole('button', { name: 'Sign in' }).click();
  expect(await page.getByRole('alert').textContent()).toContain('do not belong together');
  expect(await page.getByLabel('E-mail or user name').inputValue()).toBe('jürgen');
  // The browser itself says that the first answer was a 401.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);

  await page.getByLabel('Password').fill('größer als 8');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Hello, jürgen' }).waitFor();
  expect(page.url()).toBe(`${site.url}/user?tab=2`);
  const organizations = page.getByRole('region', { name: 'Organizations' });
  expect(await organizations.textContent()).toMatch(/Acme Inc.*Annotator/s);

  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await slapd.stop();
  await page.getByLabel('E-mail or user name').fill('leo');
  await page.getByLabel('Password').fill(DIRECTORY_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  expect(await page.getByRole('alert').textContent()).toContain('Your directory does not answer');
  expect(complaints).toEqual([expect.stringContaining('503')]);
  expect(site.logged).toHaveLength(1);

  await chrome.close();
  await site.close();
});

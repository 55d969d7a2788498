import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Site } from './site.ts';
import { openSite, signedUp, signIn } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

test('a person who signs up owns a new organization, called by their address, and is signed in at once', async () => {
  const browser = await signedUp(site, 'Anna@Acme.example');
  const me = await browser.get('/api/current-user/whoami');
  expect(me.json()).toMatchObject({ email: 'Anna@Acme.example', org_membership: [{ role: 'OW', active: true }] });
  expect((await browser.submit('/user/logout', {})).status).toBe(303);
  expect((await browser.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'anna@acme.EXAMPLE')).status).toBe(303);
  expect(site.logged).toEqual([]);
});

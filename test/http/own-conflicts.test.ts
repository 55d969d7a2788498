// A link conflict settled by the account's holder: who may, and everybody who must not.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { COMPANY, enterByMail, mailedPath, rolesOf, scimSays } from './company.ts';
import type { Browser, Site } from './site.ts';
import { openSite, signedUp } from './site.ts';

const ZED = 'zed@elsewhere.example';

let site: Site;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
});
afterEach(async () => {
  expect((await recompute(site.sync, () => undefined)).differences).toEqual([]);
  expect(site.logged).toEqual([]);
  await site.close();
});

async function conflictIds(): Promise<string[]> {
  return (await loadConflicts(site.sync.db)).map(({ id }) => id);
}

async function listed(browser: Browser): Promise<Record<string, unknown>[]> {
  return JSON.parse((await browser.get('/api/current-user/conflicts')).text) as Record<string, unknown>[];
}

async function proven(email: string): Promise<Browser> {
  const browser = await signedUp(site, email);
  expect((await browser.get(mailedPath(site, email))).status).toBe(200);
  return browser;
}

test('whom a directory lists under another domain’s address says that it is them, and has what it gives', async () => {
  await scimSays(site, { [ZED]: 'active' });
  const zed = await proven(ZED);
  const [id = ''] = await conflictIds();
  expect(await listed(zed)).toMatchObject([{ id, organization: 'Acme Inc', email: ZED, needs_proof: false }]);
  expect((await zed.get('/user')).text).toContain('Is this you?');
  expect((await zed.submit('/user', { conflict: id }, '/user/conflicts/link')).status).toBe(303);
  expect(await rolesOf(zed)).toMatchObject({ acme: 'AN' });
  expect((await zed.get('/user')).text).not.toContain('Is this you?');
  expect(await conflictIds()).toEqual([]);
  // What the directory takes back is gone for this account too.
  await scimSays(site, { [ZED]: 'inactive' });
  expect(await rolesOf(zed)).toMatchObject({ acme: 'DI' });
});

test('whoever only claims the address, or is somebody else, sees and settles nothing', async () => {
  await scimSays(site, { [ZED]: 'active' });
  const [id = ''] = await conflictIds();
  const squatter = await signedUp(site, ZED);
  const eve = await proven('eve@elsewhere.example');
  for (const browser of [squatter, eve]) {
    expect(await listed(browser)).toEqual([]);
    expect((await browser.call('POST', `/api/current-user/conflicts/${id}/link`)).status).toBe(404);
    expect((await browser.submit('/user', { conflict: id }, '/user/conflicts/link')).status).toBe(404);
  }
  expect((await site.browser().call('POST', `/api/current-user/conflicts/${id}/link`)).status).toBe(401);
  expect(await conflictIds()).toEqual([id]);
});

test('whoever had an address before does not step into the shoes of who has it now', async () => {
  await scimSays(site, { 'leo@acme.example': 'active', 'other@acme.example': 'active' });
  const leo = await enterByMail(site, 'leo@acme.example');
  // The address comes back with a new id: another person, who works there now.
  const { sync } = site;
  await sync.db('external_people').where({ external_id: 'leo@acme.example' }).update({ external_id: 'the-old-leo' });
  await scimSays(site, { 'leo@acme.example': 'active' });
  const [id = ''] = await conflictIds();
  expect(await listed(leo)).toMatchObject([{ id, needs_proof: true }]);
  const refused = await leo.call('POST', `/api/current-user/conflicts/${id}/link`);
  expect([refused.status, refused.text.includes('choose a new password by mail')]).toEqual([409, true]);
  expect((await leo.get('/user')).text).toContain('Show first that the address is still yours');
  // Who reads the mail now is who the address belongs to.
  site.wait(1_000);
  const reader = await enterByMail(site, 'leo@acme.example');
  expect(await listed(reader)).toMatchObject([{ id, needs_proof: false }]);
  expect((await reader.call('POST', `/api/current-user/conflicts/${id}/link`)).status).toBe(204);
  expect((await reader.call('POST', `/api/current-user/conflicts/${id}/link`)).status).toBe(404);
});

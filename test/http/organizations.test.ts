// Leaving, closing, deleting, operators, and single sign-on that is required.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recompute } from '../../src/sync/recompute.ts';
import { listEvents } from '../../src/store/account-events.ts';
import { acme, beta, COMPANY, enterByMail, mailedPath, rolesOf, scimSays } from './company.ts';
import type { Browser, Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
let olga: Browser;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY, operators: ['ops@vendor.example'] });
  olga = await enterByMail(site, 'olga@acme.example');
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function member(email: string): Promise<Browser> {
  const { token } = (await olga.get('/api/invite')).json() as { token: string };
  return signedUp(site, email, `/user/signup?token=${token}`);
}

test('whoever leaves has no membership, no token and no open door; the history knows it', async () => {
  const anna = await member('anna@new.example');
  const { refresh } = (await anna.call('POST', '/api/token')).json() as { refresh: string };
  expect((await anna.call('POST', `/api/organizations/${acme}/leave`)).status).toBe(204);
  expect((await anna.call('POST', '/api/token/refresh', { refresh })).status).toBe(401);
  expect(await rolesOf((await signInAs('anna@new.example')).browser)).toEqual({});
  const rows = await site.sync.db('changes').where({ email: 'anna@new.example', state: 'applied' });
  expect(rows).toHaveLength(2);
  expect(await differences()).toEqual([]);
});

async function signInAs(email: string): Promise<{ browser: Browser }> {
  const browser = site.browser();
  expect((await signIn(site, email, PASSWORD, browser)).status).toBe(303);
  return { browser };
}

async function differences(): Promise<unknown> {
  return (await recompute(site.sync, () => undefined)).differences;
}

test('the Owner does not leave, and whom a directory holds is removed there', async () => {
  const owner = await olga.call('POST', `/api/organizations/${acme}/leave`);
  expect([owner.status, owner.text.includes('hand the ownership over')]).toEqual([409, true]);
  await scimSays(site, { 'leo@acme.example': 'active' });
  const leo = await enterByMail(site, 'leo@acme.example');
  const held = await leo.call('POST', `/api/organizations/${acme}/leave`);
  expect([held.status, held.text.includes('acme-scim')]).toEqual([409, true]);
  expect((await leo.call('POST', `/api/organizations/${beta}/leave`)).status).toBe(404);
});

test('a closed organization is gone for everybody; its Owner has thirty days to open it again as it was', async () => {
  const anna = await signedUp(site, 'anna@new.example');
  const [own = ''] = Object.keys(await rolesOf(anna));
  expect((await anna.call('POST', `/api/organizations/${own}/close`, { title: 'wrong' })).status).toBe(400);
  expect((await anna.call('POST', `/api/organizations/${own}/close`, { title: 'anna@new.example' })).status).toBe(204);
  expect(await rolesOf(anna)).toEqual({});
  expect((await olga.call('POST', `/api/organizations/${own}/reopen`)).status).toBe(404);
  expect((await anna.call('POST', `/api/organizations/${own}/reopen`)).status).toBe(204);
  expect(await rolesOf(anna)).toEqual({ [own]: 'OW' });
  await anna.call('POST', `/api/organizations/${own}/close`, { title: 'anna@new.example' });
  site.wait(31 * 86_400_000);
  await signIn(site, 'anna@new.example', PASSWORD, anna);
  expect((await anna.call('POST', `/api/organizations/${own}/reopen`)).status).toBe(404);
  const declared = await olgaAgain();
  expect((await declared.call('POST', `/api/organizations/${acme}/close`, { title: 'Acme Inc' })).status).toBe(409);
  expect(await differences()).toEqual([]);
});

async function olgaAgain(): Promise<Browser> {
  return (await signInAs('olga@acme.example')).browser;
}

test('a deleted account is gone with its address; the history keeps an opaque id', async () => {
  const anna = await member('anna@new.example');
  expect((await anna.call('DELETE', '/api/current-user', { email: 'wrong@new.example' })).status).toBe(400);
  expect((await anna.call('DELETE', '/api/current-user', { email: 'Anna@new.example' })).status).toBe(204);
  expect((await anna.get('/api/current-user/whoami')).status).toBe(401);
  expect((await signIn(site, 'anna@new.example')).status).toBe(401);
  for (const table of ['accounts', 'changes', 'invitations', 'external_people', 'account_events', 'sessions']) {
    expect([table, JSON.stringify(await site.sync.db(table)).includes('anna@new.example')]).toEqual([table, false]);
  }
  expect(await differences()).toEqual([]);
  await signedUp(site, 'anna@new.example');
});

test('whoever signs up under somebody’s address and deletes that account takes no invitation with it', async () => {
  const invited = { emails: ['zoe@new.example'], role: 'AD' };
  expect((await olga.call('POST', '/api/invite/send-email', invited)).status).toBe(200);
  const link = mailedPath(site, 'zoe@new.example');
  // By the invitation link of an organization of their own, so that they own nothing that would keep them.
  const eve = await signedUp(site, 'eve@evil.example');
  const { token } = (await eve.get('/api/invite')).json() as { token: string };
  const squatter = await signedUp(site, 'zoe@new.example', `/user/signup?token=${token}`);
  expect((await squatter.call('DELETE', '/api/current-user', { email: 'zoe@new.example' })).status).toBe(204);
  expect(await rolesOf(await signedUp(site, 'zoe@new.example', link))).toEqual({ acme: 'AD' });
});

test('nobody deletes their account while they own an organization or a directory holds them', async () => {
  expect((await olga.call('DELETE', '/api/current-user', { email: 'olga@acme.example' })).status).toBe(409);
  await scimSays(site, { 'leo@acme.example': 'active' });
  const leo = await enterByMail(site, 'leo@acme.example');
  expect((await leo.call('DELETE', '/api/current-user', { email: 'leo@acme.example' })).status).toBe(409);
});

test('an operator sees every organization and is a member of none; who only claims the address sees nothing', async () => {
  const claims = await signedUp(site, 'ops@vendor.example');
  expect((await claims.get('/api/operator/organizations')).status).toBe(404);
  expect((await claims.get(`/api/organizations/${acme}`)).status).toBe(404);
  const ops = await enterByMail(site, 'ops@vendor.example');
  const all = JSON.parse((await ops.get('/api/operator/organizations')).text) as { id: string }[];
  expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([acme, beta]));
  expect((await ops.get(`/api/organizations/${acme}`)).status).toBe(200);
  expect((await ops.get('/api/organizations/%00')).status).toBe(404);
  expect((await ops.call('POST', '/api/organizations/%00/reopen')).status).toBe(404);
  expect(await rolesOf(ops)).not.toHaveProperty(acme);
  expect((await olga.get('/api/operator/organizations')).status).toBe(404);
});

test('an organization that requires single sign-on is shut to passwords at once, its Owner noted past it', async () => {
  const anna = await member('anna@new.example');
  expect((await anna.call('POST', `/api/organizations/${acme}/sign-in`, { require_sso: true })).status).toBe(403);
  expect((await olga.call('POST', `/api/organizations/${acme}/sign-in`, { require_sso: true })).status).toBe(200);
  expect(await rolesOf(anna)).toEqual({});
  expect((await anna.get(`/api/organizations/${acme}`)).status).toBe(404);
  expect((await anna.get('/user')).text).toContain('Sign in to Acme Inc');
  const owner = await olgaAgain();
  expect(await rolesOf(owner)).toEqual({ acme: 'OW' });
  const events = await listEvents(site.sync.db, { organization: acme }, 10);
  expect(events.map(({ kind }) => kind)).toContain('sso_bypassed');
  await olga.call('POST', `/api/organizations/${acme}/sign-in`, { require_sso: false });
  expect(await rolesOf(anna)).toEqual({ acme: 'AN' });
});

test('single sign-on is not required where nobody could sign in by it', async () => {
  const bert = await enterByMail(site, 'bert@beta.example');
  expect((await bert.call('POST', `/api/organizations/${beta}/sign-in`, { require_sso: true })).status).toBe(409);
});

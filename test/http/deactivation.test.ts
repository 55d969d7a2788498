// What ends when somebody is deactivated, in the transaction that does it: the next request is refused.
import { afterEach, beforeEach, expect, test } from 'vitest';
import express from 'express';
import { signOnSessions } from '../../src/http/sign-on.ts';
import { issueToken } from '../../src/organization/api-tokens.ts';
import { decide } from '../../src/organization/decide-conflict.ts';
import { findAccount } from '../../src/store/accounts.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { loadDossiers } from '../../src/store/dossiers.ts';
import { acme, beta, COMPANY, enterByMail, rolesOf, saml, scimSays } from './company.ts';
import type { Browser, Site } from './site.ts';
import { hiddenFields, openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
let leo: Browser;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY, operators: ['ops@acme.example'] });
  await scimSays(site, { 'leo@acme.example': 'active', 'other@acme.example': 'active' });
  leo = await enterByMail(site, 'leo@acme.example');
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

/** Signs the person in through Acme's own identity provider, as its door does once it has verified them. */
async function through(email: string, browser = site.browser()): Promise<Browser> {
  const account = await findAccount(site.sync.db, email);
  if (account === null) throw new Error(`${email} has no account`);
  const sessions = signOnSessions(site.context);
  const answered = express();
  const path = `/acs/${email}`;
  answered.post(path, async (request, response) => {
    await sessions.open(request, response, { account: account.id, connection: saml });
    response.redirect(303, '/user');
  });
  site.mount(answered);
  // The provider's page posts the answer: what was SameSite=Lax does not come along.
  const kept = new Map(browser.cookies);
  browser.cookies.clear();
  expect((await browser.post(path, {})).status).toBe(303);
  for (const [name, value] of kept) browser.cookies.set(name, value);
  return browser;
}

async function joinBeta(browser: Browser): Promise<void> {
  const bert = await enterByMail(site, 'bert@beta.example');
  const { token } = (await bert.get('/api/invite')).json() as { token: string };
  expect((await browser.submit(`/user/signup?token=${token}`, {}, '/user/signup')).status).toBe(303);
}

test('a SCIM deactivation during a running session: the next request is refused, and so is the sign-in', async () => {
  expect((await leo.get('/api/current-user/whoami')).status).toBe(200);
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  expect((await leo.get('/api/current-user/whoami')).status).toBe(401);
  expect((await leo.get('/user')).headers.location).toBe('/user/login?return_to=%2Fuser');
  const again = await signIn(site, 'leo@acme.example');
  expect([again.status, again.text.includes('Acme Inc has ended')]).toEqual([403, true]);
  const wrong = await signIn(site, 'leo@acme.example', 'not the password');
  expect([wrong.status, wrong.text.includes('Acme')]).toEqual([401, false]);
});

test('each kind of token is dead with the membership, and stays so when the person comes back', async () => {
  const olga = await enterByMail(site, 'olga@acme.example');
  await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true });
  const { refresh } = (await leo.call('POST', '/api/token')).json() as { refresh: string };
  const program = site.browser();
  const { access } = (await program.call('POST', '/api/token/refresh', { refresh })).json() as { access: string };
  const wish = { email: 'leo@acme.example', organization: acme, kind: 'legacy' } as const;
  const legacy = { authorization: `Token ${(await issueToken(site.context, wish)).secret}` };
  const bearer = { authorization: `Bearer ${access}` };
  for (const headers of [bearer, legacy]) expect((await program.get('/api/token', headers)).status).toBe(200);
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  for (const headers of [bearer, legacy]) expect((await program.get('/api/token', headers)).status).toBe(401);
  expect((await program.call('POST', '/api/token/refresh', { refresh })).status).toBe(401);
  expect((await program.call('POST', '/api/token/rotate', { refresh })).status).toBe(400);
  await scimSays(site, { 'leo@acme.example': 'active' });
  for (const headers of [bearer, legacy]) expect((await program.get('/api/token', headers)).status).toBe(401);
  expect((await program.call('POST', '/api/token/refresh', { refresh })).status).toBe(401);
});

test('whoever is removed from the organization they work in is switched to another of theirs', async () => {
  await joinBeta(leo);
  await leo.call('PATCH', '/api/current-user', { active_organization: acme });
  expect((await leo.get('/api/current-user/whoami')).json()).toMatchObject({ active_organization: acme });
  await scimSays(site, { 'leo@acme.example': 'gone' });
  expect((await leo.get('/api/current-user/whoami')).json()).toMatchObject({ active_organization: beta });
  expect(await rolesOf(leo)).toEqual({ acme: 'DI', beta: 'AN' });
  expect((await leo.get(`/api/organizations/${acme}`)).status).toBe(404);
  expect((await leo.call('PATCH', '/api/current-user', { active_organization: acme })).status).toBe(404);
});

test('a session through the organization’s own connection ends with the membership there, a password’s lives on', async () => {
  await joinBeta(leo);
  const sso = await through('leo@acme.example');
  expect((await sso.get('/api/current-user/whoami')).status).toBe(200);
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  expect((await sso.get('/api/current-user/whoami')).status).toBe(401);
  expect((await leo.get('/api/current-user/whoami')).status).toBe(200);
});

test('one tenant’s identity provider opens nothing of another tenant: not read, not listed, not switched to', async () => {
  await joinBeta(leo);
  const sso = await through('leo@acme.example');
  expect(await rolesOf(sso)).toEqual({ acme: 'AN' });
  expect((await sso.get(`/api/organizations/${beta}`)).status).toBe(404);
  expect(JSON.parse((await sso.get('/api/organizations')).text)).toHaveLength(1);
  expect((await sso.call('PATCH', '/api/current-user', { active_organization: beta })).status).toBe(404);
  // Nor does it move where their own browsers work.
  expect((await leo.call('PATCH', '/api/current-user', { active_organization: beta })).status).toBe(200);
  expect((await sso.call('PATCH', '/api/current-user', { active_organization: acme })).status).toBe(200);
  expect((await leo.get('/api/current-user/whoami')).json()).toMatchObject({ active_organization: beta });
  // Where else they belong is not told either: Acme's provider could have opened this session.
  const page = (await sso.get('/user')).text;
  expect([page.includes('Beta Ltd'), page.includes('Sign in to another organization')]).toEqual([false, true]);
  // A further sign-in in the same browser adds what it opens.
  expect((await signIn(site, 'leo@acme.example', PASSWORD, sso)).status).toBe(303);
  expect(await rolesOf(sso)).toEqual({ acme: 'AN', beta: 'AN' });
});

test('whoever runs an organization’s identity provider touches nobody’s account: not its sessions, its name or its life', async () => {
  await joinBeta(leo);
  const sso = await through('leo@acme.example');
  const sessions = JSON.parse((await sso.get('/api/current-user/sessions')).text) as { current: boolean }[];
  expect(sessions.map(({ current }) => current)).toEqual([true]);
  const all = JSON.parse((await leo.get('/api/current-user/sessions')).text) as { id: string; current: boolean }[];
  const mine = all.find(({ current }) => current)?.id ?? '';
  expect((await sso.call('DELETE', `/api/current-user/sessions/${mine}`)).status).toBe(404);
  await sso.submit('/user', {}, '/user/sessions/end-others');
  expect((await leo.get('/api/current-user/whoami')).status).toBe(200);
  expect((await sso.call('PATCH', '/api/current-user', { first_name: 'Eve' })).status).toBe(403);
  expect((await sso.call('DELETE', '/api/current-user', { email: 'leo@acme.example' })).status).toBe(403);
});

test('an identity provider opens no organization again that its Owner closed elsewhere', async () => {
  const founder = await signedUp(site, 'mia@acme.example');
  const [own = ''] = Object.keys(await rolesOf(founder));
  await scimSays(site, { 'mia@acme.example': 'active' });
  const mia = await enterByMail(site, 'mia@acme.example');
  expect((await mia.call('POST', `/api/organizations/${own}/close`, { title: 'mia@acme.example' })).status).toBe(204);
  const sso = await through('mia@acme.example');
  expect((await sso.call('POST', `/api/organizations/${own}/reopen`)).status).toBe(404);
  expect(await rolesOf(mia)).not.toHaveProperty(own);
  expect((await mia.call('POST', `/api/organizations/${own}/reopen`)).status).toBe(204);
});

test('an identity provider makes nobody an operator, nor a member of another organization', async () => {
  const bert = await enterByMail(site, 'bert@beta.example');
  const { token } = (await bert.get('/api/invite')).json() as { token: string };
  const sso = await through('leo@acme.example');
  const page = await sso.get(`/user/signup?token=${token}`);
  expect(page.text).not.toContain('will join');
  expect((await sso.post('/user/signup', { ...hiddenFields(page.text), email: '' })).status).toBe(403);
  await scimSays(site, { 'ops@acme.example': 'active' });
  const ops = await through('ops@acme.example');
  expect((await ops.get('/api/current-user/whoami')).json()).toMatchObject({ email_verified: true, operator: false });
  expect((await ops.get('/api/operator/organizations')).status).toBe(404);
  const whole = await enterByMail(site, 'ops@acme.example');
  expect((await whole.get('/api/operator/organizations')).status).toBe(200);
});

test('single sign-on in a browser that has a session adds to it, and both cookies become one', async () => {
  await joinBeta(leo);
  await site.sync.db('sign_in_rules').insert({ organization: acme, require_sso: 1 });
  expect(await rolesOf(leo)).toEqual({ beta: 'AN' });
  await through('leo@acme.example', leo);
  expect(await rolesOf(leo)).toEqual({ acme: 'AN', beta: 'AN' });
  expect([...leo.cookies.keys()]).toEqual(['rollcall-session']);
  expect(
    await site.sync.db('sessions').where({ account: (await findAccount(site.sync.db, 'leo@acme.example'))?.id }),
  ).toHaveLength(1);
});

test('somebody else who signs in at the same browser gets nothing of the one before', async () => {
  await scimSays(site, { 'mia@acme.example': 'active' });
  const mia = await enterByMail(site, 'mia@acme.example');
  await joinBeta(mia);
  // Leo's password opens all that is Leo's; Mia came through Acme's provider, which opens Acme alone.
  await through('mia@acme.example', leo);
  expect(await rolesOf(leo)).toEqual({ acme: 'AN' });
  const again = await enterByMail(site, 'leo@acme.example');
  await signIn(site, 'mia@acme.example', PASSWORD, again);
  await through('leo@acme.example', again);
  expect((await again.get('/api/current-user/whoami')).json()).toMatchObject({ email: 'leo@acme.example' });
});

test('single sign-on proves an address only where the connection may speak for it', async () => {
  await scimSays(site, { 'mia@acme.example': 'active' });
  expect((await (await through('mia@acme.example')).get('/api/current-user/whoami')).json()).toMatchObject({
    email_verified: true,
  });
  const zed = 'zed@elsewhere.example';
  await signedUp(site, zed);
  await scimSays(site, { [zed]: 'active' });
  const conflict = (await loadConflicts(site.sync.db)).find(({ email }) => email === zed);
  await decide(site.sync, conflict?.id ?? '', 'linked');
  const claims = await through(zed);
  expect((await claims.get('/api/current-user/whoami')).json()).toMatchObject({ email: zed, email_verified: false });
});

test('the provider signs nobody in whom the organization has let go', async () => {
  await joinBeta(leo);
  await scimSays(site, { 'leo@acme.example': 'inactive' });
  await expect(through('leo@acme.example')).rejects.toThrow('expected 500 to be 303');
  site.logged.splice(0);
});

test('deactivation and what it ends are one: where the transaction fails, the session is still there', async () => {
  const { db } = site.sync;
  const account = (await findAccount(db, 'leo@acme.example'))!;
  await db.raw(`CREATE TRIGGER fails BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'no space left'); END`);
  await expect(scimSays(site, { 'leo@acme.example': 'inactive' })).rejects.toThrow('no space left');
  const [dossier] = await loadDossiers(db, [account.id]);
  expect(dossier?.memberships).toMatchObject([{ status: 'active' }]);
  await db.raw('DROP TRIGGER fails');
  expect((await leo.get('/api/current-user/whoami')).status).toBe(200);
});

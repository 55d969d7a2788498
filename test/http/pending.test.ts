// Whoever belongs to an organization and has no role in it yet: they see where they wait, and may leave; nothing else.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acme, beta, COMPANY, enterByMail, mailedPath, rolesOf } from './company.ts';
import type { Browser, Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

const WAITS = 'you have no role in Acme Inc yet';

let site: Site;
let olga: Browser;
let anna: Browser;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
  olga = await enterByMail(site, 'olga@acme.example');
  await olga.call('POST', '/api/invite/send-email', { emails: ['anna@new.example'], role: 'NO' });
  anna = await signedUp(site, 'anna@new.example', mailedPath(site, 'anna@new.example'));
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function refusal(method: string, path: string, body?: unknown): Promise<readonly [number, boolean]> {
  const { status, text } = await anna.call(method, path, body);
  return [status, text.includes(WAITS)];
}

test('whoever waits for a role sees the organization they wait in, and that they wait', async () => {
  expect(JSON.parse((await anna.get('/api/organizations')).text)).toMatchObject([
    { id: acme, title: 'Acme Inc', role: 'NO', status: 'pending', active: false },
  ]);
  expect(await rolesOf(anna)).toEqual({ acme: 'NO' });
  expect((await anna.get('/user')).text).toMatch(/Waiting.*An Administrator has to give you a role/s);
});

test('whoever waits for a role is told so and gets nothing, and of another organization learns nothing', async () => {
  expect(await refusal('GET', `/api/organizations/${acme}`)).toEqual([403, true]);
  expect(await refusal('PATCH', '/api/current-user', { active_organization: acme })).toEqual([403, true]);
  expect(await refusal('POST', '/api/token')).toEqual([403, true]);
  expect(await refusal('GET', '/api/invite')).toEqual([403, true]);
  expect(await refusal('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true })).toEqual([403, true]);
  expect(await refusal('GET', `/api/organizations/${beta}`)).toEqual([404, false]);
  expect((await anna.get('/api/current-user/whoami')).json()).toMatchObject({ active_organization: null });
});

test('whoever waits for a role may leave, and is then as if they had never been there', async () => {
  expect((await anna.call('POST', `/api/organizations/${acme}/leave`)).status).toBe(204);
  // Nothing was left that the session could open.
  expect((await signIn(site, 'anna@new.example', PASSWORD, anna)).status).toBe(303);
  expect(JSON.parse((await anna.get('/api/organizations')).text)).toEqual([]);
  expect(await refusal('GET', `/api/organizations/${acme}`)).toEqual([404, false]);
});

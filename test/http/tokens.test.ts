// Tokens of programs, and the refusals that say which header or call is right.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { issueToken } from '../../src/organization/api-tokens.ts';
import { acme, beta, COMPANY, enterByMail, rolesOf } from './company.ts';
import type { Browser, Site } from './site.ts';
import { openSite } from './site.ts';

let site: Site;
let olga: Browser;
let program: Browser;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
  olga = await enterByMail(site, 'olga@acme.example');
  program = site.browser();
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function made(): Promise<string> {
  const answer = await olga.call('POST', '/api/token/');
  expect(answer.status).toBe(201);
  return String(answer.json()['refresh']);
}

async function accessOf(refresh: string): Promise<string> {
  return String((await program.call('POST', '/api/token/refresh', { refresh })).json()['access']);
}

async function legacy(): Promise<string> {
  const wish = { email: 'olga@acme.example', organization: acme, kind: 'legacy' } as const;
  return (await issueToken(site.context, wish)).secret;
}

async function whoami(authorization: string): Promise<{ status: number; words: string }> {
  const { status, text } = await program.get('/api/current-user/whoami', { authorization });
  return { status, words: text };
}

test('a legacy token is refused while the kind is off, works once it is on, and never sees another organization', async () => {
  const token = await legacy();
  const off = await whoami(`Token ${token}`);
  expect(off.status).toBe(401);
  expect(off.words).toContain('switched off');
  const settings = await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true });
  expect(settings.json()).toEqual({
    api_tokens_enabled: true,
    legacy_api_tokens_enabled: true,
    api_token_ttl_days: 365,
  });
  expect((await whoami(`Token ${token}`)).status).toBe(200);
  const headers = { authorization: `Token ${token}` };
  expect((await program.get(`/api/organizations/${acme}`, headers)).status).toBe(200);
  expect((await program.get(`/api/organizations/${beta}`, headers)).status).toBe(404);
  await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: false });
  expect((await whoami(`Token ${token}`)).status).toBe(401);
});

test('a personal access token is exchanged for access of five minutes', async () => {
  const access = await accessOf(await made());
  expect((await whoami(`Bearer ${access}`)).status).toBe(200);
  site.wait(4 * 60_000);
  expect((await whoami(`Bearer ${access}`)).status).toBe(200);
  site.wait(61_000);
  const late = await whoami(`Bearer ${access}`);
  expect([late.status, late.words.includes('has expired')]).toEqual([401, true]);
});

test('a token in the wrong header gets a refusal that names the right header or call', async () => {
  await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true });
  const refresh = await made();
  const access = await accessOf(refresh);
  const old = await legacy();
  for (const [header, words] of [
    [`Bearer ${refresh}`, '/api/token/refresh'],
    [`Token ${refresh}`, '/api/token/refresh'],
    [`Token ${access}`, 'Authorization: Bearer <access token>'],
    [`Bearer ${old}`, 'Authorization: Token <legacy token>'],
    ['Bearer', 'Authorization: Bearer <access token>'],
    ['Basic b2xnYTpwYXNz', 'Authorization: Bearer <access token>'],
    ['Token nonsense', 'not known'],
    [`Bearer ${'x'.repeat(8000)}`, '/api/token/refresh'],
  ] as const) {
    const answer = await whoami(header);
    expect([header.slice(0, 12), answer.status, answer.words.includes(words)]).toEqual([
      header.slice(0, 12),
      401,
      true,
    ]);
  }
  const bare = await program.get('/api/current-user/whoami');
  expect([bare.status, bare.headers['www-authenticate']]).toEqual([401, 'Bearer']);
});

test('a forged JWT opens nothing: no signature, another key, another algorithm', async () => {
  const refresh = await made();
  const access = await accessOf(refresh);
  const [, payload = '', signature = ''] = access.split('.');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  for (const forged of [`${none}.${payload}.`, `${none}.${payload}.${signature}`, access.slice(0, -4).concat('AAAA')]) {
    expect((await whoami(`Bearer ${forged}`)).status).toBe(401);
  }
});

test('one valid token at a time: a second is 409, the list shows it cut off', async () => {
  const refresh = await made();
  expect((await olga.call('POST', '/api/token')).status).toBe(409);
  const list = JSON.parse((await olga.get('/api/token/')).text) as { token: string; last_used_at: string | null }[];
  expect(list).toHaveLength(1);
  expect(list[0]?.token).toBe(`…${refresh.slice(-4)}`);
  expect(list[0]?.last_used_at).toBeNull();
  await whoami(`Bearer ${await accessOf(refresh)}`);
  const [used] = JSON.parse((await olga.get('/api/token/')).text) as { last_used_at: string | null }[];
  expect(used?.last_used_at).not.toBeNull();
});

test('rotating kills the old token and its access, of twenty rotations at once one wins, and a dead one is 400', async () => {
  const refresh = await made();
  const access = await accessOf(refresh);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => program.call('POST', '/api/token/rotate', { refresh })),
  );
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
    200,
    ...Array.from({ length: 19 }, () => 400),
  ]);
  expect((await whoami(`Bearer ${access}`)).status).toBe(401);
  expect((await program.call('POST', '/api/token/refresh', { refresh })).status).toBe(401);
  const fresh = answers.find(({ status }) => status === 200)?.json()['refresh'];
  expect((await whoami(`Bearer ${await accessOf(String(fresh))}`)).status).toBe(200);
});

test('blacklisting ends a token at once; what is unknown or dead is 404', async () => {
  const refresh = await made();
  const access = await accessOf(refresh);
  expect((await program.call('POST', '/api/token/blacklist', { refresh })).status).toBe(204);
  expect((await whoami(`Bearer ${access}`)).status).toBe(401);
  for (const dead of [refresh, access, 'nonsense']) {
    expect((await program.call('POST', '/api/token/blacklist', { refresh: dead })).status).toBe(404);
  }
});

test('switching personal tokens off ends them all at once, and on again they work', async () => {
  const refresh = await made();
  const access = await accessOf(refresh);
  await olga.call('POST', '/api/jwt/settings', { api_tokens_enabled: false });
  expect((await whoami(`Bearer ${access}`)).status).toBe(401);
  expect((await program.call('POST', '/api/token/refresh', { refresh })).status).toBe(401);
  await olga.call('POST', '/api/jwt/settings', { api_tokens_enabled: true });
  expect((await whoami(`Bearer ${access}`)).status).toBe(200);
});

test('the switches are the Owner’s, and take nothing but what they are', async () => {
  const { token } = (await olga.get('/api/invite')).json() as { token: string };
  const anna = site.browser();
  await anna.submit(`/user/signup?token=${token}`, { email: 'anna@new.example', password: 'three blind mice 7' });
  expect((await anna.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true })).status).toBe(403);
  expect((await anna.get('/api/jwt/settings')).status).toBe(200);
  for (const wish of [
    { api_tokens_enabled: 'yes' },
    { api_token_ttl_days: 0 },
    { api_token_ttl_days: 1e9 },
    { api_token_ttl_days: 1.5 },
  ]) {
    expect((await olga.call('POST', '/api/jwt/settings', wish)).status).toBe(400);
  }
});

test('a token does not act on the account itself: no new token, no switching, no deletion', async () => {
  const authorization = `Bearer ${await accessOf(await made())}`;
  const json = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ email: 'olga@acme.example', active_organization: acme });
  expect((await program.send('POST', '/api/token', { headers: json, body })).status).toBe(403);
  expect((await program.send('PATCH', '/api/current-user', { headers: json, body })).status).toBe(403);
  expect((await program.send('DELETE', '/api/current-user', { headers: json, body })).status).toBe(403);
  expect(await rolesOf(olga)).toEqual({ acme: 'OW' });
});

test('the database alone gives nobody a token', async () => {
  const refresh = await made();
  const old = await legacy();
  const stored = JSON.stringify(await site.sync.db('api_tokens'));
  expect(stored).not.toContain(refresh);
  expect(stored).not.toContain(old);
});

// Somebody is deactivated over SCIM while they work: the real `serve`, a session, and each kind of token.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Browser, PASSWORD } from '../http/site.ts';
import type { CliOptions } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import { startServe } from '../support/serve.ts';
import { SECRET_KEY } from '../support/serving.ts';

const LEO = 'leo@acme.example';
const CONFIGURATION = `server: { port: 0, publicUrl: "http://rollcall.example" }
database: { url: "sqlite:./rollcall.db" }
organizations: [{ id: acme, title: Acme Inc, owner: olga@acme.example, defaultRole: annotator, domains: [acme.example] }]
connections: [{ id: acme-scim, kind: scim, organization: acme, token: { env: SCIM } }]
`;

test('a SCIM deactivation ends a running session and every token of the person with the next request', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-deactivated-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'rollcall.yaml'), CONFIGURATION, { mode: 0o600 });
  const env = { ROLLCALL_CONFIG: 'rollcall.yaml', ROLLCALL_SECRET_KEY: SECRET_KEY, SCIM: 'a-token-of-the-provider' };
  const options: CliOptions = { cwd: folder, env };
  const { url, said, log, end } = await startServe(options);
  const call = async (method: string, path: string, authorization: string, body?: unknown): Promise<Response> =>
    fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const scim = async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await call(method, `/scim/v2${path}`, `Bearer ${env.SCIM}`, body);
    expect(answer.ok, await answer.clone().text()).toBe(true);
    return (await answer.json()) as Record<string, unknown>;
  };
  const tokenOf = async (email: string, ...kind: readonly string[]): Promise<string> => {
    const { stdout } = await runCli(['token', 'api', email, '--organization', 'acme', ...kind], options);
    return stdout.trim();
  };
  const exchange = async (refresh: string): Promise<Response> => call('POST', '/api/token/refresh', '', { refresh });
  const accessOf = async (refresh: string): Promise<string> =>
    ((await (await exchange(refresh)).json()) as { access: string }).access;

  const { id } = await scim('POST', '/Users', { userName: LEO, active: true });
  const leo = new Browser(url);
  await leo.submit('/user/password-reset', { email: LEO });
  await said(new RegExp(`mail to ${LEO}: Choose a new password: \\S+`));
  const mailed = new URL(/Choose a new password: (\S+)/.exec(log())?.[1] ?? '');
  expect((await leo.submit(mailed.pathname + mailed.search, { password: PASSWORD })).status).toBe(303);
  const olga = `Bearer ${await accessOf(await tokenOf('olga@acme.example'))}`;
  expect((await call('POST', '/api/jwt/settings', olga, { legacy_api_tokens_enabled: true })).status).toBe(200);
  const refresh = await tokenOf(LEO);
  const doors = [`Bearer ${await accessOf(refresh)}`, `Token ${await tokenOf(LEO, '--legacy')}`];
  const whoami = async (): Promise<number[]> => [
    (await leo.get('/api/current-user/whoami')).status,
    ...(await Promise.all(doors.map(async (door) => (await call('GET', '/api/current-user/whoami', door)).status))),
    (await exchange(refresh)).status,
  ];
  expect(await whoami()).toEqual([200, 200, 200, 200]);

  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  const off = (active: boolean) => ({ schemas, Operations: [{ op: 'replace', value: { active } }] });
  await scim('PATCH', `/Users/${String(id)}`, off(false));
  expect(await whoami()).toEqual([401, 401, 401, 401]);
  expect((await leo.get('/user')).headers.location).toBe('/user/login?return_to=%2Fuser');
  expect((await leo.submit('/user/login', { email: LEO, password: PASSWORD })).text).toContain('can let you in again');
  // Back again, they sign in; what was ended stays ended.
  await scim('PATCH', `/Users/${String(id)}`, off(true));
  expect(await whoami()).toEqual([401, 401, 401, 401]);
  expect((await leo.submit('/user/login', { email: LEO, password: PASSWORD })).status).toBe(303);
  expect(await end()).toBe(0);
  expect(log()).not.toContain(PASSWORD);
});

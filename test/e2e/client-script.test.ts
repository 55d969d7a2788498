// The seven lines of a client's script, as docs/tokens.md prints them, against the real `serve`.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CliOptions } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import { startServe } from '../support/serve.ts';
import { SECRET_KEY } from '../support/serving.ts';

const DOCUMENT = readFileSync(new URL('../../docs/tokens.md', import.meta.url), 'utf8');
const [BEARER = '', LEGACY = ''] = [...DOCUMENT.matchAll(/```js\n(.*?)```/gs)].map(([, lines]) => lines ?? '');

const CONFIGURATION = `server: { port: 0 }
database: { url: "sqlite:./rollcall.db" }
organizations: [{ id: acme, title: Acme Inc, owner: olga@acme.example }]
`;

async function run(script: string, url: string, token: string): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, ROLLCALL_URL: url, ROLLCALL_TOKEN: token };
  const args = ['--input-type=module', '--eval', script];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (_failed, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

test('a client’s script works with either token, and is told what to do where it does not', async () => {
  expect([BEARER, LEGACY].map((script) => script.trim().split('\n').length)).toEqual([7, 7]);
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-script-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'rollcall.yaml'), CONFIGURATION, { mode: 0o600 });
  const options: CliOptions = {
    cwd: folder,
    env: { ROLLCALL_CONFIG: 'rollcall.yaml', ROLLCALL_SECRET_KEY: SECRET_KEY },
  };
  const { url, end } = await startServe(options);
  const made = async (...kind: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(
      ['token', 'api', 'olga@acme.example', '--organization', 'acme', ...kind],
      options,
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('token revoke')]);
    expect(stdout).toMatch(/^\S+\n$/);
    return stdout.trim();
  };
  const refresh = await made();
  const legacy = await made('--legacy');

  expect((await run(BEARER, url, refresh)).stdout).toBe('acme Acme Inc OW\n');
  expect((await run(LEGACY, url, legacy)).stderr).toContain('legacy tokens are switched off in this organization');
  expect((await run(LEGACY, url, refresh)).stderr).toContain('POST it as {"refresh": "…"} to /api/token/refresh');

  const headers = { 'content-type': 'application/json' };
  const exchanged = await fetch(`${url}/api/token/refresh`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ refresh }),
  });
  const { access } = (await exchanged.json()) as { access: string };
  const wish = JSON.stringify({ legacy_api_tokens_enabled: true });
  const authorization = `Bearer ${access}`;
  expect(
    (await fetch(`${url}/api/jwt/settings`, { method: 'POST', headers: { ...headers, authorization }, body: wish }))
      .status,
  ).toBe(200);

  expect((await run(LEGACY, url, legacy)).stdout).toBe('acme Acme Inc OW\n1 in all\n');
  expect(await end()).toBe(0);

  const listed = await runCli(['token', 'list', 'Olga@acme.example', '--json'], options);
  expect(listed.stdout).not.toContain(legacy);
  const { tokens } = listed.json() as { tokens: { id: string; kind: string; organization: string }[] };
  expect(tokens.map(({ kind, organization }) => `${kind} ${organization}`).sort()).toEqual([
    'legacy acme',
    'personal acme',
  ]);

  const audit = await runCli(['audit', '--organization', 'acme', '--json'], options);
  const { events } = audit.json() as { events: { kind: string; account: string }[] };
  expect(events.map(({ kind, account }) => `${account} ${kind}`)).toEqual([
    'olga@acme.example tokens_switched',
    'olga@acme.example token_made',
    'olga@acme.example token_made',
  ]);
  expect((await runCli(['audit'], options)).stdout).toMatch(
    /tokens_switched +olga@acme.example +acme +personal on, legacy on/,
  );
  expect((await runCli(['audit', '--organization', 'acmee'], options)).code).toBe(2);

  for (const { id } of tokens) expect((await runCli(['token', 'revoke', id], options)).code).toBe(0);
  expect((await runCli(['token', 'list', 'olga@acme.example'], options)).stdout).toContain('no tokens');
  expect((await runCli(['token', 'list', 'nobody@acme.example'], options)).code).toBe(2);
});

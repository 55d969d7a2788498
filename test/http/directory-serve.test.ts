// `serve` as an operator starts it: the declared directory signs people in, and `connections pause` ends that at once.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { rolesOf } from './company.ts';
import { DIRECTORY_PASSWORD, groupDn, startCorp } from './corp.ts';
import { Browser } from './site.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

test('the declared directory signs people in, until its connection is paused', async () => {
  const slapd = await startCorp();
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-serve-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'rollcall.yaml');
  await writeFile(
    file,
    JSON.stringify({
      server: { port, publicUrl: url },
      database: { url: 'sqlite:./rollcall.db' },
      organizations: [{ id: 'acme', title: 'Acme Inc', owner: 'olga@acme.example' }],
      connections: [
        {
          id: 'corp',
          kind: 'ldap',
          trustEmail: 'any',
          url: slapd.url,
          bindDn: 'cn=reader,dc=corp',
          bindPassword: { env: 'CORP_BIND' },
          users: { base: 'ou=people,dc=corp', filter: '(objectClass=inetOrgPerson)' },
          groups: { base: 'ou=groups,dc=corp', filter: '(objectClass=groupOfNames)' },
        },
      ],
      mappings: [{ connection: 'corp', group: groupDn('leads'), organization: 'acme', role: 'manager' }],
    }),
  );
  const env = { ...process.env, ROLLCALL_CONFIG: file, CORP_BIND: 'secret' };
  const child = spawn(`${ROOT}node_modules/.bin/node`, [`${ROOT}src/main.ts`, 'serve'], { env });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    await expect.poll(() => said, { timeout: 30_000 }).toContain('listening on');
    const browser = new Browser(url);
    const submit = async (one: Browser) => one.submit('/user/login', { email: 'nina', password: DIRECTORY_PASSWORD });
    expect((await submit(browser)).status).toBe(303);
    expect(await rolesOf(browser)).toEqual({ acme: 'MA' });
    expect(
      (await runCli(['connections', 'pause', 'corp'], { env: { ROLLCALL_CONFIG: file, CORP_BIND: 'secret' } })).code,
    ).toBe(0);
    expect((await submit(new Browser(url))).status).toBe(401);
    expect(said).not.toMatch(/of the directory|secret/);
  } finally {
    child.kill('SIGTERM');
    await ended;
    await slapd.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

// Tokens by command: shown once, alone; several at once; a declared one replaces the declared one before it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { declareScimTokens } from '../../src/organization/declare-scim-tokens.ts';
import { runCli } from '../support/cli.ts';
import type { CliResult } from '../support/cli.ts';
import { DATABASES } from '../support/store.ts';
import { OTHER, SCIM, openDoor } from './door.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-token-'));
  const file = `database: { url: "sqlite:${join(folder, 'r.db')}" }
organizations: [{ id: acme, owner: olga@acme.example }]
connections:
  - { id: acme-scim, kind: scim, organization: acme }
  - { id: acme-saml, kind: saml, organization: acme, idpMetadata: { url: "https://idp.example/metadata" } }
`;
  writeFileSync(join(folder, 'rollcall.yaml'), file, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rollcall = (...args: string[]): Promise<CliResult> =>
  runCli([...args, '--config', join(folder, 'rollcall.yaml')]);

test('a token stands alone on standard output, is listed without itself, and can be revoked once', async () => {
  expect(await rollcall('apply')).toMatchObject({ code: 0 });
  const made = await rollcall('token', 'scim', 'acme-scim', '--days', '30');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^rc_scim_[\w-]{43}\n$/) as string });
  const listed = await rollcall('token', 'list', '--json');
  expect(listed.stdout).not.toContain(made.stdout.trim());
  const { tokens } = listed.json() as { tokens: { id: string; expires_at: string }[] };
  expect(tokens).toMatchObject([{ connection: 'acme-scim', revoked_at: null, last_used_at: null }]);
  expect(Date.parse(tokens[0]?.expires_at ?? '') - Date.now()).toBeGreaterThan(29 * 86_400_000);
  const id = tokens[0]?.id ?? '';
  expect(await rollcall('token', 'revoke', id)).toMatchObject({ code: 0 });
  expect(await rollcall('token', 'revoke', id)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no token/) as string,
  });
});

test.each([
  [['token', 'scim'], /needs a CONNECTION/],
  [['token', 'scim', 'nobody'], /no connection nobody/],
  [['token', 'scim', 'acme-saml'], /of the kind saml/],
  [['token', 'scim', 'acme-scim', '--days', '0'], /--days is a whole number/],
  [['token', 'invent', 'acme-scim'], /knows list, scim, api and revoke/],
  [['requests', 'acme-saml'], /no SCIM connection/],
])('%j is refused', async (args, problem) => {
  await rollcall('apply');
  expect(await rollcall(...args)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(problem) as string,
  });
});

test.each(DATABASES)(
  'a changed declared token replaces the one before, on %s; one made by command stays; none is shared',
  async (database) => {
    const door = await openDoor({}, { database });
    const opens = async (token: string): Promise<number> =>
      (await door.call('GET', '/Users', undefined, { token })).status;
    await declareScimTokens(door.sync, [{ connection: SCIM, token: 'first' }]);
    await declareScimTokens(door.sync, [{ connection: SCIM, token: 'first' }]);
    expect(await opens('first')).toBe(200);
    await declareScimTokens(door.sync, [{ connection: SCIM, token: 'second' }]);
    expect([await opens('first'), await opens('second'), await opens(`token-of-${SCIM}`)]).toEqual([401, 200, 200]);
    await declareScimTokens(door.sync, [{ connection: SCIM, token: null }]);
    expect([await opens('second'), await opens(`token-of-${SCIM}`)]).toEqual([401, 200]);
    await declareScimTokens(door.sync, [{ connection: SCIM, token: 'second' }]);
    expect(await opens('second')).toBe(200);
    await expect(declareScimTokens(door.sync, [{ connection: OTHER, token: 'second' }])).rejects.toMatchObject({
      code: 'conflict',
    });
    await door.close();
  },
);

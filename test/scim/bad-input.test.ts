// Bad input at the real `serve`: one clear refusal in the SCIM shape, and every table as it was before.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearerTokenHash } from '../../src/connection/bearer-token.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { addScimToken, findScimToken, revokeScimToken } from '../../src/store/scim-tokens.ts';
import { freePort } from '../support/port.ts';
import type { Serving } from '../support/serving.ts';
import { serving } from '../support/serving.ts';
import { DATABASES, newDatabase } from '../support/store.ts';
import { ACCEPTED, REFUSED } from './bad-input.ts';
import type { Call } from './refusal.ts';
import { ALICE, withNames } from './fixtures/fixture.ts';

/** What moves while nobody says anything, or with every request whatever it says. */
const LIVELY: ReadonlySet<string> = new Set(['scim_requests', 'leases', 'write_lock', 'event_head']);
const STILL = { last_used_at: null, position: null };

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

describe.each(DATABASES)('on %s', (database) => {
  const ids = { alice: '', bob: '', carol: '', team: '' };
  let served: Serving;
  let db: Database;
  const endings: (() => unknown)[] = [];

  interface Answered {
    readonly status: number;
    readonly headers: Headers;
    readonly body: JsonObject;
  }

  async function call({ method, path, body, headers, token = 's3cret' }: Call): Promise<Answered> {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${served.url}/scim/v2${withNames(path, ids)}`, {
      method,
      headers: {
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/scim+json' }),
        ...headers,
      },
      body: isRaw ? (body ?? null) : JSON.stringify(withNames(body, ids)),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as JsonObject),
    };
  }

  async function make(path: string, body: JsonObject, token?: string): Promise<string> {
    const made = await call({ method: 'POST', path, body, ...(token === undefined ? {} : { token }) });
    expect(made.status).toBe(201);
    return made.body['id'] as string;
  }

  /** Every row of every table, as far as it says anything of the world. */
  async function contents(): Promise<string> {
    const tables: { name: string }[] =
      database === 'sqlite'
        ? await db('sqlite_master').where({ type: 'table' }).select('name')
        : await db('information_schema.tables').where({ table_schema: 'public' }).select({ name: 'table_name' });
    const rows = tables.map(async ({ name }) => {
      if (LIVELY.has(name)) return [];
      const all: JsonObject[] = await db(name).select('*');
      return all.map((row) => `${name} ${JSON.stringify({ ...row, ...STILL })}`);
    });
    return (await Promise.all(rows)).flat().sort().join('\n');
  }

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-bad-input-'));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const store = await newDatabase(database);
    endings.push(store.remove);
    const file = `server: { port: ${await freePort()} }
database: { url: "${store.url}" }
limits: { scimRequestsPerSecond: 0 }
organizations:
  - { id: acme, owner: olga@acme.example, domains: [acme.example] }
  - { id: globex, owner: gus@globex.example, domains: [globex.example] }
connections:
  - { id: acme-scim, kind: scim, organization: acme, token: s3cret }
  - { id: globex-scim, kind: scim, organization: globex, token: other }
`;
    writeFileSync(join(folder, 'rollcall.yaml'), file, { mode: 0o600 });
    served = await serving({ longestMs: 300_000 }, ['--config', join(folder, 'rollcall.yaml')]);
    endings.push(() => served.end());
    db = openDatabase(store.url);
    endings.push(() => db.destroy());
    const connection = 'acme-scim' as ConnectionId;
    const at = new Date().toISOString();
    await addScimToken(db, { connection, hash: bearerTokenHash('expired'), expiresAt: '2026-01-01T00:00:00.000Z' }, at);
    await addScimToken(db, { connection, hash: bearerTokenHash('revoked'), expiresAt: null }, at);
    await revokeScimToken(db, (await findScimToken(db, bearerTokenHash('revoked')))?.id ?? '', at);
    ids.alice = await make('/Users', ALICE);
    ids.bob = await make('/Users', { userName: 'bob@acme.example' });
    ids.carol = await make('/Users', { userName: 'carol@globex.example' }, 'other');
    ids.team = await make('/Groups', { displayName: 'Team', members: [{ value: ids.alice }] });
  });
  afterAll(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test.each(REFUSED.map((one) => [one.what, one] as const))('%s', async (_what, { detail, ...refused }) => {
    const before = await contents();
    const said = served.log().length;
    const answered = await call(refused);
    const { status, scimType, allow = null } = refused;
    expect(answered.body).toEqual({
      schemas: [ERROR],
      status: String(status),
      ...(scimType === undefined ? {} : { scimType }),
      detail: expect.stringMatching(detail) as string,
    });
    expect(answered.status).toBe(status);
    expect(answered.headers.get('content-type')).toMatch(/^application\/scim\+json/);
    const hasToken = refused.token !== null && refused.headers?.['Authorization'] === undefined;
    const challenge = `Bearer realm="scim"${hasToken ? ', error="invalid_token"' : ''}`;
    expect(answered.headers.get('www-authenticate')).toBe(status === 401 ? challenge : null);
    expect(answered.headers.get('allow')).toBe(allow);
    expect(await contents()).toBe(before);
    expect(served.log().slice(said)).not.toMatch(/scim: /);
  });

  test.each(ACCEPTED.map((one) => [one.what, one] as const))('not refused: %s', async (_what, accepted) => {
    const before = await contents();
    const answered = await call(accepted);
    expect(answered.status).toBe(accepted.status);
    expect(answered.body).toMatchObject(withNames(accepted.answers, ids));
    expect(await contents()).toBe(before);
  });

  describe('a bulk request whose operations are all refused leaves nothing', () => {
    const person = (bulkId: string): JsonObject => {
      return { method: 'POST', path: '/Users', bulkId, data: { userName: `${bulkId}@acme.example` } };
    };
    const group = (bulkId: string, member: string): JsonObject => {
      const data = { displayName: bulkId, members: [{ value: `bulkId:${member}` }] };
      return { method: 'POST', path: '/Groups', bulkId, data };
    };
    test.each<[string, JsonObject, string[]]>([
      ['groups that wait for each other', { Operations: [group('a', 'b'), group('b', 'a')] }, ['409', '409']],
      ['a group that waits for itself', { Operations: [group('a', 'a')] }, ['409']],
      ['a bulkId that nobody has', { Operations: [group('a', 'nobody')] }, ['409']],
      [
        'what comes after the last error that is let pass',
        { failOnErrors: 1, Operations: [{ method: 'DELETE', path: '/Users/nobody' }, person('late')] },
        ['404'],
      ],
      [
        'operations that are none',
        {
          Operations: [
            null,
            {},
            { method: 'GET', path: '/Users' },
            { method: 'POST', path: '/Users', data: {} },
            { method: 'POST', path: '/Nothing', bulkId: 'n', data: {} },
            { method: 'PATCH', path: '/Users', data: {} },
            { method: 'PUT', path: `/Users/{carol}`, data: ALICE },
            { method: 'DELETE', path: '/Users/{alice}', version: 'W/"99"' },
          ],
        },
        ['400', '400', '400', '400', '404', '400', '404', '412'],
      ],
    ])('%s', async (_what, body, statuses) => {
      const before = await contents();
      const answered = await call({ method: 'POST', path: '/Bulk', body });
      const operations = answered.body['Operations'] as readonly JsonObject[];
      expect(operations.map(({ status }) => status)).toEqual(statuses);
      for (const [at, { status, response, location }] of operations.entries()) {
        expect(response).toMatchObject({ schemas: [ERROR], status, detail: expect.any(String) as string });
        const { method, path } = (withNames(body['Operations'] ?? null, ids) as JsonObject[])[at] ?? {};
        const hasPlace = method !== 'POST' && typeof path === 'string' && path.split('/').length > 2;
        expect(location).toEqual(
          hasPlace ? `${served.url.replace('127.0.0.1', 'localhost')}/scim/v2${path}` : undefined,
        );
      }
      expect(await contents()).toBe(before);
    });
  });

  test('twenty creates of one userName at once: one is made, the others are told whose it is', async () => {
    const users = (): Promise<unknown> => db('scim_resources').where({ type: 'User' }).count({ rows: '*' }).first();
    const counted = (await users()) as { rows: number | string };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_one, at) => {
        const body: Json = { userName: at % 2 === 0 ? 'dora@acme.example' : 'DORA@acme.example' };
        return call({ method: 'POST', path: '/Users', body });
      }),
    );
    const made = answers.find(({ status }) => status === 201);
    const refused = answers.filter((one) => one !== made);
    expect(refused).toHaveLength(19);
    for (const { status, body } of refused) {
      expect({ status, scimType: body['scimType'] }).toEqual({ status: 409, scimType: 'uniqueness' });
      expect(body['detail']).toContain(made?.body['id']);
    }
    expect(Number(((await users()) as { rows: number | string }).rows)).toBe(Number(counted.rows) + 1);
  });
});

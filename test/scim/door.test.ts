// The door itself: who may come in, its bounds, versions, and what it keeps of every request.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setConnectionState } from '../../src/organization/set-connection-state.ts';
import type { Json } from '../../src/scim/json.ts';
import { loadScimRequests } from '../../src/store/scim-requests.ts';
import { findScimToken, loadScimTokens, revokeScimToken } from '../../src/store/scim-tokens.ts';
import { RollcallError } from '../../src/errors.ts';
import { errorAnswer } from '../../src/http/scim-answer.ts';
import { bearerTokenHash } from '../../src/connection/bearer-token.ts';
import type { Door } from './door.ts';
import { OTHER, PUBLIC_URL, SCIM, openDoor } from './door.ts';
import { ALICE, CORE, patch } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor({}, { database });
  });
  afterEach(() => door.close());

  describe('who asks', () => {
    test('a stranger is answered before his body has come', async () => {
      const { port, hostname } = new URL(door.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(
            'POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{',
          );
        });
        socket.once('data', (chunk) => resolve(chunk.toString()));
        socket.once('error', reject);
      });
      expect(answer).toMatch(/^HTTP\/1.1 401/);
    });

    test('a revoked and an expired token are 401, another of the same connection stays good', async () => {
      const { sync } = door;
      const token = await findScimToken(sync.db, bearerTokenHash(`token-of-${SCIM}`));
      await revokeScimToken(sync.db, token?.id ?? '', sync.now());
      expect((await door.call('GET', '/Users')).status).toBe(401);
      await sync.db('scim_tokens').where({ connection: OTHER }).update({ expires_at: '2026-01-01T00:00:00.000Z' });
      expect((await door.call('GET', '/Users', undefined, { token: `token-of-${OTHER}` })).status).toBe(401);
    });

    test('a paused connection is 403, an observed one is stored', async () => {
      await setConnectionState(door.sync, SCIM, 'paused');
      expect((await door.call('GET', '/Users')).status).toBe(403);
      await setConnectionState(door.sync, SCIM, 'observe');
      expect((await door.call('POST', '/Users', ALICE)).status).toBe(201);
    });

    test('the last use of a token is known, and written once a minute at most', async () => {
      await door.call('GET', '/Users');
      const [first] = (await loadScimTokens(door.sync.db)).filter(({ connection }) => connection === SCIM);
      await door.call('GET', '/Users');
      const [second] = (await loadScimTokens(door.sync.db)).filter(({ connection }) => connection === SCIM);
      expect(first?.lastUsedAt).not.toBeNull();
      expect(second?.lastUsedAt).toBe(first?.lastUsedAt);
    });
  });

  test("another connection's resources are not there", async () => {
    const id = await door.make('/Users', ALICE);
    const other = { token: `token-of-${OTHER}` };
    expect((await door.call('GET', `/Users/${id}`, undefined, other)).status).toBe(404);
    expect((await door.call('DELETE', `/Users/${id}`, undefined, other)).status).toBe(404);
    expect((await door.call('GET', '/Users', undefined, other)).body['totalResults']).toBe(0);
    const joined = await door.call('POST', '/Groups', { displayName: 'G', members: [{ value: id }] }, other);
    expect(joined).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect((await door.call('POST', '/Users', ALICE, other)).status).toBe(201);
  });

  test('a body beyond the bound is 413, announced or not', async () => {
    await door.close();
    door = await openDoor({ bodyBytes: 1_000 }, { database });
    const big = JSON.stringify({ userName: 'a', displayName: 'x'.repeat(100_000) });
    expect((await door.call('POST', '/Users', big)).status).toBe(413);
    const streaming: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { Authorization: `Bearer token-of-${SCIM}`, 'Content-Type': 'application/json' },
      body: new Blob([big]).stream(),
      duplex: 'half',
    };
    const streamed = await fetch(`${door.url}/Users`, streaming);
    expect(streamed.status).toBe(413);
    expect(door.errors).toEqual([]);
  });

  test('a connection that asks too often is 429 and told when to come again; the other one is not', async () => {
    await door.close();
    door = await openDoor({ requestsPerSecond: 3 }, { database });
    const all = await Promise.all(Array.from({ length: 10 }, () => door.call('GET', '/Users')));
    const late = all.filter(({ status }) => status === 429);
    expect(late.length).toBeGreaterThanOrEqual(5);
    expect(late[0]?.headers.get('retry-after')).toBe('1');
    expect((await door.call('GET', '/Users', undefined, { token: `token-of-${OTHER}` })).status).toBe(200);
  });

  test('the server says of itself what is so', async () => {
    const config = await door.call('GET', '/ServiceProviderConfig');
    expect(config.body).toMatchObject({
      patch: { supported: true },
      pagination: { cursor: true },
      etag: { supported: true },
    });
    expect((await door.call('GET', '/ResourceTypes')).body['totalResults']).toBe(2);
    const schemas = await door.call('GET', '/Schemas');
    // Entra maps to no attribute that it does not find there.
    const [user] = schemas.body['Resources'] as unknown as { attributes: { name: string }[] }[];
    expect(user?.attributes.map(({ name }) => name)).toEqual(expect.arrayContaining(['externalId', 'userName']));
    for (const { meta } of schemas.body['Resources'] as unknown as { meta: { location: string } }[]) {
      const path = meta.location.slice(`${PUBLIC_URL}/scim/v2`.length);
      expect((await door.call('GET', path)).status).toBe(200);
    }
  });

  test('versions: what was changed meanwhile is not written over, and what was not is not sent again', async () => {
    const made = await door.call('POST', '/Users', ALICE);
    const id = made.body['id'] as string;
    expect(made.headers.get('location')).toBe(`${PUBLIC_URL}/scim/v2/Users/${id}`);
    expect(made.headers.get('etag')).toBe('W/"1"');
    const title = (value: string): Json => patch('', { op: 'replace', path: 'title', value }).body ?? null;
    const ifMatch = (tag: string): { headers: Record<string, string> } => ({ headers: { 'If-Match': tag } });
    expect((await door.call('PATCH', `/Users/${id}`, title('a'), ifMatch('W/"1"'))).headers.get('etag')).toBe('W/"2"');
    expect((await door.call('PATCH', `/Users/${id}`, title('b'), ifMatch('W/"1"'))).status).toBe(412);
    expect((await door.call('DELETE', `/Users/${id}`, undefined, ifMatch('"1"'))).status).toBe(412);
    expect((await door.call('PATCH', `/Users/${id}`, title('a'), ifMatch('*'))).headers.get('etag')).toBe('W/"2"');
    const cached = { headers: { 'If-None-Match': 'W/"2"' } };
    expect((await door.call('GET', `/Users/${id}`, undefined, cached)).status).toBe(304);
    await door.call('PATCH', `/Users/${id}`, title('c'));
    expect((await door.call('GET', `/Users/${id}`, undefined, cached)).body['title']).toBe('c');
  });

  test('a password that a PATCH names by its path, or that is refused, is written nowhere', async () => {
    const id = await door.make('/Users', ALICE);
    const paths = ['password', 'urn:ietf:params:scim:schemas:core:2.0:User:PassWord', 'password['];
    for (const path of paths) {
      await door.call('PATCH', `/Users/${id}`, patch('', { op: 'replace', path, value: 's3cret' }).body);
    }
    const typed = patch('', { op: 'replace', path: 'password', value: { value: 's3cret' } }).body;
    expect((await door.call('PATCH', `/Users/${id}`, typed)).text).not.toContain('s3cret');
    await door.call('POST', '/Users', { ...ALICE, password: ['s3cret'] });
    await door.call('GET', '/Users?filter=password eq "s3cret"');
    await door.call('POST', '/Users/.search', { filter: 'password eq "s3cret"' });
    await door.flush();
    const kept = await loadScimRequests(door.sync.db, SCIM, 20);
    expect(kept).toHaveLength(8);
    expect(JSON.stringify(kept)).not.toContain('s3cret');
  });

  test('a request too long to be kept whole is cut, and never in the middle of a character', async () => {
    // Fourteen are more than are written value by value; the texts differ by where they would be cut.
    for (let nth = 0; nth < 14; nth += 1) {
      const title = `${'x'.repeat(nth)}${'\u{1f600}'.repeat(5_000)}`;
      await door.call('POST', '/Users', { userName: `long${nth}@acme.example`, title });
    }
    await door.flush();
    const kept = await loadScimRequests(door.sync.db, SCIM, 20);
    expect(kept).toHaveLength(14);
    expect(kept.every(({ request, answer }) => request?.isWellFormed() === true && answer?.isWellFormed())).toBe(true);
    expect(door.errors).toEqual([]);
  });

  test('every request is kept with its answer and what it caused, and no password with it', async () => {
    const id = await door.make('/Users', { ...ALICE, password: 's3cret' });
    await door.call('GET', '/Users?filter=nosuch eq "x"');
    const paths = ['password', 'PassWord', `${CORE}:password`];
    const replacing = paths.map((path) => ({ op: 'replace', path, value: 's3cret' }));
    await door.call('PATCH', `/Users/${id}`, patch('', ...replacing).body);
    await door.call('PATCH', `/Users/${id}`, patch('', { op: 'add', value: { password: ['s3cret'] } }).body);
    await door.call('POST', '/Users', { ...ALICE, password: { old: 's3cret' } });
    await door.flush();
    const requests = await loadScimRequests(door.sync.db, SCIM, 10);
    const [created, failed] = requests.toReversed();
    expect(failed).toMatchObject({ method: 'GET', status: 400, run: null });
    expect(created).toMatchObject({ method: 'POST', path: '/Users', status: 201 });
    expect(created?.plan).not.toBeNull();
    expect(requests.map(({ status }) => status)).toEqual([400, 400, 200, 400, 201]);
    expect(JSON.stringify(requests)).not.toMatch(/s3cret|token-of/);
    expect(await door.sync.db('scim_resources').where('attributes', 'like', '%s3cret%')).toEqual([]);
  });
});

test('who comes while another process writes for too long is told to come again, and nothing of what nobody foresaw', () => {
  const busy = errorAnswer(new RollcallError('database_busy', 'another process has been writing: try again'));
  expect(busy).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, body: { status: '503' } });
  const unforeseen = errorAnswer(new Error('relation "secret" does not exist'));
  expect(unforeseen).toMatchObject({
    status: 500,
    body: { detail: expect.stringMatching(/^something unforeseen/) as string },
  });
});

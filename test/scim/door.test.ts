// The door itself: who may come in, what is refused and how, and that a refusal leaves no trace.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setConnectionState } from '../../src/organization/set-connection-state.ts';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import { loadScimRequests } from '../../src/store/scim-requests.ts';
import { findScimToken, loadScimTokens, revokeScimToken } from '../../src/store/scim-tokens.ts';
import { bearerTokenHash } from '../../src/connection/bearer-token.ts';
import type { Door } from './door.ts';
import { OTHER, PUBLIC_URL, SCIM, openDoor } from './door.ts';
import { ALICE, patch } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor({}, { database });
  });
  afterEach(() => door.close());

  describe('who asks', () => {
    test.each([
      ['nobody', null],
      ['a wrong token', 'token-of-nobody'],
      ['a token with a blank', 'a b'],
    ])('%s is 401, and is told how to ask', async (_who, token) => {
      const answered = await door.call('POST', '/Users', ALICE, { token });
      expect(answered.status).toBe(401);
      expect(answered.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(answered.headers.get('content-type')).toMatch('application/scim+json');
      expect(answered.body).toMatchObject({ status: '401', detail: expect.stringMatching(/token/) as string });
    });

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

  describe('bad requests leave the store as it was', () => {
    const many = (text: string): JsonObject => ({ schemas: [], filter: text });
    test.each<[string, string, string, Json, string | null, number, string | undefined]>([
      ['no JSON', 'POST', '/Users', '{"userName":', null, 400, 'invalidSyntax'],
      ['a NUL', 'POST', '/Users', '{"userName":"a\\u0000b"}', null, 400, 'invalidValue'],
      ['half of a pair', 'POST', '/Users', '{"userName":"\\ud800@acme.example"}', null, 400, 'invalidValue'],
      ['an empty body', 'POST', '/Users', '', null, 400, 'invalidSyntax'],
      ['a list', 'POST', '/Users', '[]', null, 400, 'invalidSyntax'],
      ['text', 'POST', '/Users', '{}', 'text/plain', 415, undefined],
      ['a form', 'POST', '/Users', 'userName=x', 'application/x-www-form-urlencoded', 415, undefined],
      ['no userName', 'POST', '/Users', { displayName: 'x' }, null, 400, 'invalidValue'],
      ['a blank userName', 'POST', '/Users', { userName: '  ' }, null, 400, 'invalidValue'],
      ['a userName that no index holds', 'POST', '/Users', { userName: 'x'.repeat(5000) }, null, 400, 'invalidValue'],
      ['an e-mail that is null', 'POST', '/Users', { ...ALICE, emails: [null] }, null, 400, 'invalidValue'],
      ['an e-mail that is a word', 'POST', '/Users', { ...ALICE, emails: 'alice' }, null, 400, 'invalidValue'],
      ['no operations', 'PATCH', '/Users/{alice}', {}, null, 400, 'invalidSyntax'],
      ['an operation that is null', 'PATCH', '/Users/{alice}', { Operations: [null] }, null, 400, 'invalidSyntax'],
      [
        'nobody',
        'PATCH',
        '/Users/nobody',
        patch('', { op: 'add', path: 'title', value: 'x' }).body ?? null,
        null,
        404,
        undefined,
      ],
      [
        'a member nobody knows',
        'POST',
        '/Groups',
        { displayName: 'G', members: [{ value: 'nobody' }] },
        null,
        400,
        'invalidValue',
      ],
      [
        'a hundred levels',
        'POST',
        '/Users/.search',
        many(`${'('.repeat(100)}title pr${')'.repeat(100)}`),
        null,
        400,
        'invalidFilter',
      ],
      [
        'a hundred kilobytes',
        'POST',
        '/Users/.search',
        many(`userName eq "${'x'.repeat(100_000)}"`),
        null,
        400,
        'invalidFilter',
      ],
      ['a count that is no number', 'POST', '/Users/.search', { count: 'ten' }, null, 400, 'invalidCount'],
      ['a cursor of its own', 'POST', '/Users/.search', { cursor: 'mine' }, null, 400, 'invalidCursor'],
      ['an unknown order', 'POST', '/Users/.search', { sortBy: 'nosuch' }, null, 400, 'invalidPath'],
    ])('%s', async (_what, method, path, body, contentType, status, scimType) => {
      const alice = await door.make('/Users', ALICE);
      const before = (await door.call('GET', '/Users')).text;
      const headers = contentType === null ? {} : { 'Content-Type': contentType };
      const answered = await door.call(method, path.replace('{alice}', alice), body, { headers });
      expect({ status: answered.status, scimType: answered.body['scimType'] }).toEqual({ status, scimType });
      expect(answered.headers.get('content-type')).toMatch('application/scim+json');
      expect(answered.body).toMatchObject({
        status: String(status),
        detail: expect.stringMatching(/\w+ \w+/) as string,
      });
      expect((await door.call('GET', '/Users')).text).toBe(before);
      expect((await door.call('GET', '/Groups')).body['totalResults']).toBe(0);
      expect(door.errors).toEqual([]);
    });

    test('a filter of seventeen joined pairs and one of 100 kB in the address are answered', async () => {
      const pairs = Array.from({ length: 17 }, (_one, at) => `(userName eq "u${at}" or nickName eq "n${at}")`);
      expect((await door.call('GET', `/Users?filter=${encodeURIComponent(pairs.join(' and '))}`)).status).toBe(200);
      const long = await door.call('GET', `/Users?filter=userName eq "${'x'.repeat(100_000)}"`);
      expect(long).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } });
    });
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

  describe('places', () => {
    test.each([
      ['PUT', '/Users', 405, 'GET, POST'],
      ['POST', '/Users/x', 405, 'GET, PUT, PATCH, DELETE'],
      ['GET', '/Bulk', 405, 'POST'],
      ['DELETE', '/Schemas', 405, 'GET'],
      ['GET', '/Me', 501, null],
      ['GET', '/Nothing', 404, null],
      ['GET', '//[', 404, null],
      ['GET', '/Users/nobody', 404, null],
      ['GET', '/Users/%FF', 400, null],
      ['GET', '/%E0%A4', 404, null],
      ['GET', '/Schemas/nothing', 404, null],
      ['GET', '/Schemas?filter=id pr', 403, null],
    ])('%s %s is %i', async (method, path, status, allow) => {
      const answered = await door.call(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
      expect(answered.status).toBe(status);
      expect(answered.headers.get('allow')).toBe(allow);
      expect(answered.body).toMatchObject({ status: String(status) });
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
      for (const { meta } of schemas.body['Resources'] as unknown as { meta: { location: string } }[]) {
        const path = meta.location.slice(`${PUBLIC_URL}/scim/v2`.length);
        expect((await door.call('GET', path)).status).toBe(200);
      }
    });
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

  test('every request is kept with its answer and what it caused, and no password with it', async () => {
    await door.call('POST', '/Users', { ...ALICE, password: 's3cret' });
    await door.call('GET', '/Users?filter=nosuch eq "x"');
    await door.flush();
    const [failed, created] = await loadScimRequests(door.sync.db, SCIM, 10);
    expect(failed).toMatchObject({ method: 'GET', status: 400, run: null });
    expect(created).toMatchObject({ method: 'POST', path: '/Users', status: 201 });
    expect(created?.plan).not.toBeNull();
    expect(JSON.stringify([created, failed])).not.toMatch(/s3cret|token-of/);
    expect(await door.sync.db('scim_resources').where('attributes', 'like', '%s3cret%')).toEqual([]);
  });
});

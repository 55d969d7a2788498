// What writes must never do: double a person, lose a member, change what was not named.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { Door } from './door.ts';
import { ACME, openDoor } from './door.ts';
import { ALICE, patch } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor({}, { database });
  });
  afterEach(async () => {
    expect(door.errors).toEqual([]);
    await door.close();
  });

  const people = (count: number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, (_one, at) =>
        door.make('/Users', { userName: `p${at}@acme.example`, externalId: `e${at}` }),
      ),
    );

  async function standing(email: string): Promise<string> {
    const row: { role: string; status: string } | undefined = await door.sync
      .db('memberships')
      .join('accounts', 'accounts.id', 'memberships.account')
      .where({ organization: ACME, email_key: email })
      .first('role', 'status');
    return row === undefined ? 'none' : `${row.role} ${row.status}`;
  }

  async function members(group: string): Promise<string[]> {
    const { body } = await door.call('GET', `/Groups/${group}`);
    return ((body['members'] ?? []) as unknown as { value: string }[]).map(({ value }) => value).sort();
  }

  test('twenty members added at once to one group are all in it, and twenty removed are all out', async () => {
    const ids = await people(20);
    const group = await door.make('/Groups', { displayName: 'Managers' });
    const send = (op: string) => (value: string) =>
      door.call('PATCH', `/Groups/${group}`, patch('', { op, path: 'members', value: [{ value }] }).body);
    await Promise.all(ids.map(send('add')));
    expect(await members(group)).toEqual([...ids].sort());
    const { body } = await door.call('GET', `/Groups/${group}?excludedAttributes=members`);
    expect(body).toMatchObject({ meta: { version: 'W/"21"' } });
    await Promise.all(ids.slice(0, 10).map(send('remove')));
    expect(await members(group)).toEqual(ids.slice(10).sort());
  });

  test('a PATCH that asks for part of the answer does not cut the group', async () => {
    const ids = await people(2);
    const group = await door.make('/Groups', { displayName: 'G', members: ids.map((value) => ({ value })) });
    const rename = patch('', { op: 'replace', path: 'displayName', value: 'H' }).body;
    const answered = await door.call('PATCH', `/Groups/${group}?excludedAttributes=members`, rename);
    expect(answered.status).toBe(200);
    expect(answered.body).not.toHaveProperty('members');
    expect(await members(group)).toEqual([...ids].sort());
  });

  test('a write that changes nothing keeps the version, writes no plan and no change', async () => {
    const [id = ''] = await people(1);
    const group = await door.make('/Groups', { displayName: 'G', members: [{ value: id }] });
    const runs = await door.sync.db('runs').count({ rows: '*' });
    const again = patch('', { op: 'add', path: 'members', value: [{ value: id }] }).body;
    expect((await door.call('PATCH', `/Groups/${group}`, again)).headers.get('etag')).toBe('W/"1"');
    const user = await door.call('GET', `/Users/${id}`);
    expect((await door.call('PUT', `/Users/${id}`, user.body)).headers.get('etag')).toBe('W/"1"');
    expect(await door.sync.db('runs').count({ rows: '*' })).toEqual(runs);
  });

  test('role and history follow a person through every step of a life', async () => {
    const alice = await door.make('/Users', ALICE);
    expect(await standing('alice@acme.example')).toBe('not_activated pending');
    const managers = await door.make('/Groups', { displayName: 'Managers', members: [{ value: alice }] });
    expect(await standing('alice@acme.example')).toBe('manager active');
    const annotators = await door.make('/Groups', { displayName: 'Annotators' });
    const move = (op: string) => patch('', { op, path: 'members', value: [{ value: alice }] }).body;
    await door.call('PATCH', `/Groups/${annotators}`, move('add'));
    await door.call('PATCH', `/Groups/${managers}`, move('remove'));
    expect(await standing('alice@acme.example')).toBe('annotator active');
    const { body } = await door.call('GET', `/Users/${alice}`);
    expect(body['groups']).toMatchObject([{ value: annotators, display: 'Annotators', type: 'direct' }]);
    await door.call('PATCH', `/Users/${alice}`, patch('', { op: 'Replace', path: 'active', value: 'False' }).body);
    expect(await standing('alice@acme.example')).toBe('annotator deactivated');
    await door.call('PATCH', `/Users/${alice}`, patch('', { op: 'Replace', path: 'active', value: 'True' }).body);
    expect(await standing('alice@acme.example')).toBe('annotator active');
    expect((await door.call('DELETE', `/Users/${alice}`)).status).toBe(204);
    expect(await standing('alice@acme.example')).toMatch(/deactivated$/);
    expect((await door.call('GET', `/Users/${alice}`)).status).toBe(404);
    expect(await members(annotators)).toEqual([]);
    const again = await door.make('/Users', { ...ALICE, userName: 'alice.new@acme.example' });
    expect(again).toBe(alice);
    expect(await standing('alice@acme.example')).toBe('not_activated pending');
    expect(await members(annotators)).toEqual([]);
    expect(await recompute(door.sync, () => {})).toMatchObject({ differences: [] });
  });

  test('the Owner deactivated is a vacancy, and reactivated has the seat again', async () => {
    const olga = await door.make('/Users', { userName: 'olga@acme.example' });
    const owner = (): Promise<unknown> => door.sync.db('organizations').where({ id: ACME }).first('owner');
    const before = await owner();
    await door.call('PATCH', `/Users/${olga}`, patch('', { op: 'replace', value: { active: false } }).body);
    expect(await owner()).toEqual({ owner: null });
    await door.call('PATCH', `/Users/${olga}`, patch('', { op: 'replace', value: { active: true } }).body);
    expect(await owner()).toEqual(before);
  });

  test('an address that the connection may not speak for is stored, reads back, and is a conflict', async () => {
    const made = await door.call('POST', '/Users', { userName: 'eve@elsewhere.example' });
    expect(made.status).toBe(201);
    const managers = { displayName: 'Managers', members: [{ value: made.body['id'] as string }] };
    await door.make('/Groups', managers);
    expect((await door.call('GET', `/Users/${made.body['id'] as string}`)).body['userName']).toBe(
      'eve@elsewhere.example',
    );
    expect(await loadConflicts(door.sync.db)).toMatchObject([{ email: 'eve@elsewhere.example' }]);
  });

  test('a newcomer with the externalId of somebody who is there is somebody else, and takes nothing from them', async () => {
    const alice = await door.make('/Users', ALICE);
    const other = await door.make('/Users', { userName: 'other@acme.example', externalId: ALICE['externalId'] ?? '' });
    expect(other).not.toBe(alice);
    expect((await door.call('GET', `/Users/${alice}`)).body).toMatchObject({ userName: ALICE['userName'] });
  });

  test('whoever comes back without an externalId is known by userName; a stranger with that address is not', async () => {
    const bob = await door.make('/Users', { userName: 'bob@acme.example' });
    await door.call('DELETE', `/Users/${bob}`);
    expect(await door.make('/Users', { userName: 'BOB@acme.example' })).toBe(bob);
    await door.call('DELETE', `/Users/${bob}`);
    const stranger = await door.make('/Users', { userName: 'bob@acme.example', externalId: 'another' });
    expect(stranger).not.toBe(bob);
    expect(await loadConflicts(door.sync.db)).toMatchObject([{ externalId: stranger, email: 'bob@acme.example' }]);
  });

  test('a PUT that is silent about active does not bring a leaver back', async () => {
    const alice = await door.make('/Users', { ...ALICE, active: false });
    const { active: _unsaid, ...silent } = ALICE;
    expect((await door.call('PUT', `/Users/${alice}`, { ...silent, title: 'x' })).body).toMatchObject({
      active: false,
    });
  });

  test('past the budget a push is accepted and reads back, and its change is held', async () => {
    await door.close();
    door = await openDoor({}, { database, people: 3, share: 0 });
    const ids = await people(6);
    const managers = await door.make('/Groups', { displayName: 'Managers', members: ids.map((value) => ({ value })) });
    for (const id of ids.slice(0, 3)) expect((await door.call('DELETE', `/Users/${id}`)).status).toBe(204);
    const emptied = patch('', { op: 'replace', path: 'members', value: [] }).body;
    expect((await door.call('PATCH', `/Groups/${managers}`, emptied)).status).toBe(204);
    expect(await members(managers)).toEqual([]);
    expect((await loadHolds(door.sync.db)).map(({ state }) => state)).toEqual(['open']);
    expect(await standing('p0@acme.example')).toMatch(/deactivated$/);
    expect(await standing('p5@acme.example')).toBe('manager active');
  });

  describe('bulk', () => {
    const request = (operations: JsonObject[], more: JsonObject = {}): JsonObject => ({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      ...more,
      Operations: operations,
    });
    const user = (bulkId: string): JsonObject => ({
      method: 'POST',
      path: '/Users',
      bulkId,
      data: { userName: `${bulkId}@acme.example` },
    });
    const results = (body: JsonObject): { status: string; location: string; bulkId: string }[] =>
      body['Operations'] as unknown as { status: string; location: string; bulkId: string }[];

    test('a group may name people who are made later in the request, and all is one plan', async () => {
      const group = { displayName: 'Managers', members: [{ value: 'bulkId:a' }, { value: 'bulkId:b' }] };
      const before = (await door.sync.db('plans')).length;
      const answered = await door.call(
        'POST',
        '/Bulk',
        request([{ method: 'POST', path: '/Groups', bulkId: 'g', data: group }, user('a'), user('b')]),
      );
      expect(results(answered.body).map(({ bulkId, status }) => `${bulkId} ${status}`)).toEqual([
        'g 201',
        'a 201',
        'b 201',
      ]);
      expect(await standing('a@acme.example')).toBe('manager active');
      expect((await door.sync.db('plans')).length).toBe(before + 1);
    });

    test('a refused operation leaves nothing, and the others are done', async () => {
      const answered = await door.call(
        'POST',
        '/Bulk',
        request([
          user('a'),
          user('a'),
          { method: 'POST', path: '/Users', bulkId: 'c', data: {} },
          user('d'),
          { method: 'GET', path: '/Users' },
        ]),
      );
      expect(results(answered.body).map(({ status }) => status)).toEqual(['201', '409', '400', '201', '400']);
      expect((await door.call('GET', '/Users')).body['totalResults']).toBe(2);
    });

    test('failOnErrors leaves undone what comes after', async () => {
      const broken = { method: 'DELETE', path: '/Users/nobody' };
      const answered = await door.call('POST', '/Bulk', request([broken, broken, user('z')], { failOnErrors: 2 }));
      expect(results(answered.body).map(({ status }) => status)).toEqual(['404', '404']);
      expect((await door.call('GET', '/Users')).body['totalResults']).toBe(0);
    });

    test('who comes and goes in one request is where the last word leaves them', async () => {
      const [id = ''] = await people(1);
      const group = await door.make('/Groups', { displayName: 'G' });
      const op = (name: string): JsonObject => ({
        method: 'PATCH',
        path: `/Groups/${group}`,
        data: { Operations: [{ op: name, path: 'members', value: [{ value: id }] }] },
      });
      await door.call('POST', '/Bulk', request([op('add'), op('remove')]));
      expect(await members(group)).toEqual([]);
      await door.call('POST', '/Bulk', request([op('add'), op('remove'), op('add')]));
      expect(await members(group)).toEqual([id]);
      await door.call('POST', '/Bulk', request([op('remove'), op('add')]));
      expect(await members(group)).toEqual([id]);
      await door.call('POST', '/Bulk', request([op('remove'), op('add'), op('remove')]));
      expect(await members(group)).toEqual([]);
    });

    test('many deletions in one request are judged whole: past the budget all are held', async () => {
      await door.close();
      door = await openDoor({}, { database, people: 3, share: 0 });
      const ids = await people(6);
      await door.make('/Groups', { displayName: 'Managers', members: ids.map((value) => ({ value })) });
      await door.call('POST', '/Bulk', request(ids.map((id) => ({ method: 'DELETE', path: `/Users/${id}` }))));
      expect((await door.call('GET', '/Users')).body['totalResults']).toBe(0);
      expect(await standing('p0@acme.example')).toBe('manager active');
    });
  });
});

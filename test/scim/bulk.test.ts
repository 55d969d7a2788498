// Bulk: several operations in one transaction, judged as one request.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import { members, people, standing } from './company.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';
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
    expect(await standing(door, 'a@acme.example')).toBe('manager active');
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
    const [id = ''] = await people(door, 1);
    const group = await door.make('/Groups', { displayName: 'G' });
    const op = (name: string): JsonObject => ({
      method: 'PATCH',
      path: `/Groups/${group}`,
      data: { Operations: [{ op: name, path: 'members', value: [{ value: id }] }] },
    });
    await door.call('POST', '/Bulk', request([op('add'), op('remove')]));
    expect(await members(door, group)).toEqual([]);
    await door.call('POST', '/Bulk', request([op('add'), op('remove'), op('add')]));
    expect(await members(door, group)).toEqual([id]);
    await door.call('POST', '/Bulk', request([op('remove'), op('add')]));
    expect(await members(door, group)).toEqual([id]);
    await door.call('POST', '/Bulk', request([op('remove'), op('add'), op('remove')]));
    expect(await members(door, group)).toEqual([]);
  });

  test('many deletions in one request are judged whole: past the budget all are held', async () => {
    await door.close();
    door = await openDoor({}, { database, people: 3, share: 0 });
    const ids = await people(door, 6);
    await door.make('/Groups', { displayName: 'Managers', members: ids.map((value) => ({ value })) });
    await door.call('POST', '/Bulk', request(ids.map((id) => ({ method: 'DELETE', path: `/Users/${id}` }))));
    expect((await door.call('GET', '/Users')).body['totalResults']).toBe(0);
    expect(await standing(door, 'p0@acme.example')).toBe('manager active');
  });

  test('whom an operation before has just added, a filter on names does not pass over in silence', async () => {
    const [id = ''] = await people(door, 1);
    const group = await door.make('/Groups', { displayName: 'G' });
    const op = (operation: JsonObject): JsonObject => {
      return { method: 'PATCH', path: `/Groups/${group}`, data: { Operations: [operation] } };
    };
    const add = op({ op: 'add', path: 'members', value: [{ value: id }] });
    const remove = op({ op: 'remove', path: 'members[type eq "User"]' });
    const answered = await door.call('POST', '/Bulk', request([add, remove]));
    expect(results(answered.body).map(({ status }) => status)).toEqual(['200', '400']);
    expect(await members(door, group)).toEqual([id]);
  });
});

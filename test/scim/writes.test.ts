// What writes must never do: double a person, lose a member, change what was not named.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { members, people, standing } from './company.ts';
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

  test('twenty members added at once to one group are all in it, and twenty removed are all out', async () => {
    const ids = await people(door, 20);
    const group = await door.make('/Groups', { displayName: 'Managers' });
    const send = (op: string) => (value: string) =>
      door.call('PATCH', `/Groups/${group}`, patch('', { op, path: 'members', value: [{ value }] }).body);
    await Promise.all(ids.map(send('add')));
    expect(await members(door, group)).toEqual([...ids].sort());
    const { body } = await door.call('GET', `/Groups/${group}?excludedAttributes=members`);
    expect(body).toMatchObject({ meta: { version: 'W/"21"' } });
    await Promise.all(ids.slice(0, 10).map(send('remove')));
    expect(await members(door, group)).toEqual(ids.slice(10).sort());
  });

  test('members who are chosen by what they are leave, and nobody else', async () => {
    const ids = await people(door, 3);
    const inner = await door.make('/Groups', { displayName: 'P9', members: [] });
    const all = [...ids, inner].map((value) => ({ value }));
    const group = await door.make('/Groups', { displayName: 'Managers', members: all });
    const remove = async (filter: string): Promise<string[]> => {
      const body = patch('', { op: 'remove', path: `members[${filter}]` }).body;
      expect((await door.call('PATCH', `/Groups/${group}`, body)).status).toBe(204);
      return members(door, group);
    };
    expect(await remove('type eq "group"')).toEqual([...ids].sort());
    expect(await remove('display eq "nobody"')).toEqual([...ids].sort());
    expect(await remove(`value eq "${ids[0]}" and type eq "Group"`)).toEqual([...ids].sort());
    expect(await remove(`value eq "${ids[0]}" and display sw "P0@"`)).toEqual(ids.slice(1).sort());
    expect(await remove(`$ref ew "/Users/${ids[1]}"`)).toEqual(ids.slice(2));
    expect(await remove('not (type eq "Group")')).toEqual([]);
    expect(await standing(door, 'p2@acme.example')).toBe('not_activated pending');
  });

  test('a PATCH that asks for part of the answer does not cut the group', async () => {
    const ids = await people(door, 2);
    const group = await door.make('/Groups', { displayName: 'G', members: ids.map((value) => ({ value })) });
    const rename = patch('', { op: 'replace', path: 'displayName', value: 'H' }).body;
    const answered = await door.call('PATCH', `/Groups/${group}?excludedAttributes=members`, rename);
    expect(answered.status).toBe(200);
    expect(answered.body).not.toHaveProperty('members');
    expect(await members(door, group)).toEqual([...ids].sort());
  });

  test('a write that changes nothing keeps the version, writes no plan and no change', async () => {
    const [id = ''] = await people(door, 1);
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
    expect(await standing(door, 'alice@acme.example')).toBe('not_activated pending');
    const managers = await door.make('/Groups', { displayName: 'Managers', members: [{ value: alice }] });
    expect(await standing(door, 'alice@acme.example')).toBe('manager active');
    const annotators = await door.make('/Groups', { displayName: 'Annotators' });
    const move = (op: string) => patch('', { op, path: 'members', value: [{ value: alice }] }).body;
    await door.call('PATCH', `/Groups/${annotators}`, move('add'));
    await door.call('PATCH', `/Groups/${managers}`, move('remove'));
    expect(await standing(door, 'alice@acme.example')).toBe('annotator active');
    const { body } = await door.call('GET', `/Users/${alice}`);
    expect(body['groups']).toMatchObject([{ value: annotators, display: 'Annotators', type: 'direct' }]);
    await door.call('PATCH', `/Users/${alice}`, patch('', { op: 'Replace', path: 'active', value: 'False' }).body);
    expect(await standing(door, 'alice@acme.example')).toBe('annotator deactivated');
    await door.call('PATCH', `/Users/${alice}`, patch('', { op: 'Replace', path: 'active', value: 'True' }).body);
    expect(await standing(door, 'alice@acme.example')).toBe('annotator active');
    expect((await door.call('DELETE', `/Users/${alice}`)).status).toBe(204);
    expect(await standing(door, 'alice@acme.example')).toMatch(/deactivated$/);
    expect((await door.call('GET', `/Users/${alice}`)).status).toBe(404);
    expect(await members(door, annotators)).toEqual([]);
    const again = await door.make('/Users', { ...ALICE, userName: 'alice.new@acme.example' });
    expect(again).toBe(alice);
    expect(await standing(door, 'alice@acme.example')).toBe('not_activated pending');
    expect(await members(door, annotators)).toEqual([]);
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
    const ids = await people(door, 6);
    const managers = await door.make('/Groups', { displayName: 'Managers', members: ids.map((value) => ({ value })) });
    for (const id of ids.slice(0, 3)) expect((await door.call('DELETE', `/Users/${id}`)).status).toBe(204);
    const emptied = patch('', { op: 'replace', path: 'members', value: [] }).body;
    expect((await door.call('PATCH', `/Groups/${managers}`, emptied)).status).toBe(204);
    expect(await members(door, managers)).toEqual([]);
    expect((await loadHolds(door.sync.db)).map(({ state }) => state)).toEqual(['open']);
    expect(await standing(door, 'p0@acme.example')).toMatch(/deactivated$/);
    expect(await standing(door, 'p5@acme.example')).toBe('manager active');
  });
});

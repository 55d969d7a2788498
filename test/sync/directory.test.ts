// A directory that is read again: what did not change is left alone, and what did is found however little the changed
// entry itself says of it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading } from '../../src/core/reading.ts';
import { DirectoryGraph } from '../../src/sync/directory-graph.ts';
import { Names } from '../../src/sync/directory-names.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const corp = 'corp' as ConnectionId;

function person(id: string, { dn = id, container = 'ou=people' } = {}): DirectoryItem {
  const names = { userName: id, firstName: null, lastName: null, locator: `uid=${id}` };
  const attributes = { email: `${id}@acme.example`, ...names };
  return { kind: 'person', externalId: id, active: true, attributes, aliases: [`dn:${dn}`], container };
}

function group(id: string): DirectoryItem {
  return { kind: 'group', externalId: id, name: id, nameKey: id, aliases: [`dn:${id}`] };
}

function links(into: string, ...members: readonly string[]): DirectoryItem {
  return { kind: 'links', links: members.map((member) => ({ group: `dn:${into}`, member: `dn:${member}` })) };
}

describe.each(DATABASES)('a directory that is read again on %s', (database) => {
  let store: TestStore;

  async function read(
    items: readonly DirectoryItem[],
    { preview = false, complete = true, askable = true } = {},
  ): Promise<void> {
    const { sync } = store;
    async function* each(): AsyncGenerator<DirectoryItem> {
      yield* items;
    }
    const reading: DirectoryReading = {
      kind: 'directory',
      connection: corp,
      at: sync.now(),
      items: each(),
      nested: true,
      outcome: () => ({ complete, reason: complete ? null : 'cut off', fingerprint: 'one question', warnings: [] }),
      lookUp: askable ? async () => new Set() : null,
    };
    await runDirectory(sync, reading, { preview });
    expect((await recompute(sync, () => undefined)).differences).toEqual([]);
  }

  async function staged(): Promise<readonly number[]> {
    const tables = ['staged_people', 'staged_groups', 'staged_touched', 'staged_strangers', 'staged_nesting'];
    return Promise.all(tables.map(async (table) => (await store.sync.db(table).select('plan')).length));
  }

  async function membersOf(into: string): Promise<string[]> {
    const rows: { member: string }[] = await store.sync.db('links').where({ in_group: into }).orderBy('member');
    return rows.map(({ member }) => member);
  }

  beforeEach(async () => {
    const organization = 'acme' as OrganizationId;
    store = await openTestStore(
      declareAcme({
        connections: [{ id: corp, kind: 'ldap', organization, state: null, lifecycle: true, trustEmail: 'any' }],
        mappings: [],
      }),
      { database },
    );
  });

  afterEach(async () => store.close());

  const company = [group('a'), group('b'), links('a', 'ann', 'b'), links('b', 'bob'), person('ann'), person('bob')];

  test('where nobody can be asked for, two runs in a row take somebody away, and previews between them do not count', async () => {
    const annIsThere = async (): Promise<unknown> =>
      (await store.sync.db('external_people').where({ external_id: 'ann' }).first('present'))?.present === 1;
    const others = Array.from({ length: 12 }, (_, at) => person(`p${at}`));
    const all = [person('ann'), ...others];
    await read(all, { askable: false });
    for (let at = 0; at < 3; at += 1) await read(others, { askable: false, preview: true });
    await read(others, { askable: false });
    expect(await annIsThere()).toBe(true);
    // Seen again, they have been missed by no read.
    await read(all, { askable: false });
    await read(others, { askable: false });
    await read(all, { askable: false, preview: true });
    await read(others, { askable: false, preview: true });
    expect(await annIsThere()).toBe(true);
    await read(others, { askable: false });
    expect(await annIsThere()).toBe(false);
  });

  test('of what did not change nothing is written, not even for the time of the run', async () => {
    await read(company);
    await read(company, { preview: true });
    expect(await staged()).toEqual([0, 0, 0, 0, 0]);
  });

  test('one new address among many is all that is looked at', async () => {
    await read(company);
    const [ann] = company.slice(4);
    if (ann?.kind !== 'person') throw new Error('ann is a person');
    const moved = { ...ann, attributes: { ...ann.attributes, email: 'ann.new@acme.example' } };
    await read([...company.slice(0, 4), moved, person('bob')], { preview: true });
    expect(await staged()).toEqual([1, 0, 1, 0, 0]);
  });

  test('a group that did not change has the member whom it named before they came', async () => {
    const groups = [group('a'), links('a', 'ann', 'late')];
    await read([...groups, person('ann')]);
    expect(await membersOf('a')).toEqual(['ann']);
    await read([...groups, person('ann'), person('late')]);
    expect(await membersOf('a')).toEqual(['ann', 'late']);
  });

  test('a group that did not change loses the member whose name is another now', async () => {
    const groups = [group('a'), links('a', 'ann', 'bob')];
    await read([...groups, person('ann'), person('bob')]);
    await read([...groups, person('ann', { dn: 'ann-married' }), person('bob')]);
    expect(await membersOf('a')).toEqual(['bob']);
  });

  test('a read that was cut off adds members and groups in groups, and takes none away', async () => {
    await read(company);
    const cutOff = [group('a'), group('b'), links('b', 'ann', 'a'), person('ann'), person('bob')];
    await read(cutOff, { complete: false });
    expect([await membersOf('a'), await membersOf('b')]).toEqual([
      ['ann', 'b'],
      ['a', 'ann', 'bob'],
    ]);
  });

  test('somebody of whom only the container is another is not met as a difference for ever', async () => {
    await read([person('ann'), person('bob')]);
    const moved = [person('ann', { container: 'ou=branch' }), person('bob')];
    await read(moved);
    await read(moved, { preview: true });
    expect(await staged()).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('the graph of a read', () => {
  test('a link may come before the entries it names, twice, and name two of them', () => {
    const graph = new DirectoryGraph();
    const named = { group: 'dn:a', member: 'uid:ann' };
    graph.addLinks([named, named, { group: 'dn:a', member: 'dn:nobody' }]);
    graph.addEntry('person', '1', ['uid:ann', 'dn:one']);
    graph.addEntry('person', '2', ['uid:ann']);
    graph.addEntry('group', 'g', ['dn:a']);
    expect(graph.resolve(false)).toEqual({ links: 2, dangling: 1 });
    expect([graph.groupsOf('1'), graph.groupsOf('2'), graph.groupsOf('3')]).toEqual([['g'], ['g'], null]);
    expect(graph.compareGroups('1', ['gone'])).toEqual({ joins: true, leaves: true });
  });

  test('an entry that comes twice is one, known by all its names', () => {
    const graph = new DirectoryGraph();
    graph.addEntry('group', 'g', ['dn:a']);
    expect(graph.addEntry('person', '1', ['dn:old'])).toBe(true);
    expect(graph.addEntry('person', '1', ['dn:new'])).toBe(false);
    graph.addLinks([{ group: 'dn:a', member: 'dn:new' }]);
    expect([graph.resolve(true).links, graph.people]).toEqual([1, 1]);
  });

  test('of thousands of names each keeps its own number, however often the room was made larger', () => {
    const names = new Names();
    const written = Array.from({ length: 5_000 }, (_, at) => `uid=u${at},ou=people`);
    expect(written.map((name) => names.intern(name))).toEqual(written.map((_, at) => at));
    expect(written.map((name) => names.find(name))).toEqual(written.map((_, at) => at));
    expect(names.find('uid=u5000,ou=people')).toBeNull();
  });
});

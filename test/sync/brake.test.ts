// Law 6 through the store: single pushes commit up to the budget exactly, and what is held waits for a person.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { loadHolds, loadKeeps } from '../../src/store/holds.ts';
import { countActive } from '../../src/store/memberships.ts';
import { rowsOfHold } from '../../src/store/plans.ts';
import type { Sync } from '../../src/sync/context.ts';
import { decideHold } from '../../src/sync/decide-hold.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcmeWithScim, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const scim = 'acme-scim' as ConnectionId;
let store: TestStore;
let sync: Sync;

function said(ids: readonly string[], active = true): PushReading {
  return {
    kind: 'push',
    connection: scim,
    at: sync.now(),
    people: ids.map((id) => ({
      externalId: id,
      active,
      attributes: { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: null },
      groups: 'unknown',
    })),
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

const people = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`);

async function inOrder(): Promise<void> {
  expect((await recompute(sync, () => undefined)).differences).toEqual([]);
}

describe.each(DATABASES)('on %s', (database) => {
  beforeEach(async () => {
    store = await openTestStore(declareAcmeWithScim(), { database });
    sync = store.sync;
  });
  afterEach(() => store.close());

  describe('the brake on single pushes', () => {
    test('100 people, 30 single deletes: the first 20 commit, each further one is held', async () => {
      await push(sync, said(people(100)));
      for (const id of people(30)) await push(sync, { ...said([]), peopleGone: [id] });
      expect(await countActive(sync.db, acme)).toBe(101 - 20);
      const [hold] = await loadHolds(sync.db);
      expect(hold?.brakes).toEqual(['budget']);
      expect((await rowsOfHold(sync.db, hold!.id, 'held')).length).toBe(10);
      await inOrder();
    });

    test('nine of a small organization always pass, the tenth is held', async () => {
      await push(sync, said(people(20)));
      for (const id of people(10)) await push(sync, said([id], false));
      expect(await countActive(sync.db, acme)).toBe(21 - 9);
      await inOrder();
    });

    test('a person who is active again no longer counts', async () => {
      await push(sync, said(people(20)));
      for (let round = 0; round < 15; round += 1) {
        await push(sync, said(['p0'], false));
        await push(sync, said(['p0']));
      }
      expect(await loadHolds(sync.db)).toEqual([]);
      expect(await countActive(sync.db, acme)).toBe(21);
    });

    test('one request that would pass the budget has all its removals held', async () => {
      await push(sync, said(people(40)));
      await push(sync, { ...said([]), peopleGone: people(12) });
      expect(await countActive(sync.db, acme)).toBe(41);
      await inOrder();
    });

    test('a held person who comes back strikes the row out, and an empty hold closes itself', async () => {
      await push(sync, said(people(40)));
      await push(sync, { ...said([]), peopleGone: people(12) });
      await push(sync, said(people(12)));
      expect((await loadHolds(sync.db)).map(({ state }) => state)).toEqual(['moot']);
      await inOrder();
    });

    test('a refused removal is kept until the connection says something new of the person', async () => {
      await push(sync, said(people(40)));
      await push(sync, { ...said([]), peopleGone: people(12) });
      const [hold] = await loadHolds(sync.db);
      await decideHold(sync, hold!.id, 'rejected', null);
      expect(await countActive(sync.db, acme)).toBe(41);
      await inOrder();
      await push(sync, said(['p0']));
      await push(sync, said(['p0'], false));
      expect(await countActive(sync.db, acme)).toBe(40);
      expect((await loadKeeps(sync.db, acme)).length).toBe(11);
      await inOrder();
    });

    test('a role given underneath a held removal leaves it in its hold', async () => {
      await push(sync, said(people(40)));
      await push(sync, { ...said([]), peopleGone: people(12) });
      const account = (await sync.db('accounts').where({ email_key: 'p0@acme.example' }).first()).id;
      await sync
        .db('person_grants')
        .insert({ organization: acme, account, role: 'reviewer', source: 'manual', since: '2025-01-01T00:00:00.000Z' });
      await push(sync, said(['p39'], false));
      const reading = said([]);
      await push(sync, { ...reading, peopleGone: ['p0'] });
      const [hold] = await loadHolds(sync.db);
      expect((await rowsOfHold(sync.db, hold!.id, 'held')).length).toBe(12);
    });

    test('the Owner deactivated by a push leaves a vacancy, and has the seat back when reactivated', async () => {
      await push(sync, said(['olga', ...people(5)]));
      await push(sync, said(['olga'], false));
      const vacant = await sync.db('organizations').first('owner', 'vacancy');
      expect(vacant.owner).toBeNull();
      expect(vacant.vacancy).not.toBeNull();
      await push(sync, said(['olga']));
      expect((await sync.db('organizations').first('vacancy')).vacancy).toBeNull();
      await inOrder();
    });
  });

  describe('the seat in the schema', () => {
    test('an open organization without Owner and without vacancy cannot be written', async () => {
      await expect(sync.db('organizations').update({ owner: null })).rejects.toThrow(/check/i);
    });

    test('an Owner who is no active member cannot be written', async () => {
      await expect(sync.db('memberships').update({ status: 'deactivated' })).rejects.toThrow(/foreign key/i);
    });
  });
});

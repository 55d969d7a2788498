// Several processes on one database: nothing is lost, the brake's budget is exact, and a directory is read by one.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../src/core/ids.ts';
import { databaseTime, inSnapshot } from '../../src/store/database.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { countActive } from '../../src/store/memberships.ts';
import { rowsOfHold } from '../../src/store/plans.ts';
import type { Sync } from '../../src/sync/context.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { startScript } from '../support/process.ts';
import { names, readStaff } from '../support/staff-reading.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcmeWithScim, declareAcmeWithStaff, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;

async function inOrder(sync: Sync): Promise<void> {
  expect((await recompute(sync, () => undefined)).differences).toEqual([]);
}

describe.each(DATABASES)('two processes push to %s', (database) => {
  let store: TestStore;
  beforeEach(async () => {
    store = await openTestStore(declareAcmeWithScim(), { database });
  });
  afterEach(() => store.close());

  const both = async (act: 'add' | 'remove', count: number): Promise<void> => {
    const sides = ['a', 'b'].map((side) => startScript('pusher', store.url, act, ...names(side, count)));
    await Promise.all(sides.map(({ ended }) => ended));
  };

  test('different people and one group: nobody and no link is lost', async () => {
    await both('add', 40);
    expect(await countActive(store.sync.db, acme)).toBe(81);
    expect(await store.sync.db('links').where({ in_group: 'everybody' }).select('member')).toHaveLength(80);
    await inOrder(store.sync);
  });

  test('planning everybody anew gives nothing at any instant, also while others write', async () => {
    const { sync } = store;
    const state = { writing: true };
    const pushes = both('add', 25).finally(() => (state.writing = false));
    while (state.writing) {
      await inSnapshot(sync.db, (db) => inOrder({ ...sync, db }));
      // SQLite answers without a pause, and the ends of the others would never be heard of.
      await sleep(5);
    }
    await pushes;
  });

  test('60 single deletes of 100 people: exactly 20 commit, each further one is held', async () => {
    await both('add', 50);
    await both('remove', 30);
    expect(await countActive(store.sync.db, acme)).toBe(101 - 20);
    const [hold] = await loadHolds(store.sync.db);
    expect(await rowsOfHold(store.sync.db, hold!.id, 'held')).toHaveLength(40);
    await inOrder(store.sync);
  });
});

describe.each(DATABASES)('a directory is read by one process at a time on %s', (database) => {
  let store: TestStore;
  let sync: Sync;
  beforeEach(async () => {
    store = await openTestStore(declareAcmeWithStaff(), { database });
    sync = store.sync;
  });
  afterEach(() => store.close());

  test('a reader that slept while another read writes nothing of what it had read', async () => {
    const slow = readStaff(sync.now(), ['zoe'], async () => {
      // Nobody has heard of it for as long as a lease lasts; another process reads the directory meanwhile.
      await sync.db('leases').update({ expires_at: databaseTime(sync.db, -1) });
      await runDirectory(sync, readStaff(sync.now(), ['anna', 'ben']), { preview: false });
    });
    await expect(runDirectory(sync, slow, { preview: false })).rejects.toMatchObject({ code: 'lease_lost' });
    const known = await sync.db('external_people').orderBy('external_id').select('external_id');
    expect(known.map((row) => row.external_id)).toEqual(['anna', 'ben']);
    expect(await sync.db('staged_people').select('plan')).toEqual([]);
    const runs = await sync.db('runs').where({ kind: 'sync' }).orderBy('id').select('state');
    expect(runs.map(({ state }) => state)).toEqual(['failed', 'done']);
    await inOrder(sync);
  });

  test.each(['reading', 'planning', 'committing'])(
    'while a process is %s no other begins; killed there, the next one ends as if nothing had been',
    async (step) => {
      const count = 1_200;
      const reader = startScript('staff-reader', store.url, String(count), step);
      await reader.said(step);
      const again = (): Promise<unknown> =>
        runDirectory(sync, readStaff(sync.now(), names('p', count)), { preview: false });
      await expect(again()).rejects.toMatchObject({ code: 'already_running' });
      await reader.kill();
      await inOrder(sync);
      await again();
      expect(await countActive(sync.db, acme)).toBe(1 + count);
      expect(await sync.db('runs').whereIn('state', ['reading', 'committing']).select('id')).toEqual([]);
      expect(await sync.db('staged_people').select('plan')).toEqual([]);
      await inOrder(sync);
    },
  );
});

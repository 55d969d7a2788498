// Several processes on one database: nothing is lost, the brake's budget is exact, and a directory is read by one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading } from '../../src/core/reading.ts';
import { databaseTime } from '../../src/store/database.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { countActive } from '../../src/store/memberships.ts';
import { rowsOfHold } from '../../src/store/plans.ts';
import type { Sync } from '../../src/sync/context.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { startScript } from '../support/process.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, declareAcmeWithScim, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const corp = 'corp' as ConnectionId;

/** People of one side, by name. */
const people = (side: string, count: number): string[] => Array.from({ length: count }, (_, nth) => `${side}${nth}`);

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
    const sides = ['a', 'b'].map((side) => startScript('pusher', store.url, act, ...people(side, count)));
    await Promise.all(sides.map(({ ended }) => ended));
  };

  test('different people and one group: nobody and no link is lost', async () => {
    await both('add', 40);
    expect(await countActive(store.sync.db, acme)).toBe(81);
    expect(await store.sync.db('links').where({ in_group: 'everybody' }).select('member')).toHaveLength(80);
    await inOrder(store.sync);
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
  beforeEach(async () => {
    const connection = { id: corp, kind: 'ldap' as const, organization: null, state: null, lifecycle: true };
    store = await openTestStore(
      declareAcme({
        connections: [{ ...connection, trustEmail: 'any' }],
        mappings: [
          {
            connection: corp,
            groupBy: 'name',
            group: 'staff',
            groupKey: 'staff',
            organization: acme,
            role: 'annotator',
            workspace: null,
            project: null,
            projectRole: null,
          },
        ],
      }),
      { database },
    );
  });
  afterEach(() => store.close());

  function directory(names: readonly string[], during: () => Promise<void> = async () => undefined): DirectoryReading {
    async function* items(): AsyncGenerator<DirectoryItem> {
      yield { kind: 'group', externalId: 'staff', name: 'staff', nameKey: 'staff', aliases: ['staff'] };
      for (const id of names) {
        const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: id };
        yield { kind: 'person', externalId: id, active: true, attributes, aliases: [id], container: null };
        yield { kind: 'links', links: [{ group: 'staff', member: id }] };
      }
      await during();
    }
    return {
      kind: 'directory',
      connection: corp,
      at: store.sync.now(),
      items: items(),
      nested: false,
      outcome: () => ({ complete: true, reason: null, fingerprint: 'f', warnings: [] }),
      lookUp: () => Promise.resolve(new Set()),
    };
  }

  test('a reader that slept while another read writes nothing of what it had read', async () => {
    const { sync } = store;
    const slow = runDirectory(
      sync,
      directory(['zoe'], async () => {
        // Nobody has heard of it for as long as a lease lasts; another process reads the directory meanwhile.
        await sync.db('leases').update({ expires_at: databaseTime(sync.db, -1) });
        await runDirectory(sync, directory(['anna', 'ben']), { preview: false });
      }),
      { preview: false },
    );
    await expect(slow).rejects.toMatchObject({ code: 'lease_lost' });
    const known = await sync.db('external_people').orderBy('external_id').select('external_id');
    expect(known.map((row) => row.external_id)).toEqual(['anna', 'ben']);
    expect(await sync.db('staged_people').select('plan')).toEqual([]);
    expect(await sync.db('runs').where({ kind: 'sync' }).orderBy('id').select('state')).toEqual([
      { state: 'failed' },
      { state: 'done' },
    ]);
    await inOrder(sync);
    // What it holds for a lost run does not stand in the way of the next one.
    await runDirectory(sync, directory(['anna', 'ben', 'zoe']), { preview: false });
  });

  test('a run that is overtaken in its commit stops, and the other goes on from where it was', async () => {
    const { sync } = store;
    const many = people('p', 1_200);
    let taken = false;
    const progress = (step: string): void => {
      if (step === 'committing') taken = true;
    };
    const overtaken: Sync = {
      ...sync,
      now: () => {
        const at = sync.now();
        return at;
      },
    };
    const slow = runDirectory(overtaken, directory(many), {
      preview: false,
      progress: (step, done) => {
        progress(step);
        if (step === 'committing' && done === 1) throw new Error('the process is gone');
      },
    });
    await expect(slow).rejects.toThrow('gone');
    expect(taken).toBe(true);
    expect(await sync.db('runs').where({ state: 'committing' }).select('id')).toHaveLength(1);
    await runDirectory(sync, directory(many), { preview: false });
    expect(await countActive(sync.db, acme)).toBe(1 + 1_200);
    expect(await sync.db('runs').whereIn('state', ['reading', 'committing']).select('id')).toEqual([]);
    await inOrder(sync);
  });
});

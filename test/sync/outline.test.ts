// What every push is planned in is read once and kept: it must never be older than what anybody has committed, nor be
// what somebody has taken back.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { declare } from '../../src/organization/declare.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Sync } from '../../src/sync/context.ts';
import { push } from '../../src/sync/push.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcmeWithScim, openTestStore } from '../support/store.ts';

const scim = 'acme-scim' as ConnectionId;
const acme = 'acme' as OrganizationId;
const before = declareAcmeWithScim();

function changed(change: Partial<Declaration['organizations'][number]>): Declaration {
  return { ...before, organizations: before.organizations.map((one) => ({ ...one, ...change })) };
}

describe.each(DATABASES)('on %s', (database) => {
  let store: TestStore;
  let other: Sync;
  beforeEach(async () => {
    store = await openTestStore(before, { database });
    // Another process has connections and memory of its own.
    other = { ...store.sync, db: openDatabase(store.url) };
  });
  afterEach(async () => {
    await other.db.destroy();
    await store.close();
  });

  const arrive = async (sync: Sync, name: string): Promise<string> => {
    const attributes = {
      email: `${name}@acme.example`,
      userName: name,
      firstName: null,
      lastName: null,
      locator: null,
    };
    await push(sync, {
      kind: 'push',
      connection: scim,
      at: sync.now(),
      people: [{ externalId: name, active: true, attributes, groups: 'unknown' }],
      groups: [],
      joins: [],
      leaves: [],
      peopleGone: [],
      groupsGone: [],
    });
    const row: { role: string } | undefined = await sync
      .db('memberships')
      .join('accounts', 'accounts.id', 'memberships.account')
      .where({ organization: acme, email_key: attributes.email })
      .first('role');
    return row?.role ?? 'none';
  };

  test('what another process has changed counts from the next push on', async () => {
    expect(await arrive(store.sync, 'ann')).toBe('annotator');
    expect(await arrive(other, 'ben')).toBe('annotator');
    await declare(store.sync, changed({ defaultRole: 'reviewer' }), { preview: false });
    expect(await arrive(other, 'cat')).toBe('reviewer');
    await declare(other, changed({ defaultRole: 'annotator', domains: [] }), { preview: false });
    expect(await arrive(store.sync, 'dan')).toBe('none');
  });

  test('a preview that was rolled back leaves nothing behind', async () => {
    expect(await arrive(store.sync, 'ann')).toBe('annotator');
    await declare(store.sync, changed({ defaultRole: 'manager' }), { preview: true });
    expect(await arrive(store.sync, 'ben')).toBe('annotator');
    await declare(store.sync, changed({ defaultRole: 'reviewer' }), { preview: false });
    expect(await arrive(store.sync, 'cat')).toBe('reviewer');
  });
});

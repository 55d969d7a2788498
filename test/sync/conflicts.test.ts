// Link conflicts: two entries with one mail are never one guess; a person decides.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { decide } from '../../src/organization/decide-conflict.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcmeWithScim, openTestStore } from '../support/store.ts';

const scim = 'acme-scim' as ConnectionId;
let store: TestStore;

function said(people: readonly (readonly [string, string])[]): PushReading {
  return {
    kind: 'push',
    connection: scim,
    at: store.sync.now(),
    people: people.map(([externalId, email]) => ({
      externalId,
      active: true,
      attributes: { email, userName: externalId, firstName: null, lastName: null, locator: null },
      groups: 'unknown',
    })),
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

describe.each(DATABASES)('link conflicts on %s', (database) => {
  beforeEach(async () => {
    store = await openTestStore(declareAcmeWithScim(), { database });
  });
  afterEach(() => store.close());

  test('two entries with one mail: one is joined, the other listed with the account, and may be linked by hand', async () => {
    const { sync } = store;
    await push(
      sync,
      said([
        ['a', 'anna@acme.example'],
        ['b', 'Anna@acme.example'],
      ]),
    );
    const [conflict] = await loadConflicts(sync.db);
    const anna = await sync.db('accounts').where({ email_key: 'anna@acme.example' }).first();
    expect(conflict).toMatchObject({ externalId: 'b', reason: 'address_shared', account: anna.id });
    await decide(sync, conflict!.id, 'linked');
    expect(await loadConflicts(sync.db)).toEqual([]);
    expect(await sync.db('external_people').where({ account: anna.id })).toHaveLength(2);
    expect((await recompute(sync, () => undefined)).differences).toEqual([]);
  });

  test('an address that could be mistaken for somebody’s, or read as two, is nobody’s account, whoever says it', async () => {
    const { sync } = store;
    const addresses = ['\u212Aim@acme.example', 'kim\u200b@acme.example', 'kim@elsewhere.example@acme.example'];
    await push(sync, said([['kim', 'kim@acme.example'], ...addresses.map((one, n) => [`k${n}`, one] as const)]));
    const made = await sync.db('accounts').orderBy('email').pluck('email');
    expect(made).toEqual(['kim@acme.example', 'olga@acme.example']);
    const open = await loadConflicts(sync.db);
    expect(open.map(({ email, reason }) => [email, reason])).toEqual(
      expect.arrayContaining(addresses.map((one) => [one, 'address_not_verified'])),
    );
    expect(open).toHaveLength(addresses.length);
  });

  test('an address of another domain makes no account and no member; discarded, it is listed again only when the person changes', async () => {
    const { sync } = store;
    await push(sync, said([['e', 'eve@elsewhere.example']]));
    expect(await sync.db('accounts').select('email')).toEqual([{ email: 'olga@acme.example' }]);
    const [conflict] = await loadConflicts(sync.db);
    expect(conflict?.reason).toBe('address_not_verified');
    await decide(sync, conflict!.id, 'discarded');
    await push(sync, said([['e', 'eve@elsewhere.example']]));
    expect(await loadConflicts(sync.db)).toEqual([]);
    await push(sync, said([['e', 'eva@elsewhere.example']]));
    expect(await loadConflicts(sync.db)).toHaveLength(1);
  });
});

// People of whom a directory tells for the first time, who get nothing and are nobody's: they become facts
// many at a time, and whoever is no stranger any more by then is looked at like everybody else.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading } from '../../src/core/reading.ts';
import { declare } from '../../src/organization/declare.ts';
import { addAccounts } from '../../src/store/accounts.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const corp = 'corp' as ConnectionId;
const AT = '2026-11-25T08:00:00.000Z' as Instant;
const STOPPED = new Error('stopped between two pieces');

const ldap = {
  id: corp,
  kind: 'ldap' as const,
  organization: null,
  state: null,
  lifecycle: true,
  trustEmail: 'any' as const,
};
const connections = [ldap];
const guild = {
  connection: corp,
  groupBy: 'name' as const,
  group: 'guild',
  groupKey: 'guild',
  organization: 'acme' as OrganizationId,
  role: 'manager' as const,
  workspace: null,
  project: null,
  projectRole: null,
};

function person(id: string, active = true): DirectoryItem {
  const attributes = { email: `${id}@Acme.example`, userName: id, firstName: 'A', lastName: 'B', locator: `uid=${id}` };
  return { kind: 'person', externalId: id, active, attributes, aliases: [`dn:${id}`], container: 'ou=people' };
}

const items: readonly DirectoryItem[] = [
  { kind: 'group', externalId: 'staff', name: 'staff', nameKey: 'staff', aliases: ['dn:staff'] },
  { kind: 'group', externalId: 'guild', name: 'guild', nameKey: 'guild', aliases: ['dn:guild'] },
  { kind: 'links', links: ['ann', 'bob', 'cleo'].map((member) => ({ group: 'dn:staff', member: `dn:${member}` })) },
  { kind: 'links', links: [{ group: 'dn:guild', member: 'dn:ann' }] },
  person('ann'),
  person('bob', false),
  person('cleo'),
];

describe.each(DATABASES)('strangers of a first read on %s', (database) => {
  let store: TestStore;

  /** @param stopped it ends after the groups' own piece. */
  async function read(stopped = false, told = items): Promise<void> {
    async function* each(): AsyncGenerator<DirectoryItem> {
      yield* told;
    }
    const reading: DirectoryReading = {
      kind: 'directory',
      connection: corp,
      at: AT,
      items: each(),
      nested: true,
      outcome: () => ({ complete: true, reason: null, fingerprint: 'one question', warnings: [] }),
      lookUp: async () => new Set(),
    };
    const progress = (step: string): void => {
      if (stopped && step === 'committing') throw STOPPED;
    };
    await runDirectory(store.sync, reading, { preview: false, progress });
  }

  async function known(columns: readonly string[]): Promise<unknown[]> {
    return store.sync
      .db('external_people')
      .where({ connection: corp })
      .orderBy('external_id')
      .select(...columns);
  }

  async function roles(): Promise<unknown[]> {
    return store.sync
      .db('memberships')
      .join('accounts', 'accounts.id', 'memberships.account')
      .orderBy('accounts.email')
      .select('accounts.email', 'memberships.role');
  }

  beforeEach(async () => {
    store = await openTestStore(declareAcme({ connections }), { database });
  });

  afterEach(async () => {
    expect((await recompute(store.sync, () => undefined)).differences).toEqual([]);
    await store.close();
  });

  test('are known as everybody else is, with all the groups that they are in', async () => {
    await read();
    const said = { email: 'ann@Acme.example', email_key: 'ann@acme.example', user_name: 'ann', container: 'ou=people' };
    const since = { present: 1, present_since: AT, active_since: AT, missed: 0, account: null };
    expect((await known(['active', ...Object.keys({ ...said, ...since })]))[0]).toEqual({
      active: 1,
      ...said,
      ...since,
    });
    expect(await known(['external_id', 'active'])).toEqual([
      { external_id: 'ann', active: 1 },
      { external_id: 'bob', active: 0 },
      { external_id: 'cleo', active: 1 },
    ]);
    const links = await store.sync.db('links').orderBy(['member', 'in_group']).select('member', 'in_group', 'since');
    expect(links).toEqual(
      [
        ['ann', 'guild'],
        ['ann', 'staff'],
        ['bob', 'staff'],
        ['cleo', 'staff'],
      ].map(([member, in_group]) => ({ member, in_group, since: AT })),
    );
  });

  test('are known under whatever id and in whatever group the directory gives', async () => {
    const odd = ['cn=O\\"Neil\\, Ünal,ou=people', '{"a": ["b"]}', '__proto__', '12'];
    await read(false, [
      { kind: 'group', externalId: 'a "group"\\', name: 'g', nameKey: 'g', aliases: ['dn:g'] },
      { kind: 'links', links: odd.map((member) => ({ group: 'dn:g', member: `dn:${member}` })) },
      ...odd.map((id) => person(id)),
    ]);
    expect(await known(['external_id'])).toEqual([...odd].sort().map((external_id) => ({ external_id })));
    const links = await store.sync.db('links').orderBy('member').select('member', 'in_group');
    expect(links).toEqual([...odd].sort().map((member) => ({ member, in_group: 'a "group"\\' })));
  });

  test('a read that is made again after them finds nothing to write', async () => {
    await read();
    const before = await known(['*']);
    await read();
    expect(await known(['*'])).toEqual(before);
  });

  test('who signed in under the same name already, with another address, keeps that account', async () => {
    await store.close();
    const sso = { ...ldap, id: 'sso' as ConnectionId, kind: 'saml' as const, lifecycle: false };
    store = await openTestStore(declareAcme({ connections: [...connections, sso] }), { database });
    const { db } = store.sync;
    const account = { id: 'a-cleo' as AccountId, email: 'cleo@elsewhere.example', firstName: null, lastName: null };
    await addAccounts(db, [account], AT);
    const since = { present: 1, present_since: AT, active: 1, active_since: AT };
    await db('external_people').insert({
      connection: 'sso',
      external_id: 'c',
      user_name: 'Cleo',
      account: 'a-cleo',
      ...since,
    });
    await read();
    expect((await known(['external_id', 'account']))[2]).toEqual({ external_id: 'cleo', account: 'a-cleo' });
  });

  test('who got an account before the plan was committed is joined to it', async () => {
    await expect(read(true)).rejects.toThrow(STOPPED.message);
    expect(await known(['external_id'])).toEqual([]);
    const account = { id: 'a-cleo' as AccountId, email: 'cleo@acme.example', firstName: null, lastName: null };
    await addAccounts(store.sync.db, [account], AT);
    await read();
    expect(await known(['external_id', 'account'])).toEqual([
      { external_id: 'ann', account: null },
      { external_id: 'bob', account: null },
      { external_id: 'cleo', account: 'a-cleo' },
    ]);
  });

  test('who is known before the plan is committed is looked at, and does not stop the others', async () => {
    await expect(read(true)).rejects.toThrow(STOPPED.message);
    const gone = { present: 0, present_since: AT, active: 1, active_since: AT };
    await store.sync.db('external_people').insert({ connection: corp, external_id: 'bob', ...gone });
    await read();
    expect(await known(['external_id', 'present', 'active', 'user_name'])).toEqual([
      { external_id: 'ann', present: 1, active: 1, user_name: 'ann' },
      { external_id: 'bob', present: 1, active: 0, user_name: 'bob' },
      { external_id: 'cleo', present: 1, active: 1, user_name: 'cleo' },
    ]);
  });

  test('who is in a group that was mapped before the plan was committed has its role', async () => {
    await expect(read(true)).rejects.toThrow(STOPPED.message);
    await declare(store.sync, declareAcme({ connections, mappings: [guild] }), { preview: false });
    await read();
    expect(await roles()).toEqual([
      { email: 'ann@Acme.example', role: 'manager' },
      { email: 'olga@acme.example', role: 'administrator' },
    ]);
  });
});

// A push reads only the groups around what it touches; what it decides must be what the whole landscape would decide.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MemberRef } from '../../src/core/fact.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const scim = 'acme-scim' as ConnectionId;
const corp = 'corp' as ConnectionId;

const declaration = declareAcme({
  organization: { domains: ['acme.example'] },
  connections: [
    { id: scim, kind: 'scim', organization: acme, state: null, lifecycle: true, trustEmail: 'verified' },
    { id: corp, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' },
  ],
  mappings: [
    [scim, 'outer', 'manager'] as const,
    [scim, 'other', 'annotator'] as const,
    [corp, 'staff', 'reviewer'] as const,
  ].map(([connection, group, role]) => ({
    connection,
    groupBy: 'name' as const,
    group,
    groupKey: group,
    organization: acme,
    role,
    workspace: null,
    project: null,
    projectRole: null,
  })),
});

describe.each(DATABASES)('on %s', (database) => {
  let store: TestStore;
  beforeEach(async () => {
    store = await openTestStore(declaration, { database });
  });
  afterEach(async () => {
    expect((await recompute(store.sync, () => undefined)).differences).toEqual([]);
    await store.close();
  });

  const say = (said: Partial<PushReading>): Promise<unknown> =>
    push(store.sync, {
      kind: 'push',
      connection: scim,
      at: store.sync.now(),
      people: [],
      groups: [],
      joins: [],
      leaves: [],
      peopleGone: [],
      groupsGone: [],
      ...said,
    });
  const group = (name: string, externalId = name): PushReading['groups'][number] => ({
    externalId,
    name,
    nameKey: name,
    members: 'unknown',
  });
  const person = (externalId: string, active = true): PushReading['people'][number] => ({
    externalId,
    active,
    attributes: {
      email: `${externalId}@acme.example`,
      userName: externalId,
      firstName: null,
      lastName: null,
      locator: null,
    },
    groups: 'unknown',
  });
  const into = (name: string, kind: MemberRef['kind'], externalId: string): PushReading['joins'][number] => ({
    group: name,
    member: { kind, externalId },
  });
  const role = async (email: string): Promise<string> => {
    const row: { role: string; status: string } | undefined = await store.sync
      .db('memberships')
      .join('accounts', 'accounts.id', 'memberships.account')
      .where({ organization: acme, email_key: email })
      .first('role', 'status');
    return row === undefined ? 'none' : `${row.role} ${row.status}`;
  };

  test('a mapped group two levels up is forgotten when a person joins the innermost', async () => {
    await say({ groups: ['inner', 'middle', 'outer'].map((name) => group(name)) });
    await say({ joins: [into('middle', 'group', 'inner')] });
    await say({ joins: [into('outer', 'group', 'middle')] });
    await say({ people: [person('ann')] });
    await say({ joins: [into('inner', 'person', 'ann')] });
    expect(await role('ann@acme.example')).toBe('manager active');
    await say({ people: [person('ann', false)] });
    expect(await role('ann@acme.example')).toBe('manager deactivated');
  });

  test('who is deep inside a group keeps what it gave after it is nested elsewhere, renamed or gone', async () => {
    await say({ groups: ['inner', 'middle', 'elsewhere', 'other'].map((name) => group(name)) });
    await say({ people: [person('ann')], joins: [into('inner', 'person', 'ann'), into('middle', 'group', 'inner')] });
    expect(await role('ann@acme.example')).toBe('not_activated pending');
    await say({ joins: [into('elsewhere', 'group', 'middle')] });
    await say({ groups: [group('outer', 'elsewhere')] });
    expect(await role('ann@acme.example')).toBe('manager active');
    await say({ joins: [into('other', 'group', 'inner')] });
    await say({ groupsGone: ['elsewhere'] });
    expect(await role('ann@acme.example')).toBe('annotator active');
  });

  test("another connection's groups are forgotten by a push that does not speak of them", async () => {
    await say({ connection: corp, groups: [group('staff')], people: [person('ann')] });
    await say({ connection: corp, joins: [into('staff', 'person', 'ann')] });
    await say({ people: [person('ann')] });
    expect(await role('ann@acme.example')).toBe('reviewer active');
    await say({ peopleGone: ['ann'] });
    expect(await role('ann@acme.example')).toBe('reviewer active');
  });
});

// What a hold and a keep leave standing, when somebody else speaks or the world around them changes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, HoldId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { declare } from '../../src/organization/declare.ts';
import { findAccount } from '../../src/store/accounts.ts';
import { loadDossiers } from '../../src/store/dossiers.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { loadOrganizations } from '../../src/store/organizations.ts';
import { rowsOfHold, rowsOfPlan } from '../../src/store/plans.ts';
import { applyExpiredHolds, decideHold } from '../../src/sync/decide-hold.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const hr = 'hr' as ConnectionId;
const corp = 'corp' as ConnectionId;
const people = ['anna', 'bert', 'cora'];
let store: TestStore;

function declared(rules: Partial<Declaration['organizations'][number]> = {}): Declaration {
  const connection = { kind: 'scim' as const, state: null, lifecycle: true, trustEmail: 'any' as const };
  const mapping = { groupBy: 'id' as const, workspace: null, project: null, projectRole: null };
  return {
    organizations: [
      {
        id: acme,
        title: 'Acme',
        owner: 'olga@acme.example',
        roleAuthority: 'shared',
        defaultRole: 'annotator',
        seats: null,
        domains: ['acme.example'],
        successor: null,
        projects: [],
        ...rules,
      },
    ],
    connections: [
      { ...connection, id: hr, organization: acme },
      { ...connection, id: corp, organization: null },
    ],
    mappings: [
      { ...mapping, connection: corp, group: 'staff', groupKey: 'staff', organization: acme, role: 'reviewer' },
      { ...mapping, connection: corp, group: 'chiefs', groupKey: 'chiefs', organization: acme, role: 'administrator' },
    ],
  };
}

// Two removals at once are held, one passes.
const brake = { share: 0, people: 2 };

function said(connection: ConnectionId, fields: Partial<PushReading>): PushReading {
  const nothing = { people: [], groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };
  return { kind: 'push', connection, at: store.sync.now(), ...nothing, ...fields };
}

function all(names: readonly string[], active = true): PushReading['people'] {
  return names.map((name) => ({
    externalId: name,
    active,
    attributes: { email: `${name}@acme.example`, userName: name, firstName: null, lastName: null, locator: null },
    groups: 'unknown',
  }));
}

function group(id: string, names: readonly string[]): Partial<PushReading> {
  const members = names.map((externalId) => ({ kind: 'person' as const, externalId }));
  return { groups: [{ externalId: id, name: id, nameKey: id, members }] };
}

const staff = (names: readonly string[]): Partial<PushReading> => group('staff', names);

async function statusOf(name: string): Promise<string | undefined> {
  const account = await findAccount(store.sync.db, `${name}@acme.example`);
  const [dossier] = await loadDossiers(store.sync.db, account === null ? [] : [account.id]);
  return dossier?.memberships.find(({ organization }) => organization === acme)?.status;
}

async function openHold(): Promise<string> {
  const [hold] = (await loadHolds(store.sync.db)).filter(({ state }) => state === 'open');
  if (hold === undefined) throw new Error('nothing is held');
  return hold.id;
}

async function inOrder(): Promise<void> {
  expect((await recompute(store.sync, () => undefined)).differences).toEqual([]);
}

describe.each(DATABASES)('on %s', (database) => {
  beforeEach(async () => {
    store = await openTestStore(declared(), { ...brake, database });
  });
  afterEach(() => store.close());

  describe('a hold', () => {
    test('of a connection that had never vouched for somebody shields nobody whom another lets go', async () => {
      await push(store.sync, said(corp, { people: all(people), ...staff(people) }));
      // The first that hr says of them is that they are disabled: held, and hr has never called them active.
      await push(store.sync, said(hr, { people: all(people, false) }));
      expect(await statusOf('anna')).toBe('active');
      await push(store.sync, said(corp, { peopleGone: ['anna'] }));
      expect(await statusOf('anna')).toBe('deactivated');
      expect(await statusOf('bert')).toBe('active');
      await inOrder();
    });

    test('of eleven new Administrators still holds them when another connection makes them members', async () => {
      const many = Array.from({ length: 11 }, (_, nth) => `p${nth}`);
      await push(store.sync, said(corp, { people: all(many), ...group('chiefs', many) }));
      expect(await statusOf('p0')).toBeUndefined();
      await push(store.sync, said(hr, { people: all(many) }));
      const held = await rowsOfHold(store.sync.db, (await openHold()) as HoldId, 'held');
      expect(held.map(({ before }) => before?.role)).toEqual(many.map(() => 'annotator'));
      await inOrder();
      await decideHold(store.sync, await openHold(), 'approved', 'p0@acme.example');
      const account = await findAccount(store.sync.db, 'p0@acme.example');
      const [dossier] = await loadDossiers(store.sync.db, [account!.id]);
      expect(dossier?.memberships[0]?.role).toBe('administrator');
      await inOrder();
    });

    test('with a deadline is applied once it has passed, and not before', async () => {
      await push(store.sync, said(hr, { people: all(people) }));
      await push(store.sync, said(hr, { people: all(people, false) }));
      const hour = { ...store.sync, brake: { ...store.sync.brake, deadlineMs: 3_600_000 } };
      expect(await applyExpiredHolds(hour)).toEqual([]);
      expect(await statusOf('anna')).toBe('active');
      const later = { ...hour, now: () => new Date(Date.parse(store.sync.now()) + 3_600_000).toISOString() };
      expect(await applyExpiredHolds(later)).toHaveLength(1);
      expect(await statusOf('anna')).toBe('deactivated');
      await inOrder();
    });

    test('without a deadline waits for ever', async () => {
      await push(store.sync, said(hr, { people: all(people) }));
      await push(store.sync, said(hr, { people: all(people, false) }));
      const later = { ...store.sync, now: () => '2036-01-01T00:00:00.000Z' };
      expect(await applyExpiredHolds(later)).toEqual([]);
      expect(await statusOf('anna')).toBe('active');
    });

    test('of the successor is struck out when the seat is theirs, and they stay its only Owner', async () => {
      await store.close();
      store = await openTestStore(declared({ successor: 'anna@acme.example' }), { ...brake, database });
      await push(store.sync, said(corp, { people: all(['olga', ...people]), ...staff(['olga', ...people]) }));
      // Anna and bert lose their group: two removals at once are held.
      await push(store.sync, said(corp, staff(['olga', 'cora'])));
      expect(await statusOf('anna')).toBe('active');
      await push(store.sync, said(corp, { people: all(['olga'], false) }));
      const [organization] = await loadOrganizations(store.sync.db, [acme]);
      expect(organization?.owner).toBe((await findAccount(store.sync.db, 'anna@acme.example'))?.id);
      await inOrder();
      // Bert still waits in the hold.
      const held = await rowsOfHold(store.sync.db, (await openHold()) as HoldId, 'held');
      expect(held.map(({ email }) => email)).toEqual(['bert@acme.example']);
    });
  });

  describe('an edit', () => {
    test('that takes every connection out of an organization does not empty it', async () => {
      await push(store.sync, said(corp, { people: all(['olga', ...people]), ...staff(people) }));
      const lifted = { ...store.sync, brake: { ...store.sync.brake, people: 100 } };
      await push(lifted, said(corp, { people: all(['olga'], false) }));
      const second = declared();
      const other = 'other' as ConnectionId;
      const [, operators] = second.connections;
      const both: Declaration = {
        ...second,
        connections: [...second.connections, { ...operators!, id: other }],
        mappings: [...second.mappings, { ...second.mappings[0]!, connection: other }],
      };
      await declare(lifted, both, { preview: false });
      const more = ['dora', 'emil', 'fred'];
      await push(lifted, said(other, { people: all(more), ...staff(more) }));
      await declare(lifted, { ...both, mappings: [] }, { preview: false });
      for (const name of [...people, ...more]) expect(await statusOf(name), name).toBe('active');
      await inOrder();
    });

    test('shown before is the edit that is done', async () => {
      await push(store.sync, said(corp, { people: all(people), ...staff(people) }));
      const told = async (preview: boolean): Promise<string[]> => {
        const { ref } = await declare(store.sync, { ...declared(), mappings: [] }, { preview });
        const rows: string[] = [];
        for await (const { email, before, after, state } of rowsOfPlan(store.sync.db, ref.id))
          rows.push(JSON.stringify([email, before, after, state === 'held' || state === 'stopped']));
        return rows.sort();
      };
      const shown = await told(true);
      expect(shown).toHaveLength(3);
      expect(await told(false)).toEqual(shown);
    });
  });

  describe('a successor', () => {
    test('who was named before anybody had met them takes the seat', async () => {
      await store.close();
      store = await openTestStore(declared({ successor: 'anna@acme.example' }), { database });
      await push(store.sync, said(corp, { people: all(['olga', ...people]), ...staff(people) }));
      await push(store.sync, said(corp, { people: all(['olga'], false) }));
      const [organization] = await loadOrganizations(store.sync.db, [acme]);
      expect(organization?.owner).toBe((await findAccount(store.sync.db, 'anna@acme.example'))?.id);
      await inOrder();
    });
  });

  describe('a keep', () => {
    test('ends with what its connection says next, also where the connection has no word any more', async () => {
      await push(store.sync, said(corp, { people: all(people), ...staff(people) }));
      await declare(store.sync, { ...declared(), mappings: [] }, { preview: false });
      await decideHold(store.sync, await openHold(), 'rejected', null);
      expect(await statusOf('anna')).toBe('active');
      await inOrder();
      await push(store.sync, said(corp, { peopleGone: ['anna'] }));
      expect(await statusOf('anna')).toBe('deactivated');
      expect(await statusOf('bert')).toBe('active');
      await inOrder();
    });
  });
});

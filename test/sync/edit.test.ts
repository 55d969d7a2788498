// Edits: what a preview shows is what the edit does, however much of it the preview need not do to know.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { declare } from '../../src/organization/declare.ts';
import { rowsOfPlan } from '../../src/store/plans.ts';
import type { Sync } from '../../src/sync/context.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const corp = 'corp' as ConnectionId;
const scim = 'acme-scim' as ConnectionId;
/** Behind most others in the order in which people are planned. */
const OWNER = 'p9@acme.example';

type Gives = Partial<Declaration['mappings'][number]>;

const mapping = (group: string, gives: Gives): Declaration['mappings'][number] => ({
  connection: corp,
  groupBy: 'name',
  group,
  groupKey: group,
  organization: acme,
  role: null,
  workspace: null,
  project: null,
  projectRole: null,
  ...gives,
});

const MAPPINGS = [
  mapping('admins', { role: 'administrator' }),
  mapping('staff', { role: 'annotator', workspace: 'Support' }),
  mapping('staff', { role: 'reviewer' }),
  mapping('staff', { project: 'claims', projectRole: 'reviewer' }),
];

interface Rules {
  readonly mapped: readonly Declaration['mappings'][number][];
  readonly state: 'active' | 'observe' | 'paused';
  readonly organization: Partial<Declaration['organizations'][number]>;
}

function declarationOf({ mapped, state, organization }: Rules): Declaration {
  const connection = { kind: 'ldap', lifecycle: true, trustEmail: 'any' } as const;
  return declareAcme({
    organization: { owner: OWNER, domains: ['acme.example'], ...organization },
    connections: [
      { ...connection, id: corp, organization: null, state },
      { ...connection, id: scim, kind: 'scim', organization: acme, state: null },
    ],
    mappings: mapped,
  });
}

interface Said {
  readonly group: 'admins' | 'staff' | null;
  readonly active: boolean;
}

function reading(sync: Sync, connection: ConnectionId, people: readonly (Said | null)[]): PushReading {
  const groups = ['admins', 'staff'].map((name) => ({
    externalId: name,
    name,
    nameKey: name,
    members: 'unknown' as const,
  }));
  return {
    kind: 'push',
    connection,
    at: sync.now(),
    people: people.flatMap((said, nth) => {
      if (said === null) return [];
      const id = `p${nth}`;
      const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: null };
      return [{ externalId: id, active: said.active, attributes, groups: said.group === null ? [] : [said.group] }];
    }),
    groups: connection === corp ? groups : [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

/** What is told of an edit. */
async function told(sync: Sync, rules: Rules, preview: boolean): Promise<string[]> {
  const { ref } = await declare(sync, declarationOf(rules), { preview });
  const rows: string[] = [];
  for await (const { email, target, before, after, kind, reason, state } of rowsOfPlan(sync.db, ref.id)) {
    const held = state === 'held' || state === 'stopped';
    if (state !== 'moot') rows.push(JSON.stringify([email, target, before, after, kind, reason, held]));
  }
  return rows.sort();
}

/** All that an edit may change, to see that a preview changes none of it. */
async function standing(sync: Sync): Promise<unknown[]> {
  const tables = ['accounts', 'memberships', 'placements', 'mappings', 'organizations', 'holds', 'events', 'blocks'];
  return Promise.all(tables.map((table) => sync.db(table)));
}

async function expectShown(sync: Sync, rules: Rules): Promise<string[]> {
  const before = await standing(sync);
  const shown = await told(sync, rules, true);
  expect(await standing(sync)).toEqual(before);
  expect(await told(sync, rules, false)).toEqual(shown);
  expect((await recompute(sync, () => undefined)).differences).toEqual([]);
  return shown;
}

const rulesOf: fc.Arbitrary<Rules> = fc.record({
  mapped: fc.subarray(MAPPINGS),
  state: fc.constantFrom('active' as const, 'active' as const, 'observe' as const, 'paused' as const),
  organization: fc.record({
    defaultRole: fc.constantFrom('not_activated' as const, 'annotator' as const),
    roleAuthority: fc.constantFrom('shared' as const, 'directory' as const),
    seats: fc.constantFrom(null, 2, 5, 50),
    successor: fc.constantFrom(null, 'p1@acme.example'),
  }),
});
const saidOf: fc.Arbitrary<Said> = fc.record({
  group: fc.constantFrom('admins' as const, 'staff' as const, 'staff' as const, null),
  active: fc.constantFrom(true, true, true, false),
});
const peopleOf = fc.array(fc.option(saidOf), { minLength: 14, maxLength: 14 });

const RUNS = { sqlite: 60, postgres: 12 };

describe.each(DATABASES)('an edit on %s', (database) => {
  test('does what its preview shows, whatever the edit and whoever is there', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rulesOf, rulesOf, peopleOf, peopleOf, async (first, last, inCorp, inScim) => {
        const store = await openTestStore(declarationOf(first), { database, people: 5 });
        try {
          await push(store.sync, reading(store.sync, corp, inCorp));
          await push(store.sync, reading(store.sync, scim, inScim));
          await expectShown(store.sync, last);
        } finally {
          await store.close();
        }
      }),
      { numRuns: RUNS[database] },
    );
  });

  test('that gives a connection its first word suspends whom it reports inactive', async () => {
    const silent: Rules = { mapped: [], state: 'active', organization: { defaultRole: 'annotator' } };
    const store = await openTestStore(declarationOf(silent), { database });
    try {
      await push(store.sync, reading(store.sync, scim, [{ group: null, active: true }]));
      await push(store.sync, reading(store.sync, corp, [{ group: null, active: false }]));
      const given = MAPPINGS.slice(0, 1);
      const shown = await expectShown(store.sync, { ...silent, mapped: given });
      expect(shown.filter((row) => row.includes('"deactivated"'))).toHaveLength(1);
      // And keeps them suspended when it has none any more.
      await expectShown(store.sync, silent);
    } finally {
      await store.close();
    }
  });

  describe('of more people than are planned at once', () => {
    const PEOPLE = 1_100;
    const admins = MAPPINGS.slice(0, 1);
    const support = MAPPINGS.slice(1, 2);
    const reviewers = MAPPINGS.slice(2, 3);
    const plain: Rules = { mapped: support, state: 'active', organization: {} };
    let store: TestStore;

    beforeEach(async () => {
      store = await openTestStore(declarationOf(plain), { database });
      const everybody = Array.from({ length: PEOPLE }, (_, nth): Said => ({ group: 'staff', active: nth !== 7 }));
      await push(store.sync, reading(store.sync, corp, everybody));
    });
    afterEach(() => store.close());

    test('shows everybody whose role changes, and stores them', async () => {
      const shown = await expectShown(store.sync, { ...plain, mapped: reviewers });
      // A role, and a workspace that ends; of the one who is inactive only the role that would come back.
      expect(shown.length).toBeGreaterThan(2 * (PEOPLE - 2));
    });

    test('shows what is held beside what is not', async () => {
      const { sync } = store;
      const some = Array.from(
        { length: PEOPLE },
        (_, nth): Said => ({ group: nth < 30 ? 'admins' : 'staff', active: true }),
      );
      await push(sync, reading(sync, corp, some));
      const shown = await expectShown(sync, { ...plain, mapped: [...admins, ...reviewers] });
      expect(shown.filter((row) => row.endsWith('true]'))).toHaveLength(30 - 1);
      // And again, while those are held.
      await expectShown(sync, { ...plain, mapped: support });
    });

    test('shows who waits where seats are few, and who gets those that it frees', async () => {
      const { sync } = store;
      // All that there are: p7 and whoever comes from now on waits.
      const limited = { ...plain, organization: { seats: PEOPLE - 1 } };
      const first = { ...limited, mapped: [...admins, ...support] };
      await declare(sync, declarationOf(first), { preview: false });
      const everybody = Array.from({ length: PEOPLE + 40 }, (_, nth): Said => {
        return { group: nth < 9 && nth !== 7 ? 'admins' : 'staff', active: true };
      });
      await push(sync, reading(sync, corp, everybody));
      const shown = await expectShown(sync, { ...limited, mapped: reviewers });
      const seated = shown.filter((row) => /"status":"pending".*"status":"active"/.test(row));
      expect(seated).toHaveLength(8);
      await expectShown(sync, { ...plain, organization: { seats: PEOPLE + 5 }, mapped: support });
    });

    test('shows the successor take the seat of an Owner whom it suspends', async () => {
      const { sync } = store;
      const organization = { defaultRole: 'annotator' as const, successor: 'p1050@acme.example' };
      await declare(sync, declarationOf({ mapped: reviewers, state: 'observe', organization }), { preview: false });
      const everybody = Array.from({ length: PEOPLE }, (): Said => ({ group: null, active: true }));
      await push(sync, reading(sync, scim, everybody));
      await push(
        sync,
        reading(
          sync,
          corp,
          everybody.map((_, nth) => ({ group: 'staff', active: nth !== 9 })),
        ),
      );
      const shown = await expectShown(sync, { mapped: reviewers, state: 'active', organization });
      expect(shown.filter((row) => row.includes('"owner"')).length).toBeGreaterThan(1);
    });
  });
});

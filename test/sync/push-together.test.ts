// Pushes that arrive together are taken in together. What comes of each, and who is told what, must be what would have
// come of them one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemberRef } from '../../src/core/fact.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { inTransaction } from '../../src/store/database.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { rowsOfPlan } from '../../src/store/plans.ts';
import type { PlanRef, Sync } from '../../src/sync/context.ts';
import { decideHold } from '../../src/sync/decide-hold.ts';
import { pushTogether } from '../../src/sync/push-together.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { DatabaseKind } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const NUM_RUNS = { sqlite: 100, postgres: 12 };
const acme = 'acme' as OrganizationId;
const scim = 'acme-scim' as ConnectionId;
const other = 'corp' as ConnectionId;
const PEOPLE = Array.from({ length: 6 }, (_one, nth) => `p${nth}`);
const ADDRESSES = ['p0@acme.example', 'p1@acme.example', 'olga@acme.example', 'x@elsewhere.example', null];

const GROUPS = ['Managers', 'Administrators'].map((name) => ({
  externalId: name,
  name,
  nameKey: name,
  members: 'unknown' as const,
}));

const saying = fc.record({
  id: fc.constantFrom(...PEOPLE),
  active: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
  address: fc.oneof({ weight: 2, arbitrary: fc.constant('own' as const) }, fc.constantFrom(...ADDRESSES)),
  name: fc.constantFrom('Ann', 'Bob', null),
});
type Saying = { id: string; active: boolean; address: string | null; name: string | null };
const moving = fc.record({
  group: fc.constantFrom('Managers', 'Administrators'),
  id: fc.constantFrom(...PEOPLE),
  joins: fc.boolean(),
});
const reading = fc.oneof(
  { weight: 8, arbitrary: saying.map((one) => people(one)) },
  {
    weight: 1,
    arbitrary: moving.map(({ group, id, joins }) =>
      said(joins ? { joins: [into(group, id)] } : { leaves: [into(group, id)] }),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...PEOPLE).map((id) => said({ peopleGone: [id] })) },
);
const company = fc.record({
  seats: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
  known: fc.uniqueArray(saying, { selector: ({ id }) => id, maxLength: 4 }),
  links: fc.array(moving, { maxLength: 5 }),
  /** All known people were said to be gone at once, which the brake held; or a person refused it. */
  leaving: fc.constantFrom('nobody', 'held', 'refused'),
  waiting: fc.uniqueArray(fc.constantFrom(...PEOPLE), { maxLength: 2 }),
  readings: fc.array(reading, { minLength: 2, maxLength: 9 }),
});
type Company = typeof company extends fc.Arbitrary<infer T> ? T : never;

function said(what: Partial<PushReading>): PushReading {
  const nothing = { people: [], groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };
  return { kind: 'push', connection: scim, at: '2026-02-01T00:00:00.000Z', ...nothing, ...what };
}

function people(...list: Saying[]): PushReading {
  return said({
    people: list.map(({ id, active, address, name }) => ({
      externalId: id,
      active,
      attributes: {
        email: address === 'own' ? `${id}@acme.example` : address,
        userName: id,
        firstName: name,
        lastName: null,
        locator: null,
      },
      groups: 'unknown',
    })),
  });
}

function into(group: string, externalId: string): PushReading['joins'][number] {
  return { group, member: { kind: 'person', externalId } satisfies MemberRef };
}

function declarationOf(seats: number | null): ReturnType<typeof declareAcme> {
  return declareAcme({
    organization: { domains: ['acme.example'], defaultRole: 'annotator', seats },
    connections: [
      { id: scim, kind: 'scim', organization: acme, state: null, lifecycle: true, trustEmail: 'verified' },
      { id: other, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' },
    ],
    mappings: (['Managers', 'Administrators'] as const).map((group) => ({
      connection: scim,
      groupBy: 'name' as const,
      group,
      groupKey: group,
      organization: acme,
      role: group === 'Managers' ? ('manager' as const) : ('administrator' as const),
      workspace: null,
      project: null,
      projectRole: null,
    })),
  });
}

type TakeIn = (sync: Sync, readings: readonly PushReading[]) => Promise<PlanRef[]>;

async function oneByOne(sync: Sync, readings: readonly PushReading[]): Promise<PlanRef[]> {
  const plans: PlanRef[] = [];
  for (const one of readings) plans.push(await push(sync, one));
  return plans;
}

async function together(sync: Sync, readings: readonly PushReading[]): Promise<PlanRef[]> {
  return inTransaction(sync.db, (db) => pushTogether(sync, db, readings));
}

/** All that there is afterwards, without ids and times, which no two stores share. */
async function outcome(database: DatabaseKind, from: Company, takeIn: TakeIn): Promise<unknown> {
  const store = await openTestStore(declarationOf(from.seats), { database, people: 3 });
  const { sync } = store;
  try {
    await push(
      sync,
      said({
        groups: GROUPS,
        people: people(...from.known).people,
        joins: from.links.filter(({ joins }) => joins).map(({ group, id }) => into(group, id)),
      }),
    );
    if (from.leaving !== 'nobody') await push(sync, people(...from.known.map((one) => ({ ...one, active: false }))));
    if (from.leaving === 'refused') {
      for (const { id } of await loadHolds(sync.db)) await decideHold(sync, id, 'rejected', null);
    }
    // They have no mapping, so nobody speaks for them until an account takes their address.
    await push(sync, {
      ...people(...from.waiting.map((id) => ({ id, active: true, address: 'own', name: null }))),
      connection: other,
    });
    const plans = await takeIn(sync, from.readings);
    expect((await recompute(sync, () => undefined)).differences).toEqual([]);
    const told: unknown[] = [];
    for (const { id } of plans) {
      const rows: unknown[] = [];
      for await (const row of rowsOfPlan(sync.db, id)) {
        rows.push([row.email, row.target, row.before, row.after, row.kind, row.seat, row.state, row.reason]);
      }
      told.push(rows.map((row) => JSON.stringify(row).replaceAll(/"?20\d\d-[^",\]]*"?/g, 'then')).sort());
    }
    const ofPlan = new Map(plans.map(({ id }, at) => [id as string, at]));
    const events: { type: string; data: string }[] = await sync.db('events').select('type', 'data').orderBy('seq');
    return {
      told,
      accounts: await sync.db('accounts').orderBy('email').select('email', 'first_name'),
      people: await sync
        .db('external_people as p')
        .leftJoin('accounts as a', 'a.id', 'p.account')
        .orderBy(['p.connection', 'p.external_id'])
        .select(
          'p.connection',
          'p.external_id',
          'p.present',
          'p.active',
          'p.email',
          'p.first_name',
          'a.email as account',
        ),
      links: await sync.db('links').orderBy(['in_group', 'member']).select('in_group', 'member'),
      members: await sync
        .db('memberships as m')
        .join('accounts as a', 'a.id', 'm.account')
        .orderBy('a.email')
        .select('a.email', 'm.role', 'm.status', 'm.source', sync.db.raw('m.waiting_since IS NULL AS seated')),
      owner: await sync.db('organizations as o').leftJoin('accounts as a', 'a.id', 'o.owner').select('a.email'),
      conflicts: await sync
        .db('conflicts')
        .orderBy(['external_id', 'reason', 'state'])
        .select('external_id', 'reason', 'state'),
      holds: await sync.db('holds').orderBy('brake').select('brake', 'state'),
      spent: await sync
        .db('brake_spent as s')
        .join('accounts as a', 'a.id', 's.account')
        .orderBy('a.email')
        .select('a.email'),
      vacancies: await sync.db('vacancies').select('organization'),
      events: events
        .map(({ type, data }) => {
          const { email, plan } = JSON.parse(data) as { email?: string; plan?: string };
          return [type, email, plan === undefined ? null : (ofPlan.get(plan) ?? 'before')].join(' ');
        })
        .sort(),
    };
  } finally {
    await store.close();
  }
}

describe.each(DATABASES)('on %s', (database) => {
  test('together they come to what they come to one by one', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(company, async (from) => {
        const [apart, at1] = [await outcome(database, from, oneByOne), await outcome(database, from, together)];
        expect(at1).toEqual(apart);
      }),
      { numRuns: NUM_RUNS[database] },
    );
  });

  test('whoever comes under an address before its holder leaves it is not given it', async () => {
    const known = { id: 'p0', active: true, address: 'own', name: null };
    const readings = [
      people({ id: 'p1', active: true, address: 'p0@acme.example', name: null }),
      people({ ...known, address: 'p2@acme.example' }),
    ];
    const from: Company = { seats: null, known: [known], links: [], leaving: 'nobody', waiting: [], readings };
    expect(await outcome(database, from, together)).toEqual(await outcome(database, from, oneByOne));
  });

  test('a dozen Administrators who come back each by themselves are not held as one', async () => {
    const everybody = Array.from({ length: 12 }, (_one, nth) => ({
      id: `a${nth}`,
      active: true,
      address: 'own',
      name: null,
    }));
    const of = (active: boolean): PushReading[] => everybody.map((one) => people({ ...one, active }));
    const store = await openTestStore(declarationOf(null), { database, people: 100 });
    try {
      await push(store.sync, said({ groups: GROUPS, people: people(...everybody).people }));
      for (const { id } of everybody) await push(store.sync, said({ joins: [into('Administrators', id)] }));
      await together(store.sync, of(false));
      await together(store.sync, of(true));
      expect(await loadHolds(store.sync.db)).toEqual([]);
    } finally {
      await store.close();
    }
  });
});

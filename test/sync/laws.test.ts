// The laws through the store: the same readings in any interleaving, previews that are what is done, and at every
// instant a store that is what its facts say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading, PushReading } from '../../src/core/reading.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { rowsOfPlan } from '../../src/store/plans.ts';
import type { Sync } from '../../src/sync/context.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { DatabaseKind } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const acme = 'acme' as OrganizationId;
const CONNECTIONS = ['hr', 'okta'].map((id) => id as ConnectionId);
const PEOPLE = ['olga', 'anna', 'ben', 'cora'];
const GROUPS = ['leads', 'labellers', 'inner'];
/** Postgres asks over a socket; the cases differ from run to run. */
const NUM_RUNS = { sqlite: 12, postgres: 5 };
const OFF = { people: 10_000 };

const mappings = CONNECTIONS.flatMap((connection): Declaration['mappings'] =>
  (['leads', 'labellers'] as const).map((group) => ({
    connection,
    groupBy: 'name',
    group,
    groupKey: group,
    organization: acme,
    role: group === 'leads' ? 'manager' : 'annotator',
    workspace: group === 'labellers' ? 'Support' : null,
    project: null,
    projectRole: null,
  })),
);
const declaration = declareAcme({
  connections: CONNECTIONS.map((id) => ({
    id,
    kind: 'scim' as const,
    organization: null,
    state: null,
    lifecycle: true,
    trustEmail: 'any' as const,
  })),
  mappings,
});

interface Said {
  readonly connection: ConnectionId;
  readonly person: string;
  readonly active: boolean;
  readonly gone: boolean;
  readonly groups: readonly string[];
}

const said = (connection: ConnectionId): fc.Arbitrary<Said> =>
  fc.record({
    connection: fc.constant(connection),
    person: fc.constantFrom(...PEOPLE),
    active: fc.boolean(),
    gone: fc.boolean(),
    groups: fc.subarray(GROUPS),
  });

function toPush(sync: Sync, { connection, person, active, gone, groups }: Said): PushReading {
  const attributes = {
    email: `${person}@acme.example`,
    userName: person,
    firstName: null,
    lastName: null,
    locator: null,
  };
  return {
    kind: 'push',
    connection,
    at: sync.now(),
    people: gone ? [] : [{ externalId: person, active, attributes, groups }],
    groups: GROUPS.map((name) => ({ externalId: name, name, nameKey: name, members: 'unknown' })),
    joins: [{ group: 'labellers', member: { kind: 'group', externalId: 'inner' } }],
    leaves: [],
    peopleGone: gone ? [person] : [],
    groupsGone: [],
  };
}

/** Everybody known to both, so that links do not depend on who spoke first. */
async function meet(sync: Sync): Promise<void> {
  for (const connection of CONNECTIONS) {
    for (const person of PEOPLE)
      await push(sync, toPush(sync, { connection, person, active: true, gone: false, groups: ['labellers'] }));
  }
}

async function standings(sync: Sync): Promise<string[]> {
  const rows = await sync
    .db('memberships')
    .join('accounts', 'accounts.id', 'memberships.account')
    .orderBy('email')
    .select('email', 'role', 'status');
  // The Owner's seat stands aside (law 1), and a deactivated row keeps the last role it had.
  return rows
    .filter(({ email }) => email !== 'olga@acme.example')
    .map(({ email, role, status }) => `${email} ${status} ${status === 'deactivated' ? '' : role}`);
}

async function play(database: DatabaseKind, steps: readonly Said[]): Promise<string[]> {
  const { sync, close } = await openTestStore(declaration, { ...OFF, database });
  try {
    await meet(sync);
    for (const step of steps) {
      await push(sync, toPush(sync, step));
      expect((await recompute(sync, () => undefined)).differences).toEqual([]);
      const [organization] = await sync.db('organizations').select('owner', 'vacancy');
      expect((organization.owner === null) !== (organization.vacancy === null)).toBe(true);
    }
    return await standings(sync);
  } finally {
    await close();
  }
}

function directory(sync: Sync, people: readonly { id: string; groups: readonly string[] }[]): DirectoryReading {
  const connection = 'hr' as ConnectionId;
  async function* items(): AsyncGenerator<DirectoryItem> {
    for (const name of GROUPS) yield { kind: 'group', externalId: name, name, nameKey: name, aliases: [`dn:${name}`] };
    yield { kind: 'links', links: [{ group: 'dn:labellers', member: 'dn:inner' }] };
    for (const { id, groups } of people) {
      const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: id };
      yield { kind: 'person', externalId: id, active: true, attributes, aliases: [`dn:${id}`], container: 'ou=people' };
      yield { kind: 'links', links: groups.map((group) => ({ group: `dn:${group}`, member: `dn:${id}` })) };
    }
  }
  return {
    kind: 'directory',
    connection,
    at: sync.now(),
    items: items(),
    nested: true,
    outcome: () => ({ complete: true, reason: null, fingerprint: 'f', warnings: [] }),
    lookUp: () => Promise.resolve(new Set()),
  };
}

describe.each(DATABASES)('the laws through the store on %s', (database) => {
  test('1, 7 and 13: order between connections does not matter, and at every instant the store is what its facts say', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said('hr' as ConnectionId), { maxLength: 5 }),
        fc.array(said('okta' as ConnectionId), { maxLength: 5 }),
        fc.infiniteStream(fc.boolean()),
        async (hr, okta, coin) => {
          const mixed: Said[] = [];
          const [a, b] = [[...hr], [...okta]];
          while (a.length + b.length > 0) {
            const next = a.length === 0 || (b.length > 0 && coin.next().value) ? b.shift() : a.shift();
            if (next !== undefined) mixed.push(next);
          }
          const expected = await play(database, [...hr, ...okta]);
          expect(await play(database, mixed)).toEqual(expected);
          expect(await play(database, [...okta, ...hr])).toEqual(expected);
        },
      ),
      { numRuns: NUM_RUNS[database] },
    );
  });

  test('2: the same directory again writes nothing outside the run’s own rows', async () => {
    const { sync, close } = await openTestStore(declaration, { database });
    const people = PEOPLE.map((id) => ({ id, groups: ['labellers'] }));
    await runDirectory(sync, directory(sync, people), { preview: false });
    const tables = [
      'memberships',
      'placements',
      'external_people',
      'external_groups',
      'links',
      'changes',
      'accounts',
      'holds',
    ];
    const look = async (): Promise<string> =>
      JSON.stringify(await Promise.all(tables.map((table) => sync.db(table).select().orderByRaw('1, 2, 3'))));
    const before = await look();
    await runDirectory(sync, directory(sync, people), { preview: false });
    expect(await look()).toBe(before);
    await close();
  });

  test('11: the preview is what the run then does, and changes nothing itself', async () => {
    const { sync, close } = await openTestStore(declaration, { database });
    const many = Array.from({ length: 40 }, (_, at) => ({
      id: `p${at}`,
      groups: at % 3 === 0 ? ['leads'] : ['inner'],
    }));
    await runDirectory(sync, directory(sync, many), { preview: false });
    const next = [...many.slice(14), { id: 'anna', groups: ['leads'] }];
    const told = async (preview: boolean): Promise<string[]> => {
      const { ref } = await runDirectory(sync, directory(sync, next), { preview });
      const rows: string[] = [];
      for await (const { email, target, before, after, state } of rowsOfPlan(sync.db, ref.id)) {
        const held = state === 'held' || state === 'stopped';
        rows.push(JSON.stringify([email, target, before, after, held]));
      }
      return rows.sort();
    };
    const members = await standings(sync);
    const preview = await told(true);
    expect(await standings(sync)).toEqual(members);
    expect(preview.length).toBeGreaterThan(14);
    expect(await told(false)).toEqual(preview);
    expect((await recompute(sync, () => undefined)).differences).toEqual([]);
    await close();
  });

  test('a second run of a connection that is being read is refused', async () => {
    const { sync, close } = await openTestStore(declaration, { database });
    const slow = directory(
      sync,
      PEOPLE.map((id) => ({ id, groups: [] })),
    );
    async function* paused(): AsyncGenerator<DirectoryItem> {
      await expect(runDirectory(sync, directory(sync, []), { preview: false })).rejects.toThrow(/already running/);
      yield* slow.items;
    }
    await runDirectory(sync, { ...slow, items: paused() }, { preview: false });
    await close();
  });
});

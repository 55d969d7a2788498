// The laws that only a store can keep: 7, 11 and 12, as properties over generated directories. Each takes the modules
// it runs on, so that a mutated copy can be put in their place.
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading } from '../../src/core/reading.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import type { Sync } from '../../src/sync/context.ts';
import type { DatabaseKind } from '../support/store.ts';
import { declareAcme, newDatabase } from '../support/store.ts';

/** A source tree, and the database that its laws are tried on. */
export interface Modules {
  readonly database: DatabaseKind;
  readonly declare: typeof import('../../src/organization/declare.ts')['declare'];
  readonly openDatabase: typeof import('../../src/store/database.ts')['openDatabase'];
  readonly migrate: typeof import('../../src/store/migrate.ts')['migrate'];
  readonly rowsOfPlan: typeof import('../../src/store/plans.ts')['rowsOfPlan'];
  readonly runDirectory: typeof import('../../src/sync/directory-run.ts')['runDirectory'];
  readonly recompute: typeof import('../../src/sync/recompute.ts')['recompute'];
}

const corp = 'corp' as ConnectionId;
const acme = 'acme' as OrganizationId;

function declaration(successor: string | null): Declaration {
  const mapping = (group: string, role: 'administrator' | 'annotator') => ({
    connection: corp,
    groupBy: 'name' as const,
    group,
    groupKey: group,
    organization: acme,
    role,
    workspace: role === 'annotator' ? 'Support' : null,
    project: null,
    projectRole: null,
  });
  return declareAcme({
    organization: { owner: 'p0@acme.example', successor },
    connections: [{ id: corp, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' }],
    mappings: [mapping('admins', 'administrator'), mapping('labellers', 'annotator')],
  });
}

/** For each of the people: not there, disabled, or in a group. */
type Directory = readonly ('absent' | 'disabled' | 'admins' | 'labellers')[];
const PEOPLE = 14;
const directory: fc.Arbitrary<Directory> = fc.array(
  fc.constantFrom(
    'labellers' as const,
    'labellers' as const,
    'labellers' as const,
    'admins' as const,
    'absent' as const,
    'disabled' as const,
  ),
  { minLength: PEOPLE, maxLength: PEOPLE },
);
const week = fc.array(directory, { minLength: 1, maxLength: 3 });

function reading(at: string, people: Directory): DirectoryReading {
  async function* items(): AsyncGenerator<DirectoryItem> {
    for (const name of ['admins', 'labellers'])
      yield { kind: 'group', externalId: name, name, nameKey: name, aliases: [name] };
    for (const [nth, state] of people.entries()) {
      if (state === 'absent') continue;
      const id = `p${nth}`;
      const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: id };
      yield {
        kind: 'person',
        externalId: id,
        active: state !== 'disabled',
        attributes,
        aliases: [id],
        container: null,
      };
      if (state !== 'disabled') yield { kind: 'links', links: [{ group: state, member: id }] };
    }
  }
  const outcome = () => ({ complete: true, reason: null, fingerprint: 'f', warnings: [] });
  return {
    kind: 'directory',
    connection: corp,
    at,
    items: items(),
    nested: true,
    outcome,
    lookUp: () => Promise.resolve(new Set()),
  };
}

async function withStore<T>(on: Modules, successor: string | null, work: (sync: Sync) => Promise<T>): Promise<T> {
  const { url, remove } = await newDatabase(on.database);
  const db = on.openDatabase(url);
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const sync: Sync = {
    db,
    brake: { share: 0.2, people: 5, windowMs: 86_400_000, deadlineMs: null },
    now: () => new Date((clock += 1)).toISOString(),
  };
  try {
    await on.migrate(db);
    await on.declare(sync, declaration(successor), { preview: false });
    return await work(sync);
  } finally {
    await db.destroy();
    await remove();
  }
}

async function standings(on: Modules, sync: Sync): Promise<unknown> {
  deepStrictEqual((await on.recompute(sync, () => undefined)).differences, []);
  const members = await sync
    .db('memberships')
    .join('accounts', 'accounts.id', 'memberships.account')
    .orderBy('email')
    .select('email', 'role', 'status');
  const places = await sync
    .db('placements')
    .join('accounts', 'accounts.id', 'placements.account')
    .orderBy('email')
    .select('email', 'kind', 'placements.role');
  return { members, places, seats: await seats(sync) };
}

async function seats(sync: Sync): Promise<unknown[]> {
  return sync.db('organizations').leftJoin('accounts', 'accounts.id', 'organizations.owner').select('email');
}

export const STORE_LAWS = {
  7: {
    words: 'One Owner or one unresolved vacancy',
    property: (on: Modules) =>
      fc.asyncProperty(week, fc.constantFrom(null, 'p1@acme.example'), async (days, successor) => {
        await withStore(on, successor, async (sync) => {
          for (const day of days) {
            await on.runDirectory(sync, reading(sync.now(), day), { preview: false });
            const [{ owner, vacancy }] = await sync.db('organizations').select('owner', 'vacancy');
            const open = await sync.db('vacancies').whereNot({ state: 'resolved' }).select('id');
            deepStrictEqual(
              open.map(({ id }) => id),
              vacancy === null ? [] : [vacancy],
            );
            ok((owner === null) !== (vacancy === null));
            if (owner !== null)
              deepStrictEqual(
                (await sync.db('memberships').where({ account: owner }).first('status')).status,
                'active',
              );
          }
        });
      }),
  },
  11: {
    words: 'The preview is the plan',
    property: (on: Modules) =>
      fc.asyncProperty(week, directory, async (days, last) => {
        await withStore(on, null, async (sync) => {
          for (const day of days) await on.runDirectory(sync, reading(sync.now(), day), { preview: false });
          const told = async (preview: boolean): Promise<string[]> => {
            const { ref } = await on.runDirectory(sync, reading(sync.now(), last), { preview });
            const rows: string[] = [];
            for await (const { email, target, before, after, kind, state } of on.rowsOfPlan(sync.db, ref.id)) {
              if (kind !== 'reason')
                rows.push(JSON.stringify([email, target, before, after, state === 'held' || state === 'stopped']));
            }
            return rows.sort();
          };
          const before = JSON.stringify(await standings(on, sync));
          const preview = await told(true);
          deepStrictEqual(JSON.stringify(await standings(on, sync)), before);
          deepStrictEqual(await told(false), preview);
        });
      }),
  },
  12: {
    words: 'Nothing lost',
    property: (on: Modules) =>
      fc.asyncProperty(week, directory, fc.nat(7), async (days, last, dies) => {
        const run = async (sync: Sync, death: number): Promise<unknown> => {
          for (const day of days) await on.runDirectory(sync, reading(sync.now(), day), { preview: false });
          let beats = 0;
          const progress = (): void => {
            beats += 1;
            if (beats > death) throw new Error('the process is gone');
          };
          await on.runDirectory(sync, reading(sync.now(), last), { preview: false, progress }).catch(() => undefined);
          deepStrictEqual((await on.recompute(sync, () => undefined)).differences, []);
          await on.runDirectory(sync, reading(sync.now(), last), { preview: false });
          return standings(on, sync);
        };
        const undisturbed = await withStore(on, null, (sync) => run(sync, Number.POSITIVE_INFINITY));
        deepStrictEqual(await withStore(on, null, (sync) => run(sync, dies)), undisturbed);
      }),
  },
} as const;

/** One-line breaks of the code, each of which its law must catch. */
export const STORE_MUTANTS = [
  {
    law: 7,
    name: 'the seat is emptied without a vacancy',
    file: 'store/vacancies.ts',
    find: 'update({ owner: null, vacancy: id })',
    replace: 'update({ owner: null })',
  },
  {
    law: 7,
    name: 'a vacancy stays open when the former Owner is back',
    file: 'store/vacancies.ts',
    find: "update({ state: 'resolved', resolved_at: at,",
    replace: "update({ state: 'open', resolved_at: at,",
  },
  {
    law: 11,
    name: 'the preview does not say what a brake would hold',
    file: 'sync/directory-run.ts',
    find: 'preview: true, landscape',
    replace: 'preview: false, landscape',
  },
  {
    law: 12,
    name: 'a killed run blocks its connection for ever',
    file: 'sync/directory-run.ts',
    find: 'if (unfinished === null) return;',
    replace: 'if (unfinished === null) return;\n  throw await alreadyRunning(sync, connection);',
  },
] as const;

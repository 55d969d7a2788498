// `explain`: why somebody has a role, or why not, asked of what concerns that person alone.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { push } from '../../src/sync/push.ts';
import { recordStatements, scansAmong } from '../support/statements.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcmeWithStaff, openTestStore } from '../support/store.ts';
import { newOutput } from './terminal.ts';

const corp = 'corp' as ConnectionId;
let store: TestStore;

/** Anna is in a group inside `staff`, Bert in another one, and two people say that they are Cora. */
function reading(): PushReading {
  const people = [
    ['anna', 'anna', ['desk']],
    ['bert', 'bert', ['others']],
    ['cora', 'cora', ['staff']],
    ['cora2', 'Cora', ['staff']],
  ] as const;
  const groups = ['staff', 'desk', 'others'].map((name) => ({
    externalId: name,
    name,
    nameKey: name,
    members: 'unknown' as const,
  }));
  return {
    kind: 'push',
    connection: corp,
    at: store.sync.now(),
    people: people.map(([id, name, groups]) => ({
      externalId: id,
      active: true,
      attributes: { email: `${name}@acme.example`, userName: id, firstName: null, lastName: null, locator: id },
      groups,
    })),
    groups,
    joins: [{ group: 'staff', member: { kind: 'group', externalId: 'desk' } }],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

async function explained(email: string): Promise<Record<string, unknown>> {
  const { out, stdout } = newOutput({ json: true });
  const config = (): never => {
    throw new Error('no configuration is asked for');
  };
  const context = { out, config, sync: () => Promise.resolve(store.sync), configFile: '', env: {} };
  expect(await explain.run(context, { args: [email], options: { organization: 'acme' } })).toBe(0);
  return JSON.parse(stdout.text) as Record<string, unknown>;
}

describe.each(DATABASES)('on %s', (database) => {
  beforeEach(async () => {
    store = await openTestStore(declareAcmeWithStaff(), { database });
    await push(store.sync, reading());
  });
  afterEach(() => store.close());

  test('names the mapped group that a person is in by way of another', async () => {
    const { grants, not, history } = await explained('anna@acme.example');
    expect(grants).toMatchObject([{ connection: 'corp', group: 'staff', role: 'annotator' }]);
    expect(not).toEqual([]);
    expect(history).toMatchObject([{ after: { role: 'annotator', status: 'active' } }]);
  });

  test('says of somebody without an account who knows them, and who could not be joined', async () => {
    expect((await explained('bert@acme.example'))['not']).toMatchObject([{ rule: 'no account' }, { rule: 'no grant' }]);
    // One of them has the account: the other's conflict is told where that address has none.
    await store.sync.db('conflicts').update({ account: null });
    await store.sync.db('external_people').where({ external_id: 'cora2' }).update({ email_key: 'dora@acme.example' });
    expect((await explained('dora@acme.example'))['not']).toMatchObject([
      { rule: 'no account' },
      { rule: 'link conflict' },
    ]);
  });
});

test('looks through nobody else, whether the person is known or not', async () => {
  store = await openTestStore(declareAcmeWithStaff());
  try {
    await push(store.sync, reading());
    const asked = await recordStatements(store.sync.db);
    await explained('anna@acme.example');
    await explained('bert@acme.example');
    expect(asked.size).toBeGreaterThan(10);
    expect(await scansAmong(store.sync.db, asked)).toEqual([]);
  } finally {
    await store.close();
  }
});

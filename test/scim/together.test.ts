// Requests that come together, in one bulk request or at once, see what those before them have written, though all of
// it is written in one go.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import type { Door } from './door.ts';
import { openDoor, OTHER, SCIM } from './door.ts';
import { DATABASES } from '../support/store.ts';

const NUM_RUNS = { sqlite: 150, postgres: 15 };
const NAMES = ['ann', 'bob', 'cleo'];
/** Who is there before; operations call them by 0, 1 and 2, and whom the nth operation makes by 3 + n. */
const BEFORE = NAMES.map((name, nth) => ({ userName: `${name}@acme.example`, externalId: `x${nth}`, title: 'Dr' }));

const somebody = fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, fc.nat(7));
const operation = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    name: fc.constantFrom(...NAMES, 'dan', 'eve'),
    externalId: fc.constantFrom('x0', 'x0', 'x1', null),
  }),
  fc.record({ kind: fc.constant('rename' as const), nth: somebody, name: fc.constantFrom(...NAMES, 'dan') }),
  fc.record({ kind: fc.constant('title' as const), nth: somebody, title: fc.constantFrom('Dr', 'Prof', null) }),
  fc.record({ kind: fc.constant('delete' as const), nth: somebody }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** The request, where the nth person is called by `idOf`. */
function requestOf(one: Operation, idOf: (nth: number) => string): { method: string; path: string; data?: JsonObject } {
  if (one.kind === 'create') {
    const { name, externalId } = one;
    const known = externalId === null ? {} : { externalId };
    return { method: 'POST', path: '/Users', data: { userName: `${name}@acme.example`, ...known } };
  }
  const path = `/Users/${idOf(one.nth)}`;
  if (one.kind === 'delete') return { method: 'DELETE', path };
  const change: JsonObject =
    one.kind === 'rename'
      ? { op: 'replace', path: 'userName', value: `${one.name}@acme.example` }
      : one.title === null
        ? { op: 'remove', path: 'title' }
        : { op: 'replace', path: 'title', value: one.title };
  return { method: 'PATCH', path, data: { Operations: [change] } };
}

/** How each was answered, and what there is afterwards; ids by the operation that gave them first. */
interface Outcome {
  readonly answered: readonly string[];
  readonly there: readonly unknown[];
}

async function outcome(
  door: Door,
  token: string,
  ids: readonly (string | null)[],
  statuses: readonly string[],
): Promise<Outcome> {
  const list = await door.call('GET', '/Users?count=100', undefined, { token });
  const { totalResults, Resources } = list.body as { totalResults: number; Resources: JsonObject[] };
  const titled = await door.call('GET', '/Users?filter=title eq "Dr"', undefined, { token });
  expect(titled.body['totalResults']).toBe(Resources.filter(({ title }) => title === 'Dr').length);
  const there = Resources.map((one) =>
    JSON.stringify([ids.indexOf(one['id'] as string), one['userName'], one['title'], one['externalId']]),
  );
  return {
    // Who was not made is not there: a bulk request says that it is because of the other operation.
    answered: statuses.map((status, at) =>
      status === '409' || status === '404' ? 'refused' : `${status} ${ids.indexOf(ids[BEFORE.length + at] ?? '')}`,
    ),
    there: [...there.sort(), totalResults],
  };
}

async function begin(door: Door, token: string): Promise<string[]> {
  const ids: string[] = [];
  for (const one of BEFORE) ids.push((await door.call('POST', '/Users', one, { token })).body['id'] as string);
  return ids;
}

async function oneByOne(door: Door, token: string, operations: readonly Operation[]): Promise<Outcome> {
  const ids: (string | null)[] = await begin(door, token);
  const statuses: string[] = [];
  for (const one of operations) {
    const { method, path, data } = requestOf(one, (nth) => ids[nth] ?? 'nobody');
    const { status, body } = await door.call(method, path, data, { token });
    ids.push(status === 201 ? (body['id'] as string) : null);
    statuses.push(String(status));
  }
  return outcome(door, token, ids, statuses);
}

async function inBulk(door: Door, token: string, operations: readonly Operation[]): Promise<Outcome> {
  const before = await begin(door, token);
  const made = (nth: number, at: number): string =>
    operations[nth]?.kind === 'create' && nth < at ? `bulkId:${nth}` : 'nobody';
  const sent = operations.map((one, at) => ({
    ...requestOf(one, (nth) => before[nth] ?? made(nth - before.length, at)),
    bulkId: String(at),
  }));
  const { body } = await door.call('POST', '/Bulk', { Operations: sent }, { token });
  const answers = body['Operations'] as unknown as { status: string; location?: string }[];
  const ids = answers.map(({ status, location = '' }) =>
    status === '201' ? location.slice(location.lastIndexOf('/') + 1) : null,
  );
  return outcome(
    door,
    token,
    [...before, ...ids],
    answers.map(({ status }) => status),
  );
}

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor({}, { database });
  });
  afterEach(async () => {
    expect(door.errors).toEqual([]);
    await door.close();
  });

  test('a bulk request comes to what its operations come to one by one', { timeout: 60_000 }, async () => {
    const [first, second] = [`token-of-${SCIM}`, `token-of-${OTHER}`];
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 14, size: 'max' }), async (operations) => {
        for (const table of ['scim_values', 'scim_counts', 'scim_resources']) await door.sync.db(table).delete();
        const whole = await inBulk(door, first, operations);
        expect(whole).toEqual(await oneByOne(door, second, operations));
      }),
      { numRuns: NUM_RUNS[database] },
    );
  });

  test('who comes back is the last one to go, also where they went in the same request', async () => {
    const come = (name: string, externalId: 'x0' | 'x1'): Operation => ({ kind: 'create', name, externalId });
    const go = (nth: number): Operation => ({ kind: 'delete', nth });
    const back = [come('eve', 'x1'), go(1), come('dan', 'x1')];
    expect((await inBulk(door, `token-of-${SCIM}`, back)).answered).toEqual(['201 3', '204 -1', '201 1']);
    const last = [come('eve', 'x0'), go(0), go(3), come('dan', 'x0')];
    expect((await inBulk(door, `token-of-${OTHER}`, last)).answered).toEqual(['201 3', '204 -1', '204 -1', '201 3']);
  });

  test('a dozen changes of one person at once are all kept, each with a version of its own', async () => {
    const id = await door.make('/Users', { userName: 'ann@acme.example' });
    const names = ['title', 'nickName', 'displayName', 'locale', 'timezone', 'userType', 'preferredLanguage'];
    const answers = await Promise.all(
      names.map((path) =>
        door.call('PATCH', `/Users/${id}`, { Operations: [{ op: 'add', path, value: `my ${path}` }] }),
      ),
    );
    const { body } = await door.call('GET', `/Users/${id}`);
    expect(names.map((name) => body[name])).toEqual(names.map((name) => `my ${name}`));
    expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(names.length);
    expect(body['meta']).toMatchObject({ version: `W/"${names.length + 1}"` });
  });

  test('of those who come together each is told of its own plan', async () => {
    const made = await Promise.all(NAMES.map((name) => door.make('/Users', { userName: `${name}@acme.example` })));
    await Promise.all(
      made.map((id) =>
        door.call('PATCH', `/Users/${id}`, { Operations: [{ op: 'replace', path: 'active', value: false }] }),
      ),
    );
    const plans: { plan: string; email: string }[] = await door.sync
      .db('changes')
      .where({ connection: SCIM })
      .select('plan', 'email');
    expect(new Set(plans.map(({ plan }) => plan)).size).toBe(2 * NAMES.length);
    expect(plans.map(({ email }) => email).sort()).toEqual(
      [...NAMES, ...NAMES].map((name) => `${name}@acme.example`).sort(),
    );
  });
});

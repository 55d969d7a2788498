// Each client's fixtures against the protocol alone: what a request makes of a resource, without a store.
import { describe, expect, test } from 'vitest';
import { readBody } from '../../src/scim/body.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import type { MemberDelta } from '../../src/scim/member-delta.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { GROUP, USER } from '../../src/scim/resource-type.ts';
import { FIXTURES } from './fixtures/all.ts';
import type { Fixture } from './fixtures/fixture.ts';
import { ALICE, withNames } from './fixtures/fixture.ts';

const IDS = { alice: 'id-alice', bob: 'id-bob', carol: 'id-carol', team: 'id-team' };
const NO_MEMBERS: MemberDelta = { replaced: false, joins: [], leaves: [], chosen: [] };

interface Outcome {
  readonly resource: JsonObject;
  readonly members: readonly string[];
}

function outcomeOf({ request, alice, team = ['alice', 'bob'] }: Fixture): Outcome {
  const type = request.path.startsWith('/Groups') ? GROUP : USER;
  const before =
    type === USER
      ? readBody(USER, withNames<JsonObject>({ ...ALICE, ...alice }, IDS)).resource
      : readBody(GROUP, { displayName: 'Support Team' }).resource;
  const body: Json = withNames(request.body ?? null, IDS);
  const id = type === USER ? IDS.alice : IDS.team;
  const after = request.method === 'PATCH' ? applyPatch(type, before, id, body) : readBody(type, body);
  const { replaced, joins, leaves } = after.members ?? NO_MEMBERS;
  const kept = replaced ? [] : team.map((name) => IDS[name]).filter((member) => !leaves.includes(member));
  return { resource: after.resource, members: [...new Set([...kept, ...joins])].sort() };
}

describe.each(Object.entries(FIXTURES))('%s', (_client, fixtures) => {
  const writes = fixtures.filter(({ request, follows }) => request.method !== 'GET' && follows.status !== 409);
  const accepted = writes.filter(({ follows }) => follows.scimType === undefined);
  const refused = writes.filter(({ follows }) => follows.scimType !== undefined);

  test.each(accepted.map((one) => [one.name, one] as const))('not so: %s', (_name, fixture) => {
    const { reads = {}, lacks = [], team } = fixture.follows;
    const { resource, members } = outcomeOf(fixture);
    // `active` is true by default, which the door says and not the body.
    expect({ active: true, ...resource }).toMatchObject(withNames<JsonObject>(reads, IDS));
    for (const path of lacks) expect(resource).not.toHaveProperty([...path]);
    expect(members).toEqual(team?.map((name) => IDS[name]).sort() ?? members);
  });

  test.each(refused.map((one) => [one.name, one] as const))('not so: %s', (_name, fixture) => {
    const { status, scimType } = fixture.follows;
    expect(() => outcomeOf(fixture)).toThrow(expect.objectContaining({ status, scimType }));
  });

  const asked = fixtures.flatMap(({ name, request }) => {
    const filter = new URL(request.path, 'http://x').searchParams.get('filter');
    return filter === null ? [] : [[name, request.path, filter] as const];
  });
  test.each(asked)('not so: %s (filter)', (_name, path, filter) => {
    expect(() => parseFilter(path.startsWith('/Groups') ? GROUP : USER, filter)).not.toThrow();
  });
});

test('every fixture names a public source, or says that its shape is assumed', () => {
  for (const { source } of Object.values(FIXTURES).flat()) expect(source).toMatch(/^(https:\/\/\S+|assumed)$/);
});

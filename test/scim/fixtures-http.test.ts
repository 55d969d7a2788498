// Each client's fixtures replayed against a running door over the real store: what was accepted reads back as sent.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';
import { FIXTURES } from './fixtures/all.ts';
import type { Fixture } from './fixtures/fixture.ts';
import { ALICE, withNames } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor({}, { database });
  });
  // A fixture needs its own people, not a store of its own.
  afterEach(async () => {
    for (const path of ['/Groups', '/Users']) {
      const { body } = await door.call('GET', path);
      await Promise.all(idsOf(body['Resources'], 'id').map((id) => door.call('DELETE', `${path}/${id}`)));
    }
  });
  afterAll(() => door.close());

  type Ids = Readonly<Record<'alice' | 'bob' | 'carol' | 'team', string>>;

  async function setUp({ alice = {}, team = ['alice', 'bob'] }: Fixture): Promise<Ids> {
    const ids = {
      alice: await door.make('/Users', { ...ALICE, ...alice }),
      bob: await door.make('/Users', { userName: 'bob@acme.example', externalId: 'bob-ext' }),
      carol: await door.make('/Users', { userName: 'carol@acme.example', externalId: 'carol-ext' }),
    };
    const members = team.map((name) => ({ value: ids[name] }));
    return { ...ids, team: await door.make('/Groups', { displayName: 'Support Team', members }) };
  }

  function idsOf(list: Json | undefined, key: string): string[] {
    return ((list ?? []) as readonly JsonObject[]).map((one) => one[key] as string).sort();
  }

  describe.each(Object.entries(FIXTURES))('%s', (_client, fixtures) => {
    test.each(fixtures.map((one) => [one.name, one] as const))('not so: %s', async (_name, fixture) => {
      const { request, follows } = fixture;
      const ids = await setUp(fixture);
      const path = withNames(request.path, ids);
      const headers = request.contentType === undefined ? {} : { 'Content-Type': request.contentType };
      const body = request.body === undefined ? undefined : withNames(request.body, ids);
      const answered = await door.call(request.method, path, body, { headers });
      const { status, scimType } = follows;
      expect({ status: answered.status, scimType: answered.body['scimType'] }).toEqual({ status, scimType });

      const made = answered.body['id'] as string;
      const fallback = path.startsWith('/Groups') ? `/Groups/${ids.team}` : `/Users/${ids.alice}`;
      const after = await door.call('GET', status === 201 ? `/Users/${made}` : fallback);
      expect(after.body).toMatchObject(withNames<JsonObject>(follows.reads ?? {}, ids));
      for (const keys of follows.lacks ?? []) expect(after.body).not.toHaveProperty([...keys]);
      const team = await door.call('GET', `/Groups/${ids.team}`);
      const expected = (follows.team ?? fixture.team ?? ['alice', 'bob']).map((name) => ids[name]).sort();
      expect(idsOf(team.body['members'], 'value')).toEqual(expected);
      const found = idsOf(answered.body['Resources'], 'id');
      expect(found).toEqual(follows.finds?.map((name) => ids[name]).sort() ?? found);
      expect(door.errors).toEqual([]);
    });
  });
});

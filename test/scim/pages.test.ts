// Pages: by index and by cursor (RFC 9865), everybody once, whoever is deleted meanwhile.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';
import { DATABASES } from '../support/store.ts';

const TITLES = ['Queen', null, 'king', 'Queen'];

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor({}, { database });
    for (const [at, title] of TITLES.entries()) await door.make('/Users', { userName: `p${at}`, title });
  });
  afterAll(async () => {
    expect(door.errors).toEqual([]);
    await door.close();
  });

  function idsOf(body: JsonObject): string[] {
    return (body['Resources'] as unknown as { id: string }[]).map(({ id }) => id);
  }

  test.each(['', '&sortBy=title', '&sortBy=title&sortOrder=descending', '&filter=userName pr'])(
    'cursors lead through everybody once (%s)',
    async (query) => {
      const whole = await door.call('GET', `/Users?count=100${query}`);
      let cursor: string | null = '';
      const seen: { id: string }[] = [];
      for (let page = 0; cursor !== null && page < 10; page += 1) {
        const { body }: { body: JsonObject } = await door.call('GET', `/Users?count=1&cursor=${cursor}${query}`);
        expect(body).toMatchObject({ totalResults: 4, itemsPerPage: 1 });
        seen.push(...(body['Resources'] as unknown as { id: string }[]));
        cursor = (body['nextCursor'] ?? null) as string | null;
      }
      expect(seen.map(({ id }) => id)).toEqual(idsOf(whole.body));
    },
  );

  test('a cursor is good for the question that it was given for, and for no other', async () => {
    const first = await door.call('GET', '/Users?count=1&cursor&sortBy=title');
    const cursor = first.body['nextCursor'] as string;
    expect(first.body).not.toHaveProperty('startIndex');
    expect(
      (await door.call('POST', '/Users/.search', { count: 9, cursor, sortBy: 'TITLE' })).body['itemsPerPage'],
    ).toBe(3);
    for (const query of ['', '&sortBy=title&sortOrder=descending', '&sortBy=title&filter=title pr']) {
      const { status, body } = await door.call('GET', `/Users?count=1&cursor=${cursor}${query}`);
      expect({ status, scimType: body['scimType'] }).toEqual({ status: 400, scimType: 'invalidCursor' });
    }
    expect((await door.call('GET', `/Groups?cursor=${cursor}&sortBy=title`)).status).toBe(400);
  });

  test('pages by index: what lies beyond the end is empty, and counts are bounded', async () => {
    const page = async (query: string): Promise<JsonObject> => (await door.call('GET', `/Users?${query}`)).body;
    expect(await page('startIndex=2&count=2')).toMatchObject({ totalResults: 4, startIndex: 2, itemsPerPage: 2 });
    expect(await page('startIndex=50')).toMatchObject({ totalResults: 4, itemsPerPage: 0, Resources: [] });
    expect(await page('startIndex=-3&count=-1')).toMatchObject({ totalResults: 4, startIndex: 1, Resources: [] });
    expect(await page('count=0')).toMatchObject({ totalResults: 4, itemsPerPage: 0 });
  });

  test.each(['index', 'cursor'])(
    'nobody is passed over when those before them are deleted meanwhile (%s)',
    async (kind) => {
      const made = await Promise.all(
        Array.from({ length: 12 }, (_one, at) =>
          door.make('/Users', { userName: `page-${kind}-${at}`, nickName: `page-${kind}` }),
        ),
      );
      const filter = `filter=nickName eq "page-${kind}"`;
      const seen = new Set<string>();
      let next: string | null = kind === 'index' ? 'startIndex=1' : 'cursor=';
      let index = 1;
      while (next !== null) {
        const { body }: { body: JsonObject } = await door.call('GET', `/Users?count=4&${next}&${filter}`);
        const found = body['Resources'] as unknown as { id: string }[];
        for (const { id } of found) seen.add(id);
        const [first] = found;
        if (first !== undefined) await door.call('DELETE', `/Users/${first.id}`);
        index += found.length;
        const cursor = body['nextCursor'] as string | undefined;
        if (kind === 'cursor') next = cursor === undefined ? null : `cursor=${cursor}`;
        else next = index <= Number(body['totalResults']) ? `startIndex=${index}` : null;
      }
      expect(seen).toEqual(new Set(made));
      for (const id of made) await door.call('DELETE', `/Users/${id}`);
    },
  );
});

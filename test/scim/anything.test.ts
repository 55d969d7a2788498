// Whatever is sent: no request fails unforeseen, each refusal says why, and what reads back can be written back as it
// is and changes nothing.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import type { Answered, Door } from './door.ts';
import { openDoor } from './door.ts';
import { CORE, ENTERPRISE } from './fixtures/fixture.ts';
import { DATABASES } from '../support/store.ts';

const SCALARS: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  ' ',
  'True',
  'a@b.example',
  'bulkId:x',
  '2026-01-01T00:00:00Z',
  'é',
];
const ATTRIBUTES = [
  'userName',
  'displayName',
  'name',
  'name.givenName',
  'emails',
  'emails.value',
  'addresses',
  'roles',
  'x509Certificates',
  'active',
  'externalId',
  'password',
  'groups',
  'members',
  'members.value',
  'id',
  'meta',
  'meta.created',
  'meta.version',
  'schemas',
  'constructor',
  '__proto__',
  `${CORE}:title`,
  ENTERPRISE,
  `${ENTERPRISE}:manager`,
  `${ENTERPRISE}:manager.value`,
];
const PARTS = [
  'value',
  'type',
  'primary',
  'display',
  '$ref',
  'givenName',
  'department',
  'manager',
  'schemas',
  '__proto__',
];

const text = fc.string({ maxLength: 12, unit: 'binary' });
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...SCALARS),
    text,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...PARTS), tie('json'), { maxKeys: 4 }),
  ),
}));
const attribute = fc.constantFrom(...ATTRIBUTES);
const comparison = fc
  .tuple(
    fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'xx'),
    fc.oneof(
      fc.constantFrom('true', 'null', '1', '"2026-01-01T00:00:00Z"', '"%_"', '"\\ud800"', '"\\u0000"'),
      text.map((one) => JSON.stringify(one)),
    ),
  )
  .map((words) => words.join(' '));
const element = fc
  .tuple(attribute, fc.constantFrom(...PARTS), comparison, fc.constantFrom('', '.value', '.type', '.nosuch', 'x'))
  .map(([name, part, compared, rest]) => `${name}[${part} ${compared}]${rest}`);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(attribute, comparison).map((words) => words.join(' ')),
    attribute.map((name) => `${name} pr`),
    element,
    tie('filter').map((inner) => `not (${inner})`),
    fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map(([a, word, b]) => `(${a}) ${word} ${b}`),
    text,
  ),
}));
const path = fc.oneof(attribute, element, text, json);
const attributes = fc.dictionary(attribute, json, { maxKeys: 6 });
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom<Json>('add', 'Replace', 'REMOVE', 7), path, value: json }, { requiredKeys: ['op'] }),
  fc.record({ op: fc.constantFrom('add', 'replace'), value: attributes }),
  json,
);
const anything = fc.record({ attributes, operations: fc.array(operation, { maxLength: 4 }), filter, path, json });

describe.each(DATABASES)('on %s', (database) => {
  let door: Door;
  let user = '';
  let group = '';
  beforeAll(async () => {
    door = await openDoor({}, { database });
    user = `/Users/${await door.make('/Users', { userName: 'u', emails: [{ value: 'a@b.example', type: 'work', primary: true }] })}`;
    group = `/Groups/${await door.make('/Groups', { displayName: 'g', members: [{ value: user.slice(7) }] })}`;
  });
  afterAll(() => door.close());

  async function send(method: string, where: string, body?: Json): Promise<Answered> {
    const answered = await door.call(method, where, body);
    expect(door.errors.splice(0)).toEqual([]);
    const isTold = answered.status < 400 || typeof answered.body['detail'] === 'string';
    expect({ ...answered, isTold }).toMatchObject({ isTold: true });
    return answered;
  }

  test('it is answered, and nothing breaks', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (sent) => {
        const Operations = sent.operations as Json;
        for (const where of [user, group]) {
          const patched = await send('PATCH', where, { Operations });
          const read = await send('GET', where);
          // Only a PATCH of a person that was done answers with what it made.
          expect(patched.status === 200 ? patched.body : read.body).toEqual(read.body);
          expect((await send('PUT', where, read.body)).body).toEqual(read.body);
          await send('PUT', where, { userName: 'u', displayName: 'g', ...sent.attributes });
          await send(
            'GET',
            `${where.slice(0, where.lastIndexOf('/'))}?filter=${encodeURIComponent(sent.filter.toWellFormed())}`,
          );
        }
        const search: JsonObject = { filter: sent.filter, startIndex: sent.json, attributes: sent.json };
        await send('POST', '/.search', search);
        await send('POST', '/Users/.search', { sortBy: sent.path, cursor: sent.json, excludedAttributes: [sent.path] });
        const data = sent.attributes;
        await send('POST', '/Bulk', {
          failOnErrors: sent.json,
          Operations: [
            sent.json,
            { method: 'PATCH', path: user, data: { Operations } },
            { method: 'POST', path: '/Groups', bulkId: 'b', data },
            { method: 'PUT', path: '/Groups/bulkId:b', data },
          ],
        });
      }),
      { numRuns: 40 },
    );
  });
});

// What PATCH and whole bodies may not do, and what they must not lose.
import { describe, expect, test } from 'vitest';
import { readBody } from '../../src/scim/body.ts';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import type { ResourceType } from '../../src/scim/resource-type.ts';
import { GROUP, USER } from '../../src/scim/resource-type.ts';
import { ALICE, ENTERPRISE } from './fixtures/fixture.ts';

const alice = readBody(USER, ALICE).resource;
const team = readBody(GROUP, { displayName: 'Team' }).resource;

function patched(operations: Json, before: JsonObject = alice, type: ResourceType = USER): JsonObject {
  return applyPatch(type, before, 'id-1', { Operations: operations }).resource;
}

describe('refused with the scimType that the RFC names', () => {
  test.each([
    [null, 'invalidSyntax'],
    [[null], 'invalidSyntax'],
    [[{ op: 'move', path: 'title', value: 'x' }], 'invalidSyntax'],
    [[{ op: 'remove' }], 'noTarget'],
    [[{ op: 'add', path: 'title' }], 'invalidValue'],
    [[{ op: 'add', value: 'x' }], 'invalidValue'],
    [[{ op: 'add', path: 7, value: 'x' }], 'invalidPath'],
    [[{ op: 'replace', path: 'nosuch', value: 'x' }], 'invalidPath'],
    [[{ op: 'replace', value: { nosuch: 'x' } }], 'invalidPath'],
    [[{ op: 'replace', path: 'name[givenName eq "x"].familyName', value: 'x' }], 'invalidPath'],
    [[{ op: 'replace', path: 'emails[type eq "work"', value: 'x' }], 'invalidFilter'],
    [[{ op: 'replace', path: 'emails[type co "x"].value', value: 'x' }], 'noTarget'],
    [[{ op: 'replace', path: 'meta.created', value: 'x' }], 'mutability'],
    [[{ op: 'replace', value: { id: 'another' } }], 'mutability'],
    [[{ op: 'remove', path: 'userName' }], 'mutability'],
    [[{ op: 'replace', path: 'userName', value: ' ' }], 'invalidValue'],
    [[{ op: 'replace', path: 'active', value: 'yes' }], 'invalidValue'],
    [[{ op: 'replace', path: 'name', value: 'Alice' }], 'invalidValue'],
    [[{ op: 'add', path: 'emails', value: 'alice' }], 'invalidValue'],
    [[{ op: 'replace', path: 'emails', value: [null] }], 'invalidValue'],
    [
      [
        {
          op: 'add',
          path: 'emails',
          value: [
            { value: 'a', primary: true },
            { value: 'b', primary: true },
          ],
        },
      ],
      'invalidValue',
    ],
  ])('%j', (operations, scimType) => {
    expect(() => patched(operations)).toThrow(expect.objectContaining({ status: 400, scimType }));
  });

  test.each([
    [[{ op: 'replace', path: 'members[value eq "x"].value', value: 'y' }], 'mutability'],
    [[{ op: 'add', path: 'members[display eq "x"]', value: { value: 'y' } }], 'invalidFilter'],
    [
      [
        { op: 'remove', path: 'members[type eq "Group"]' },
        { op: 'add', path: 'members', value: [{ value: 'y' }] },
      ],
      'invalidFilter',
    ],
    [[{ op: 'add', path: 'members', value: [{ display: 'x' }] }], 'invalidValue'],
    [[{ op: 'add', path: 'members', value: null }], 'invalidValue'],
    [[{ op: 'add', value: { members: null } }], 'invalidValue'],
    [[{ op: 'replace', path: 'members', value: null }], 'invalidValue'],
    [[{ op: 'replace', path: 'members[value eq "x"]', value: { value: 'y' } }], 'mutability'],
    [[{ op: 'remove', path: 'displayName' }], 'mutability'],
  ])('of a group: %j', (operations, scimType) => {
    expect(() => patched(operations, team, GROUP)).toThrow(expect.objectContaining({ scimType }));
  });

  test('more operations than anybody sends are 413', () => {
    const many = Array.from({ length: 5_001 }, () => ({ op: 'add', path: 'title', value: 'x' }));
    expect(() => patched(many)).toThrow(expect.objectContaining({ status: 413 }));
  });

  test.each([
    ['no object', [], 'invalidSyntax'],
    ['no userName', { displayName: 'x' }, 'invalidValue'],
    ['a number of names', { userName: { a: 1 } }, 'invalidValue'],
    [
      'two primaries',
      {
        userName: 'a',
        emails: [
          { value: 'a', primary: 'True' },
          { value: 'b', primary: true },
        ],
      },
      'invalidValue',
    ],
    [
      'a thousand addresses',
      { userName: 'a', emails: Array.from({ length: 1_000 }, (_one, at) => `${at}`) },
      'invalidValue',
    ],
    ['a nest', { userName: 'a', x: JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) as Json }, 'invalidSyntax'],
  ])('a body with %s', (_what, body, scimType) => {
    expect(() => readBody(USER, body as Json)).toThrow(expect.objectContaining({ scimType }));
  });
});

test('what was there stays the same object in every part that is not named', () => {
  const rich = readBody(USER, { ...ALICE, [ENTERPRISE]: { department: 'Tea' }, roles: [{ value: 'a' }] }).resource;
  expect(patched([{ op: 'replace', path: 'title', value: 'Queen' }], rich)).toEqual({ ...rich, title: 'Queen' });
});

test('a list keeps its other values, and none is doubled', () => {
  const once = patched([{ op: 'add', path: 'emails', value: [{ value: 'b@x', type: 'home' }] }]);
  const twice = patched([{ op: 'add', path: 'emails', value: [{ value: 'b@x', type: 'home' }] }], once);
  expect(once['emails']).toHaveLength(2);
  expect(twice).toEqual(once);
});

test('an element whose value goes, goes; others lose no part', () => {
  const two = patched([{ op: 'add', path: 'emails', value: [{ value: 'b@x', type: 'home' }] }]);
  expect(patched([{ op: 'remove', path: 'emails[type eq "work"].value' }], two)['emails']).toEqual([
    { value: 'b@x', type: 'home' },
  ]);
  expect(patched([{ op: 'remove', path: 'emails[type eq "work"]' }])).not.toHaveProperty('emails');
  expect(patched([{ op: 'remove', path: 'emails', value: [{ value: 'b@x' }] }], two)['emails']).toEqual(
    alice['emails'],
  );
});

test('an extension can be removed whole, and its schema with it', () => {
  const rich = readBody(USER, { ...ALICE, [ENTERPRISE]: { department: 'Tea' } }).resource;
  expect(rich['schemas']).toContain(ENTERPRISE);
  const bare = patched([{ op: 'remove', path: ENTERPRISE }], rich);
  expect(bare).not.toHaveProperty([ENTERPRISE]);
  expect(bare['schemas']).not.toContain(ENTERPRISE);
});

test('an extension that names its schema once more is no other one', () => {
  const value = { [ENTERPRISE]: { schemas: [ENTERPRISE], department: 'Tea' } };
  expect(patched([{ op: 'add', value }])).toMatchObject({ [ENTERPRISE]: { department: 'Tea' } });
  const whole = { op: 'replace', path: ENTERPRISE, value: value[ENTERPRISE] as Json };
  expect(patched([whole])[ENTERPRISE]).toEqual({ department: 'Tea' });
});

test('a new group may have null members, one that is replaced may not: that could empty it', () => {
  const body = { displayName: 'Team', members: null };
  expect(readBody(GROUP, body).members).toMatchObject({ joins: [] });
  expect(() => readBody(GROUP, body, false)).toThrow(expect.objectContaining({ scimType: 'invalidValue' }));
});

test('what no schema knows reads back as it was sent; what the server gives is ignored', () => {
  const body = { userName: 'a', id: 'x', meta: {}, groups: [], 'urn:example:2.0:Badge': { number: 7 }, USERTYPE: 'E' };
  expect(readBody(USER, body).resource).toEqual({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'a',
    'urn:example:2.0:Badge': { number: 7 },
    userType: 'E',
  });
});

describe('members are said as who comes and who goes', () => {
  const delta = (operations: Json): unknown => applyPatch(GROUP, team, 'g', { Operations: operations }).members;
  test.each([
    ['a rename says nothing of them', [{ op: 'replace', path: 'displayName', value: 'New' }], null],
    [
      'the last word counts',
      [
        { op: 'add', path: 'members', value: [{ value: 'a' }] },
        { op: 'remove', path: 'members[value eq "a"]' },
      ],
      { replaced: false, joins: [], leaves: ['a'] },
    ],
    [
      'who leaves and comes again stays',
      [
        { op: 'remove', path: 'members', value: [{ value: 'a' }] },
        { op: 'add', value: { members: { value: 'a' } } },
      ],
      { replaced: false, joins: ['a'], leaves: [] },
    ],
    [
      'several by one filter',
      [{ op: 'remove', path: 'members[value eq "a" or value eq "b"]' }],
      { replaced: false, joins: [], leaves: ['a', 'b'] },
    ],
    [
      'removing without a value empties',
      [{ op: 'remove', path: 'members' }],
      { replaced: true, joins: [], leaves: [] },
    ],
    ['removing nobody removes nobody', [{ op: 'remove', path: 'members', value: [] }], null],
    [
      'replace, then remove one',
      [
        { op: 'replace', path: 'members', value: ['a', 'b'] },
        { op: 'remove', path: 'members', value: ['a'] },
      ],
      { replaced: true, joins: ['b'], leaves: [] },
    ],
  ])('%s', (_name, operations, expected) => {
    expect(delta(operations as Json)).toEqual(expected === null ? null : { chosen: [], ...expected });
  });
});

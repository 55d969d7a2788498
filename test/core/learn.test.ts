// Learning from one reading, where no law reaches: what it says of somebody and takes back at once.
import { expect, test } from 'vitest';
import type { Link, Person } from '../../src/core/fact.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { KnownFacts } from '../../src/core/learn.ts';
import { learn } from '../../src/core/learn.ts';
import type { PushReading } from '../../src/core/reading.ts';

const scim = 'acme-scim' as ConnectionId;
const attributes = { email: 'anna@acme.example', userName: 'anna', firstName: null, lastName: null, locator: null };
const anna: Person = {
  connection: scim,
  externalId: 'anna',
  present: true,
  presentSince: '2026-01-01T00:00:00.000Z',
  active: true,
  activeSince: '2026-01-01T00:00:00.000Z',
  attributes,
};
const gone: Person = { ...anna, present: false, presentSince: '2026-01-02T00:00:00.000Z' };
const staff = {
  connection: scim,
  externalId: 'staff',
  name: 'Staff',
  nameKey: 'Staff',
  present: true,
  since: '2026-01-01T00:00:00.000Z',
};

function known(person: Person, group = staff, links: readonly Link[] = []): KnownFacts {
  return {
    person: (id) => (id === person.externalId ? person : undefined),
    group: (id) => (id === group.externalId ? group : undefined),
    linksOf: ({ externalId }) => links.filter(({ member }) => member.externalId === externalId),
    linksInto: (id) => links.filter(({ group: into }) => into === id),
  };
}

function reading(fields: Partial<PushReading>): PushReading {
  const nothing = { people: [], groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };
  return { kind: 'push', connection: scim, at: '2026-01-03T00:00:00.000Z', ...nothing, ...fields };
}

const member = { kind: 'person', externalId: 'anna' } as const;

test('somebody said and let go in one reading is let go, and the same reading again says nothing new', () => {
  const both = reading({
    people: [{ externalId: 'anna', active: true, attributes, groups: 'unknown' }],
    peopleGone: ['anna'],
  });
  expect(learn(known(anna), both).people).toEqual([{ ...anna, present: false, presentSince: both.at }]);
  expect(learn(known(gone), both).people).toEqual([]);
});

test('a leaver can be put into no group, so no role waits for their return', () => {
  expect(learn(known(gone), reading({ joins: [{ group: 'staff', member }] })).linked).toEqual([]);
  const whole = { ...staff, members: [member] };
  expect(learn(known(gone), reading({ groups: [whole] })).linked).toEqual([]);
});

test('nobody joins a group that was let go', () => {
  const deleted = { ...staff, present: false };
  expect(learn(known(anna, deleted), reading({ joins: [{ group: 'staff', member }] })).linked).toEqual([]);
  const said = { externalId: 'anna', active: true, attributes, groups: ['staff'] };
  expect(learn(known(anna, deleted), reading({ people: [said] })).linked).toEqual([]);
});

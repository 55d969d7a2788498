// Law 4. What a source does not say stays as it was last known; only an empty list empties.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { ConnectionId } from '../../src/core/ids.ts';
import { settings } from './arbitraries.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { CONNECTIONS, GROUPS, PEOPLE } from './people.ts';
import { lives } from './lives.ts';
import { directory, groupOf, person } from './readings.ts';
import type { PushSaid } from './setting.ts';

const anything = settings({ owner: 'anyone', seats: false, brake: false, joinByAddress: false }).map((setting) => ({
  ...setting,
  connections: setting.connections.map((connection) => ({ ...connection, state: 'active' as const })),
}));
const speaker = fc.constantFrom(...CONNECTIONS);
const unstopped = lives(10).map((steps) => steps.filter(({ kind }) => kind !== 'state'));

export const unknownIsNotNone: Law = {
  number: 4,
  words: 'Unknown is not none',
  runs: 300,
  properties: {
    'a missing groups attribute and a PUT without members keep the last known groups': (core) =>
      fc.property(anything, unstopped, speaker.chain(saidWithoutLists), (setting, before, reading) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const links = [...life.world.factsOf(reading.connection).links];
        life.take({ kind: 'reading', said: reading });
        deepStrictEqual([...life.world.factsOf(reading.connection).links], links);
      }),
    'saying everybody and every group again without lists changes no membership': (core) =>
      fc.property(anything, unstopped, speaker, (setting, before, connection) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const facts = life.world.factsOf(connection);
        const there = <T extends { present: boolean }>(all: Iterable<T>): T[] => [...all].filter((one) => one.present);
        const reading: PushSaid = {
          ...SILENT,
          connection,
          people: there(facts.people.values()).map((one) => ({ ...one, groups: 'unknown' })),
          groups: there(facts.groups.values()).map((one) => ({ ...one, members: 'unknown' })),
        };
        deepStrictEqual(life.take({ kind: 'reading', said: reading }).committed, []);
      }),
    'a cut-off list takes nobody out of a group': (core) =>
      fc.property(anything, unstopped, directory('corp' as ConnectionId), (setting, before, reading) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const taken = life.take({ kind: 'reading', said: { ...reading, complete: false } });
        deepStrictEqual(taken.facts?.unlinked ?? [], []);
      }),
    'an empty list empties': (core) =>
      fc.property(anything, unstopped, speaker, fc.nat(3), (setting, before, connection, nth) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const facts = life.world.factsOf(connection);
        const group = facts.groups.get(GROUPS[nth]!);
        const who = facts.people.get(PEOPLE[nth]!);
        const reading: PushSaid = {
          ...SILENT,
          connection,
          people: who === undefined ? [] : [{ ...who, groups: [] }],
          groups: group === undefined ? [] : [{ ...group, members: [] }],
        };
        life.take({ kind: 'reading', said: reading });
        if (group !== undefined) deepStrictEqual(facts.known().linksInto(group.externalId), []);
        if (who !== undefined) deepStrictEqual(facts.linksOf('person', who.externalId), []);
      }),
  },
};

const SILENT = { kind: 'push', people: [], groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] } as const;

function saidWithoutLists(connection: ConnectionId): fc.Arbitrary<PushSaid> {
  const people = fc.array(
    person.map((one) => ({ ...one, groups: 'unknown' as const })),
    { maxLength: 3 },
  );
  const groups = fc.array(
    groupOf(connection).map((one) => ({ ...one, members: 'unknown' as const })),
    { maxLength: 3 },
  );
  return fc.tuple(people, groups).map(([saidPeople, saidGroups]) => ({
    ...SILENT,
    connection,
    people: saidPeople,
    groups: saidGroups,
  }));
}

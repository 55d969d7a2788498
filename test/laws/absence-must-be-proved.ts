// Law 5. Not being seen is no reason to go: only a complete read, and then a look-up or a second one, proves it.
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { ConnectionId } from '../../src/core/ids.ts';
import { brakedChanges } from './brake-input.ts';
import { settings } from './arbitraries.ts';
import { isComplete } from './directory-read.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { lives } from './lives.ts';
import { CONNECTIONS, kindOf } from './people.ts';
import { directory, push, whole } from './readings.ts';

const CORP = 'corp' as ConnectionId;
const pushing = fc.constantFrom(...CONNECTIONS.filter((id) => kindOf(id) === 'scim'));
const pushAfterAll = (id: ConnectionId) => fc.tuple(whole(id), push(id));
const anything = settings({ owner: 'anyone', seats: false, brake: false, joinByAddress: false });

export const absenceMustBeProved: Law = {
  number: 5,
  words: 'Absence must be proved',
  runs: 400,
  properties: {
    'whoever a read did not see stays as they were, unless it was complete and they were looked up or missed twice': (
      core,
    ) =>
      fc.property(anything, lives(10), directory(CORP), (setting, before, read) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        const facts = life.world.factsOf(CORP);
        const was = new Map([...facts.people.keys()].map((id) => [id, facts.linksOf('person', id)]));
        const people = new Map(facts.people);
        const missed = new Set(facts.missed);
        const complete = isComplete(facts, read);
        life.take({ kind: 'reading', said: read });
        const seen = new Set(read.people.map(({ externalId }) => externalId));
        for (const [id, links] of was) {
          if (seen.has(id)) continue;
          const proved =
            complete && (read.foundByLookUp === null ? missed.has(`person ${id}`) : !read.foundByLookUp.includes(id));
          if (!proved || !life.hears(read)) {
            // A group whose own absence was proved takes its links with it.
            const stands = links.filter(({ group }) => facts.groups.get(group)?.present !== false);
            deepStrictEqual([facts.people.get(id), facts.linksOf('person', id)], [people.get(id), stands]);
          } else ok(facts.people.get(id)?.present === false && facts.linksOf('person', id).length === 0);
        }
      }),
    'a push removes only those whom it names': (core) =>
      fc.property(anything, lives(6), pushing.chain(pushAfterAll), (setting, before, [all, reading]) => {
        const life = new Life(core, setting);
        for (const step of before) life.take(step);
        life.take({ kind: 'reading', said: all });
        const facts = life.world.factsOf(reading.connection);
        const was = [...facts.people.values()].filter(({ present }) => present);
        life.take({ kind: 'reading', said: reading });
        const gone = was.filter(({ externalId }) => facts.people.get(externalId)?.present !== true);
        for (const { externalId } of gone) ok(reading.peopleGone.includes(externalId));
      }),
    'all removals of a suspect read are held, however few': (core) =>
      fc.property(brakedChanges, ({ input }) => {
        const { held, charged } = core.applyBrake({ ...input, suspect: true });
        for (const { account, removal } of input.changes) if (removal) deepStrictEqual(held.get(account), 'suspect');
        deepStrictEqual(charged, []);
      }),
  },
};

// Between a read and the facts: who is absent, and whose groups are others.
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { loadNesting } from '../store/facts.ts';
import { knownPeople, presentGroups } from '../store/staging.ts';
import type { NestingChange } from '../store/staged-pieces.ts';
import type { DirectoryGraph } from './directory-graph.ts';
import type { Beat } from './directory-read.ts';
import type { Absentee } from './proof.ts';

export interface Compared {
  readonly people: Missing;
  readonly groups: Missing;
  /** People whose groups are others than those known. */
  readonly regrouped: readonly string[];
  readonly nesting: readonly NestingChange[];
}

interface Missing {
  readonly absent: readonly Absentee[];
  /** Read again after they were missing. */
  readonly back: readonly string[];
}

/** @param complete whether a link that was not read is gone: an incomplete read adds and takes nothing away. */
export async function compareWithKnown(
  db: Database,
  connection: ConnectionId,
  { graph, complete }: { readonly graph: DirectoryGraph; readonly complete: boolean },
  beat: Beat,
): Promise<Compared> {
  const people = { absent: new Array<Absentee>(), back: new Array<string>() };
  const groups = { absent: new Array<Absentee>(), back: new Array<string>() };
  const regrouped: string[] = [];
  for await (const page of knownPeople(db, connection)) {
    for (const { externalId, present, missed, groups: known } of page) {
      const compared = graph.compareGroups(externalId, known);
      if (compared === null) {
        if (present) people.absent.push({ externalId, missed });
        continue;
      }
      if (missed > 0) people.back.push(externalId);
      if (compared.joins || (compared.leaves && complete)) regrouped.push(externalId);
    }
    await beat('comparing', graph.people);
  }
  for (const group of await presentGroups(db, connection)) {
    if (!graph.has('group', group.externalId)) groups.absent.push(group);
    else if (group.missed > 0) groups.back.push(group.externalId);
  }
  return { people, groups, regrouped, nesting: await compareNesting(db, connection, { graph, complete }) };
}

async function compareNesting(
  db: Database,
  connection: ConnectionId,
  { graph, complete }: { readonly graph: DirectoryGraph; readonly complete: boolean },
): Promise<NestingChange[]> {
  const known = await loadNesting(db, connection);
  const read = Map.groupBy(graph.nesting(), ({ member }) => member);
  const came = graph.nesting().filter(({ group, member }) => known.get(member)?.includes(group) !== true);
  // A group that was not read says nothing of where it is; whether it is gone is proved apart.
  const went = [...known].flatMap(([member, parents]) => {
    if (!complete || !graph.has('group', member)) return [];
    const now = new Set((read.get(member) ?? []).map(({ group }) => group));
    return parents.filter((group) => !now.has(group)).map((group) => ({ group, member, there: false }));
  });
  return [...came.map((link) => ({ ...link, there: true })), ...went];
}

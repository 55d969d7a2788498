// Between a read and the facts: who is absent, whose groups are others, and whom the plan must therefore look at, in
// which order.
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { inGroups } from '../store/database.ts';
import { loadNesting } from '../store/facts.ts';
import { knownPeople, presentGroups } from '../store/staging.ts';
import type { NestingChange } from '../store/staged-pieces.ts';
import { movedPeople, ownersAmong, stagedAmong, stagedIds, waitingPeople } from '../store/staged-pieces.ts';
import type { RunRef } from './context.ts';
import type { DirectoryGraph } from './directory-graph.ts';
import type { Beat } from './directory-read.ts';
import type { Absentee } from './proof.ts';

/** People planned at once: nothing is written meanwhile but the plan's own rows. */
const PLANNED_AT_ONCE = 2_500;

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

export interface Touched {
  readonly gone: readonly string[];
  readonly regrouped: readonly string[];
  /** People whom a change of their groups themselves may touch. */
  readonly ofChangedGroups: readonly string[];
}

/**
 * Whom a difference touches, in the order of planning: with the groups' own changes those whom these touch, so that a
 * group that was deleted and made again takes nobody's role away in between; then leavers, so that they free their
 * seats; then whoever gives an address up, so that a newcomer may have it; Owners last, so that a successor's own
 * changes come before the seat is empty. The first batch is there in any case; each is sorted by id.
 */
export async function* inOrder(
  db: Database,
  ref: RunRef,
  connection: ConnectionId,
  graph: DirectoryGraph,
  touched: Touched,
): AsyncGenerator<readonly string[]> {
  const moved = new Set(await movedPeople(db, ref.id, connection));
  const waiting = (await waitingPeople(db, connection)).filter((id) => graph.has('person', id));
  const owners = await ownersAmong(db, connection);
  const others = new Set([...touched.gone, ...moved, ...touched.regrouped, ...waiting]);
  const staged = await stagedAmong(db, ref.id, [...touched.ofChangedGroups, ...owners]);
  const first = touched.ofChangedGroups.filter((id) => others.has(id) || staged.has(id));
  const placed = new Set(first);
  yield first.sort();
  const last = owners.filter((id) => !placed.has(id) && (others.has(id) || staged.has(id)));
  for (const id of last) placed.add(id);
  const next = function* (ids: readonly string[]): Generator<readonly string[]> {
    const free = ids.filter((id) => !placed.has(id)).sort();
    for (const id of free) placed.add(id);
    yield* inGroups(free, PLANNED_AT_ONCE);
  };
  yield* next(touched.gone);
  yield* next([...moved]);
  for (const id of placed) others.delete(id);
  const sorted = [...others].sort();
  let at = 0;
  for await (const page of stagedIds(db, ref.id, PLANNED_AT_ONCE)) {
    const end = page.at(-1) ?? '';
    const ids = new Set(page.filter((id) => !placed.has(id)));
    for (const id of ids) others.delete(id);
    for (; at < sorted.length && (sorted[at] ?? '') <= end; at += 1) {
      const id = sorted[at] ?? '';
      if (!others.delete(id)) continue;
      ids.add(id);
      // The database may sort otherwise than we do, and come to it later.
      placed.add(id);
    }
    yield [...ids].sort();
  }
  yield* next([...others]);
  yield last.sort();
}

// Between a read and the facts: who is absent, whose groups are others, and whom the plan must therefore look at, dealt
// into the pieces in which it is made and committed.
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { loadNesting } from '../store/facts.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { knownPeople, presentGroups } from '../store/staging.ts';
import type { NestingChange, Touched } from '../store/staged-pieces.ts';
import { addTouched, movedPeople, ownersAmong, stagedIds, waitingPeople } from '../store/staged-pieces.ts';
import type { RunRef, Sync } from './context.ts';
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

/** People dealt at once, as many as one statement takes. */
const DEALT_AT_ONCE = 2_000;

/**
 * Deals whom a difference touches into pieces: leavers first, so that they free their seats; then whoever gives an
 * address up, so that a newcomer may have it; Owners last, so that a successor's own changes come before the seat is empty.
 * @returns the number of pieces after the first, which is the groups' own.
 */
export async function dealPieces(
  sync: Sync,
  ref: RunRef,
  connection: ConnectionId,
  touched: {
    readonly gone: readonly string[];
    readonly regrouped: readonly string[];
    readonly graph: DirectoryGraph;
    readonly pieceSize: number;
  },
): Promise<number> {
  const { db } = sync;
  const gone = new Set(touched.gone);
  const owners = new Set(await ownersAmong(db, connection));
  const moved = new Set(await movedPeople(db, ref.id, connection));
  const waiting = (await waitingPeople(db, connection)).filter((id) => touched.graph.has('person', id));
  const ownersTouched: string[] = [];
  let dealt = 0;
  const deal = async (ids: readonly string[]): Promise<void> => {
    for (let from = 0; from < ids.length; from += DEALT_AT_ONCE) {
      const rows = ids.slice(from, from + DEALT_AT_ONCE).map((externalId): Touched => {
        const piece = 1 + Math.floor(dealt / touched.pieceSize);
        dealt += 1;
        return { externalId, piece, groups: gone.has(externalId) ? null : touched.graph.groupsOf(externalId) };
      });
      await inLeasedTransaction(db, ref.lease, (trx) => addTouched(trx, ref.id, rows));
    }
  };
  const withoutOwners = (ids: Iterable<string>): string[] => {
    const list = [...ids];
    ownersTouched.push(...list.filter((id) => owners.has(id)));
    return list.filter((id) => !owners.has(id)).sort();
  };
  await deal(withoutOwners(gone));
  await deal(withoutOwners([...moved].filter((id) => !gone.has(id))));
  const others = new Set([...touched.regrouped, ...waiting].filter((id) => !gone.has(id) && !moved.has(id)));
  for await (const page of stagedIds(db, ref.id)) {
    const last = page.at(-1) ?? '';
    const before = [...others].filter((id) => id <= last);
    for (const id of [...page, ...before]) others.delete(id);
    await deal(withoutOwners(new Set([...before, ...page.filter((id) => !moved.has(id))])));
  }
  await deal(withoutOwners(others));
  await deal([...new Set(ownersTouched)].sort((a, b) => Number(gone.has(b)) - Number(gone.has(a)) || (a < b ? -1 : 1)));
  return Math.ceil(dealt / touched.pieceSize);
}

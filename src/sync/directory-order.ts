// Whom the plan of a directory run must look at, and in which order.
import type { ConnectionId } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { inGroups } from '../store/database.ts';
import { movedPeople, ownersAmong, stagedAmong, stagedPeopleInOrder, waitingPeople } from '../store/staged-pieces.ts';
import type { RunRef } from './context.ts';
import type { DirectoryGraph } from './directory-graph.ts';
import type { DirectoryPlanner } from './directory-planner.ts';

/** People planned at once: nothing is written meanwhile but the plan's own rows. */
const PLANNED_AT_ONCE = 2_500;

/** Strangers of one transaction, at least: the more they are, the fewer times the indexes of links are written all over. */
const STRANGERS_AT_ONCE = 10_000;

interface Batch {
  readonly ids: readonly string[];
  readonly strangers: boolean;
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
 * changes come before the seat is empty. The first batch is there in any case; each is sorted by id. Strangers, on whom
 * nothing hangs, come in batches of their own.
 */
export async function* inOrder(
  db: Database,
  ref: RunRef,
  connection: ConnectionId,
  {
    graph,
    touched,
    planner,
  }: {
    readonly graph: DirectoryGraph;
    readonly touched: Touched;
    readonly planner: Pick<DirectoryPlanner, 'getsNothing'>;
  },
): AsyncGenerator<Batch> {
  const moved = new Set(await movedPeople(db, ref.id, connection));
  const waiting = (await waitingPeople(db, connection)).filter((id) => graph.has('person', id));
  const owners = await ownersAmong(db, connection);
  const others = new Set([...touched.gone, ...moved, ...touched.regrouped, ...waiting]);
  const staged = await stagedAmong(db, ref.id, [...touched.ofChangedGroups, ...owners]);
  const first = touched.ofChangedGroups.filter((id) => others.has(id) || staged.has(id));
  const placed = new Set(first);
  yield { ids: first.sort(), strangers: false };
  const last = owners.filter((id) => !placed.has(id) && (others.has(id) || staged.has(id)));
  for (const id of last) placed.add(id);
  const next = function* (ids: readonly string[]): Generator<Batch> {
    const free = ids.filter((id) => !placed.has(id)).sort();
    for (const id of free) placed.add(id);
    yield* inBatches(free);
  };
  yield* next(touched.gone);
  yield* next([...moved]);
  for (const id of placed) others.delete(id);
  const sorted = [...others].sort();
  let at = 0;
  let strangers: string[] = [];
  let looked: string[] = [];
  for await (const page of stagedPeopleInOrder(db, ref.id, PLANNED_AT_ONCE)) {
    const end = page.at(-1)?.externalId ?? '';
    for (const { externalId, unheardOf } of page) {
      if (placed.has(externalId)) continue;
      if (unheardOf && planner.getsNothing(externalId)) strangers.push(externalId);
      else looked.push(externalId);
      others.delete(externalId);
    }
    for (; at < sorted.length && (sorted[at] ?? '') <= end; at += 1) {
      const id = sorted[at] ?? '';
      if (!others.delete(id)) continue;
      looked.push(id);
      // The database may sort otherwise than we do, and come to it later.
      placed.add(id);
    }
    if (looked.length >= PLANNED_AT_ONCE) {
      yield* inBatches(looked);
      looked = [];
    }
    if (strangers.length >= STRANGERS_AT_ONCE) {
      yield { ids: strangers, strangers: true };
      strangers = [];
    }
  }
  yield* inBatches(looked);
  if (strangers.length > 0) yield { ids: strangers, strangers: true };
  yield* next([...others]);
  yield* inBatches(last);
}

function* inBatches(ids: readonly string[]): Generator<Batch> {
  for (const batch of inGroups([...ids].sort(), PLANNED_AT_ONCE)) yield { ids: batch, strangers: false };
}

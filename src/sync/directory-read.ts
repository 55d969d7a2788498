// The first part of a directory run: whoever is read is compared with what is known of them, only what differs is
// staged, links are resolved in memory, and the read is weighed.
import type { ConnectionId } from '../core/ids.ts';
import type { DirectoryReading, Skipped } from '../core/reading.ts';
import { commitWithoutWaiting } from '../store/haste.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import type { ReadReference } from '../store/read-references.ts';
import { lastGoodRead } from '../store/read-references.ts';
import type { GroupItem, PersonItem } from '../store/staging.ts';
import { differingGroups, differingPeople, isAnybodyKnown, stage } from '../store/staging.ts';
import type { RunRef, Sync } from './context.ts';
import { DirectoryGraph } from './directory-graph.ts';
import type { ReadSize } from './proof.ts';
import { incompleteness, suspicions } from './proof.ts';

/** Entries compared at once: enough that a statement's own cost is nothing, few enough to keep memory flat. */
const COMPARED_AT_ONCE = 4_000;

/** Skipped entries that are told one by one; the rest are counted. */
const SKIPPED_TOLD = 20;

export interface DirectoryRead {
  readonly size: ReadSize & { readonly skipped: number };
  readonly complete: boolean;
  readonly reason: string | null;
  readonly suspicions: readonly string[];
  readonly reference: ReadReference;
  readonly warnings: readonly string[];
  readonly graph: DirectoryGraph;
}

export type Beat = (step: string, done: number, of?: number | null) => Promise<void>;

export async function readDirectory(
  sync: Sync,
  ref: RunRef,
  reading: DirectoryReading,
  beat: Beat,
): Promise<DirectoryRead> {
  const graph = new DirectoryGraph();
  const isFirst = !(await isAnybodyKnown(sync.db, reading.connection));
  const containers = new Map<string, number>();
  const skipped: Skipped[] = [];
  let skippedCount = 0;
  let people: PersonItem[] = [];
  let groups: GroupItem[] = [];
  let staging = Promise.resolve();
  // The database works on one batch while the next is read.
  const flush = async (): Promise<void> => {
    await staging;
    staging = stageDiffering(sync, ref, reading.connection, { people, groups, isFirst });
    // What it met is told where it is waited for.
    staging.catch(() => undefined);
    people = [];
    groups = [];
    await beat('reading', graph.people + graph.groups);
  };
  try {
    for await (const item of reading.items) {
      switch (item.kind) {
        case 'skipped':
          skippedCount += 1;
          if (skipped.length < SKIPPED_TOLD) skipped.push(item.skipped);
          break;
        case 'links':
          graph.addLinks(item.links);
          break;
        case 'group':
          if (graph.addEntry('group', item.externalId, item.aliases)) groups.push(item);
          break;
        case 'person':
          if (!graph.addEntry('person', item.externalId, item.aliases)) break;
          people.push(item);
          if (item.container !== null) containers.set(item.container, (containers.get(item.container) ?? 0) + 1);
          break;
      }
      if (people.length + groups.length >= COMPARED_AT_ONCE) await flush();
    }
    await flush();
  } finally {
    // However the read ends, nothing is staged after it.
    await staging.catch(() => undefined);
  }
  await staging;
  const { links, dangling } = graph.resolve(reading.nested);
  const size = { people: graph.people, groups: graph.groups, links };
  const last = await lastGoodRead(sync.db, reading.connection);
  const outcome = reading.outcome();
  const reason = incompleteness(outcome, size, last);
  const weighed = { ...size, fingerprint: outcome.fingerprint, containers: Object.fromEntries(containers) };
  const suspect = reason === null ? await suspicions(sync.db, reading.connection, graph, weighed, last) : [];
  return {
    size: { ...size, skipped: skippedCount },
    complete: reason === null,
    reason,
    suspicions: suspect,
    reference: {
      run: ref.run,
      fingerprint: weighed.fingerprint,
      people: size.people,
      links,
      containers: weighed.containers,
    },
    warnings: [
      ...outcome.warnings,
      ...skipped.map(({ at, reason: why }) => `skipped ${at}: ${why}`),
      ...(skippedCount > skipped.length ? [`${skippedCount - skipped.length} more entries were skipped`] : []),
      ...(dangling > 0 ? [`${dangling} group members name nobody who was read`] : []),
      ...suspect.map((why) => `suspect read, removals are held: ${why}`),
    ],
    graph,
  };
}

/** @param isFirst nobody of the connection is known. */
async function stageDiffering(
  sync: Sync,
  ref: RunRef,
  connection: ConnectionId,
  {
    people,
    groups,
    isFirst,
  }: { readonly people: readonly PersonItem[]; readonly groups: readonly GroupItem[]; readonly isFirst: boolean },
): Promise<void> {
  const otherPeople = isFirst
    ? people.map((item) => ({ item, newcomer: true }))
    : await differingPeople(sync.db, connection, people);
  const otherGroups = await differingGroups(sync.db, connection, groups);
  if (otherPeople.length + otherGroups.length === 0) return;
  await inLeasedTransaction(sync.db, ref.lease, async (trx) => {
    await commitWithoutWaiting(trx);
    await stage(trx, ref.id, otherPeople, otherGroups);
  });
}

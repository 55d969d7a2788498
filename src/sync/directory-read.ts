// The first half of a directory run: everything that was read is staged, links are resolved, and the read is weighed.
import type { DirectoryItem, DirectoryReading, Skipped } from '../core/reading.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import type { ReadReference } from '../store/read-references.ts';
import { lastGoodRead } from '../store/read-references.ts';
import type { ReadSize } from '../store/staging.ts';
import { readSize, resolveLinks, stage, stagedContainers } from '../store/staging.ts';
import type { RunRef, Sync } from './context.ts';
import { incompleteness, suspicions } from './proof.ts';

/** Items staged in one transaction: enough to write fast, few enough to keep memory flat. */
const STAGED_AT_ONCE = 5_000;

/** Skipped entries that are told one by one; the rest are counted. */
const SKIPPED_TOLD = 20;

export interface DirectoryRead {
  readonly size: ReadSize & { readonly skipped: number };
  readonly complete: boolean;
  readonly reason: string | null;
  readonly suspicions: readonly string[];
  readonly reference: ReadReference;
  readonly warnings: readonly string[];
}

export type Beat = (step: string, done: number, of?: number | null) => Promise<void>;

export async function readDirectory(
  sync: Sync,
  ref: RunRef,
  reading: DirectoryReading,
  beat: Beat,
): Promise<DirectoryRead> {
  const skipped: Skipped[] = [];
  let skippedCount = 0;
  let read = 0;
  let waiting: DirectoryItem[] = [];
  const flush = async (): Promise<void> => {
    const items = waiting;
    waiting = [];
    await inLeasedTransaction(sync.db, ref.lease, (trx) => stage(trx, ref.id, items));
    await beat('reading', read);
  };
  for await (const item of reading.items) {
    if (item.kind === 'skipped') {
      skippedCount += 1;
      if (skipped.length < SKIPPED_TOLD) skipped.push(item.skipped);
      continue;
    }
    if (item.kind !== 'links') read += 1;
    waiting.push(item);
    if (waiting.length >= STAGED_AT_ONCE) await flush();
  }
  await flush();
  const { dangling } = await inLeasedTransaction(sync.db, ref.lease, (trx) =>
    resolveLinks(trx, ref.id, reading.nested),
  );
  const outcome = reading.outcome();
  const size = await readSize(sync.db, ref.id);
  const containers = await stagedContainers(sync.db, ref.id);
  const last = await lastGoodRead(sync.db, reading.connection);
  const reason = incompleteness(outcome, size, last);
  const fingerprint = outcome.fingerprint;
  const suspect =
    reason === null
      ? await suspicions(sync.db, ref.id, reading.connection, { ...size, fingerprint, containers }, last)
      : [];
  return {
    size: { ...size, skipped: skippedCount },
    complete: reason === null,
    reason,
    suspicions: suspect,
    reference: { run: ref.run, fingerprint, people: size.people, links: size.links, containers },
    warnings: [
      ...outcome.warnings,
      ...skipped.map(({ at, reason: why }) => `skipped ${at}: ${why}`),
      ...(skippedCount > skipped.length ? [`${skippedCount - skipped.length} more entries were skipped`] : []),
      ...(dangling > 0 ? [`${dangling} group members name nobody who was read`] : []),
      ...suspect.map((why) => `suspect read, removals are held: ${why}`),
    ],
  };
}

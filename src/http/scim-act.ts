// One write request: checked, stored and pushed in one transaction, and answered as it reads back. A bulk request is
// one too, and the brake judges it whole (law 6).
import { PatchWork } from '../scim/patch-work.ts';
import { PushCollector } from '../scim/push-collector.ts';
import { ScimError } from '../scim/scim-error.ts';
import { inSharedTransaction } from '../store/shared-transaction.ts';
import type { PlanRef } from '../sync/context.ts';
import { pushWithin } from '../sync/push.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { Writing } from './scim-write.ts';

/**
 * Runs `write`, and takes in what it has said; `then` sees the store as it is afterwards.
 * @throws ScimError what `write` refuses, which leaves nothing of it.
 */
export async function act<Written, Shown>(
  { sync, base }: ScimDoor,
  { connection }: Caller,
  write: (writing: Writing) => Promise<Written>,
  then: (writing: Writing, written: Written) => Promise<Shown>,
): Promise<{ readonly shown: Shown; readonly plan: PlanRef | null }> {
  const done = await inSharedTransaction(sync.db, async (db) => {
    const collector = new PushCollector();
    const writing: Writing = { db, base, connection, collector, work: new PatchWork(), now: sync.now };
    const written = await orRefusal(write(writing));
    if (written instanceof ScimError) return written;
    const reading = collector.reading(connection, sync.now());
    const plan = reading === null ? null : await pushWithin(sync, db, reading);
    return { shown: await then(writing, written), plan };
  });
  if (done instanceof ScimError) throw done;
  return done;
}

/** Whatever is refused is refused before anything is written (scim-write.ts): the others' transaction goes on. */
async function orRefusal<T>(written: Promise<T>): Promise<T | ScimError> {
  try {
    return await written;
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
}

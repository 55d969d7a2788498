// One write request: checked, stored and pushed in one transaction, and answered as it reads back. A bulk request is
// one too, and the brake judges it whole (law 6).
import { PatchWork } from '../scim/patch-work.ts';
import { PushCollector } from '../scim/push-collector.ts';
import { inSharedTransaction } from '../store/shared-transaction.ts';
import type { PlanRef } from '../sync/context.ts';
import { pushWithin } from '../sync/push.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { Writing } from './scim-write.ts';

/** Runs `write`, and takes in what it has said; `then` sees the store as it is afterwards. */
export async function act<Written, Shown>(
  { sync, base }: ScimDoor,
  { connection }: Caller,
  write: (writing: Writing) => Promise<Written>,
  then: (writing: Writing, written: Written) => Promise<Shown>,
): Promise<{ readonly shown: Shown; readonly plan: PlanRef | null }> {
  return inSharedTransaction(sync.db, async (db) => {
    const collector = new PushCollector();
    const writing: Writing = { db, base, connection, collector, work: new PatchWork(), now: sync.now };
    const written = await write(writing);
    const reading = collector.reading(connection, sync.now());
    const plan = reading === null ? null : await pushWithin(sync, db, reading);
    return { shown: await then(writing, written), plan };
  });
}

// Failures counted within a window of time, shared by all processes. A count is a row that begins anew once its window
// has passed, and is forgotten then: there are never more rows than there were failures within one window.
import { span, shift } from '../core/instant.ts';
import type { Instant } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface Count {
  readonly failures: number;
  /** Until the window ends. */
  readonly leftMs: number;
}

/** Counts one more, and gives the count with it. Each statement stands alone and none reads before it writes, so that no attempt goes uncounted. */
export async function countOne(db: Database, key: string, windowMs: number, at: Instant): Promise<Count> {
  const fresh = { counted: key, started_at: at, failures: 0 };
  await db('throttles').insert(fresh).onConflict('counted').ignore();
  await db('throttles')
    .where({ counted: key })
    .where('started_at', '<=', shift(at, -windowMs))
    .update({ started_at: at, failures: 0 });
  await db('throttles').where({ counted: key }).increment('failures', 1);
  return (await readCount(db, key, windowMs, at)) ?? { failures: 1, leftMs: windowMs };
}

/** The count as it stands; null where there is none, or its window has passed. */
export async function readCount(db: Database, key: string, windowMs: number, at: Instant): Promise<Count | null> {
  const row: { started_at: Instant; failures: number } | undefined = await db('throttles')
    .where({ counted: key })
    .first('started_at', 'failures');
  const leftMs = row === undefined ? 0 : windowMs - span(row.started_at, at);
  return row === undefined || leftMs <= 0 ? null : { failures: row.failures, leftMs };
}

/** Takes back what was counted before it was known to be no failure. */
export async function takeBack(db: Database, key: string): Promise<void> {
  await db('throttles').where({ counted: key }).where('failures', '>', 0).decrement('failures', 1);
}

/** Ends the count: the right password was given. */
export async function forget(db: Database, key: string): Promise<void> {
  await db('throttles').where({ counted: key }).delete();
}

/** Forgets the counts whose window has passed. */
export async function sweepThrottles(db: Database, windowMs: number, at: Instant): Promise<void> {
  await db('throttles').where('started_at', '<=', shift(at, -windowMs)).delete();
}

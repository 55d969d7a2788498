// What was told long ago need not be kept: a membership's history stands in its own rows (`changes`).
import type { Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inTransaction } from './database.ts';
import { execute, oneOf, rowsOf } from './statement.ts';

const AT_ONCE = 1_000;

/**
 * Forgets the changed memberships that were told before that time, with their deliveries; never what still waits or is a
 * dead letter, and never what tells whether a hold or a failing run was told of.
 * @returns how many.
 */
export async function forgetEvents(db: Database, before: Instant): Promise<number> {
  let forgotten = 0;
  for (let after = 0; ; ) {
    const page = await rowsOf<{ seq: number; id: string; type: string; at: Instant; placed: number; open: number }>(
      db,
      `SELECT seq, id, type, at, CASE WHEN position IS NULL THEN 0 ELSE 1 END AS placed,
         (SELECT count(*) FROM deliveries d WHERE d.event = events.id AND d.state <> 'delivered') AS open
       FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
      [after, AT_ONCE],
    );
    const old = page.filter(({ at }) => at < before);
    const ids = old
      .filter(({ type, placed, open }) => type === 'membership.changed' && placed === 1 && open === 0)
      .map(({ id }) => id);
    if (ids.length > 0) {
      await inTransaction(db, async (trx) => {
        await execute(trx, `DELETE FROM deliveries WHERE ${oneOf(trx, 'event')}`, [ids]);
        forgotten += await execute(trx, `DELETE FROM events WHERE ${oneOf(trx, 'id')}`, [ids]);
      });
    }
    const last = page.at(-1);
    // They stand in the order in which they happened.
    if (last === undefined || old.length < page.length) return forgotten;
    after = last.seq;
  }
}

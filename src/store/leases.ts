// Leases: work that one process does at a time. A holder that gives no sign is replaced within a minute, at once
// if its process is certainly gone. Ends are written and compared by the database's clock, so that clocks that differ
// between machines do no harm. Time alone proves nothing: a holder that was only slow is stopped by its token, checked
// in the transaction of each of its writes.
import { randomUUID } from 'node:crypto';
import { RollcallError } from '../errors.ts';
import type { Ahead, Database } from './database.ts';
import { databaseTime, inTransaction } from './database.ts';
import { isCertainlyGone, thisProcess } from './process-identity.ts';

/** With the time that a scheduler takes to look again, a killed holder is replaced within a minute. */
export const LEASE_MS = 45_000;

export interface Lease {
  readonly name: string;
  /** Fresh at each taking: what was taken over cannot be mistaken for one's own. */
  readonly token: string;
}

/** Takes the lease, or gives null while another holds it. */
export async function acquireLease(db: Database, name: string, lengthMs: number = LEASE_MS): Promise<Lease | null> {
  const token = randomUUID();
  const held: { holder: string; token: string } | undefined = await db('leases').where({ name }).first();
  const abandoned = held !== undefined && isCertainlyGone(held.holder) ? held.token : '';
  await db('leases')
    .insert({ name, holder: thisProcess(), token, expires_at: databaseTime(db, lengthMs) })
    .onConflict('name')
    .merge()
    .where((query) => {
      void query.where('leases.expires_at', '<=', databaseTime(db)).orWhere('leases.token', abandoned);
    });
  return (await isHeld(db, { name, token })) ? { name, token } : null;
}

/**
 * Lets the lease begin anew.
 * @throws RollcallError `lease_lost` when another process has taken it over.
 */
export async function renewLease(db: Database, lease: Lease, lengthMs: number = LEASE_MS): Promise<void> {
  const renewed = await db('leases')
    .where({ name: lease.name, token: lease.token })
    .update({ expires_at: databaseTime(db, lengthMs) });
  if (renewed === 0) {
    throw new RollcallError('lease_lost', `another process has taken over: ${lease.name}; this one stops`);
  }
}

/** Gives it back; nothing happens if it is no longer one's own. */
export async function releaseLease(db: Database, { name, token }: Lease): Promise<void> {
  await db('leases').where({ name, token }).delete();
}

/**
 * A transaction of the holder: it commits only if the lease is still its own, and leaves it renewed.
 * @throws RollcallError `lease_lost`; then nothing was written.
 */
export async function inLeasedTransaction<T>(
  db: Database,
  lease: Lease,
  work: (trx: Database) => Promise<T>,
  ahead?: Ahead,
): Promise<T> {
  return inTransaction(
    db,
    async (trx) => {
      // The row is locked from here on: nobody takes over before this commits.
      await renewLease(trx, lease);
      const result = await work(trx);
      // However long the work took, its lease is fresh when others see it.
      await renewLease(trx, lease);
      return result;
    },
    ahead,
  );
}

/** Renews the lease in the background until the function that it gives back is called. */
export function keepLease(db: Database, lease: Lease, lengthMs: number = LEASE_MS): () => void {
  const timer = setInterval(() => {
    // A renewal that fails is tried again at the next beat; one that was lost shows at the next write.
    renewLease(db, lease, lengthMs).catch(() => undefined);
  }, lengthMs / 3);
  timer.unref();
  return () => clearInterval(timer);
}

async function isHeld(db: Database, { name, token }: Lease): Promise<boolean> {
  return (await db('leases').where({ name, token }).first('name')) !== undefined;
}

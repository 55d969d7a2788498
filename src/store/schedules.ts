// The schedule's memory, shared by all processes: which ticks are taken, and who backs off until when.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface ScheduleState {
  readonly connection: ConnectionId;
  readonly lookedAt: Instant;
  /** Runs that failed, one after the other. */
  readonly failures: number;
  readonly notBefore: Instant | null;
}

interface ScheduleRow {
  connection: ConnectionId;
  looked_at: Instant;
  failures: number;
  not_before: Instant | null;
}

/** The connection's state; one that was never looked at begins now, so that its first run is at its next tick. */
export async function scheduleState(db: Database, connection: ConnectionId, now: Instant): Promise<ScheduleState> {
  const fresh: ScheduleRow = { connection, looked_at: now, failures: 0, not_before: null };
  await db('schedules').insert(fresh).onConflict('connection').ignore();
  const row: ScheduleRow | undefined = await db('schedules').where({ connection }).first();
  const { looked_at: lookedAt, failures, not_before: notBefore } = row ?? fresh;
  return { connection, lookedAt, failures, notBefore };
}

/** Takes the ticks up to `now`; false where another process has taken them since `seen` was read. */
export async function takeTicks(db: Database, seen: ScheduleState, now: Instant): Promise<boolean> {
  const { connection, lookedAt } = seen;
  const taken = await db('schedules').where({ connection, looked_at: lookedAt }).update({ looked_at: now });
  return taken === 1;
}

/** Remembers how the run ended; `notBefore` null ends the back-off. */
export async function saveOutcome(
  db: Database,
  connection: ConnectionId,
  { failures, notBefore }: Pick<ScheduleState, 'failures' | 'notBefore'>,
): Promise<void> {
  await db('schedules').where({ connection }).update({ failures, not_before: notBefore });
}

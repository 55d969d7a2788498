// The schedule: each connection is read at its ticks, by one process of however many, and never twice at once. One
// that fails is left alone longer each time, so that no bind account is locked out by its own directory reader.
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { findConnection } from '../store/connections.ts';
import { unfinishedSync } from '../store/runs.ts';
import { saveOutcome, scheduleState, takeTicks } from '../store/schedules.ts';
import type { Sync } from './context.ts';
import { runDirectory } from './directory-run.ts';

/** How often a process looks whether a tick has come, or whether another process died over a run. */
const LOOK_MS = 5_000;

/** The first back-off; it doubles with each further failure. */
const BACK_OFF_MS = 5 * 60_000;
const LONGEST_BACK_OFF_MS = 6 * 60 * 60_000;

export interface Scheduled {
  readonly connection: ConnectionId;
  /** Five fields of cron, in the time zone of the process. */
  readonly cron: string;
  /** The signal ends it, however long the server is silent. */
  readonly read: (at: Instant, signal: AbortSignal) => DirectoryReading;
}

export interface ScheduleOptions {
  readonly log: (line: string) => void;
  /** Between 0 and 1; where many processes and connections share a tick, it spreads them. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly lookMs?: number;
}

/** Runs until the signal is given; a run that is under way then ends at its next safe point. */
export async function runSchedule(sync: Sync, all: readonly Scheduled[], options: ScheduleOptions): Promise<void> {
  await Promise.all(all.map((one) => follow(sync, one, options)));
}

async function follow(sync: Sync, scheduled: Scheduled, options: ScheduleOptions): Promise<void> {
  const { signal, log, random, lookMs = LOOK_MS } = options;
  while (!signal.aborted) {
    try {
      if (await isDue(sync, scheduled)) await runOnce(sync, scheduled, options);
    } catch (error) {
      log(`schedule of ${scheduled.connection}: ${messageOf(error)}`);
    }
    await sleep(lookMs * (0.75 + random() / 2), undefined, { signal }).catch(() => undefined);
  }
}

/** Whether this process is the one to read now. */
async function isDue(sync: Sync, { connection, cron }: Scheduled): Promise<boolean> {
  const stored = await findConnection(sync.db, connection);
  if (stored === null || (stored.state !== 'active' && stored.state !== 'observe')) return false;
  const now = sync.now();
  // Whoever died over a run is replaced, tick or not; where somebody is still at it, the lease says so.
  if ((await unfinishedSync(sync.db, connection)) !== null) return true;
  const seen = await scheduleState(sync.db, connection, now);
  if (seen.notBefore !== null && seen.notBefore > now) return false;
  const tick = new Cron(cron, { paused: true }).nextRun(new Date(seen.lookedAt));
  if (tick === null || tick.toISOString() > now) return false;
  return takeTicks(sync.db, seen, now);
}

/** One run; its outcome ends or lengthens the back-off. */
async function runOnce(
  sync: Sync,
  { connection, read }: Scheduled,
  { log, random, signal }: ScheduleOptions,
): Promise<void> {
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  let failure: string | null;
  try {
    const result = await runDirectory(sync, read(sync.now(), signal), { preview: false, signal });
    failure = result.complete ? null : (result.reason ?? 'the read was not complete');
    const { people, groups } = result.read;
    log(`sync of ${connection}: ${failure ?? 'complete'}; ${people} people, ${groups} groups, ${seconds()}`);
  } catch (error) {
    // Another process was first, or this one is being stopped: neither is the directory's fault.
    if (signal.aborted || (error instanceof RollcallError && error.code === 'already_running')) return;
    failure = messageOf(error);
    log(`sync of ${connection} failed after ${seconds()}: ${failure}`);
  }
  const { failures } = await scheduleState(sync.db, connection, sync.now());
  await saveOutcome(sync.db, connection, nextTry(failure === null ? 0 : failures + 1, sync.now(), random()));
}

/** When the next run may be, after so many failures in a row. */
export function nextTry(
  failures: number,
  now: Instant,
  random: number,
): { readonly failures: number; readonly notBefore: Instant | null } {
  if (failures === 0) return { failures, notBefore: null };
  const wait = Math.min(BACK_OFF_MS * 2 ** (failures - 1), LONGEST_BACK_OFF_MS);
  return { failures, notBefore: new Date(Date.parse(now) + wait * (0.9 + random / 5)).toISOString() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

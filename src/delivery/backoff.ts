// When a failed attempt is made again, and when no more: exponential back-off with full jitter, for three days.
import type { Instant } from '../core/ids.ts';

const FIRST_MS = 5_000;
const LONGEST_MS = 6 * 3_600_000;
/** No sooner, however the dice fall: a receiver that fails at once must not be hammered. */
const SHORTEST_MS = 1_000;
/** What a receiver asks for with Retry-After is granted up to this. */
const LONGEST_ASKED_MS = 3_600_000;
/** Counted from the first attempt, so that a service that was off for a week still tries. */
export const GIVE_UP_AFTER_MS = 3 * 86_400_000;

export interface Failure {
  /** Attempts so far, this one among them. */
  readonly attempts: number;
  readonly firstAttemptAt: Instant;
  readonly now: Instant;
  /** What the receiver asked for. */
  readonly afterMs: number | null;
  /** From 0 to below 1. */
  readonly random: number;
}

/** The time of the next attempt, or null to give up. */
export function nextAttempt({ attempts, firstAttemptAt, now, afterMs, random }: Failure): Instant | null {
  const present = Date.parse(now);
  if (present - Date.parse(firstAttemptAt) >= GIVE_UP_AFTER_MS) return null;
  const window = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 30));
  const asked = Math.min(afterMs ?? 0, LONGEST_ASKED_MS);
  return new Date(present + Math.max(SHORTEST_MS, asked, random * window)).toISOString();
}

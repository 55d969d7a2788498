// Reckoning with instants: text in, text out, no clock.
import type { Instant } from './ids.ts';

/** The instant `ms` milliseconds after `at`; before it, where `ms` is negative. */
export function shift(at: Instant, ms: number): Instant {
  return new Date(Date.parse(at) + ms).toISOString();
}

/** Milliseconds from `from` to `to`; negative where `to` is earlier. */
export function span(from: Instant, to: Instant): number {
  return Date.parse(to) - Date.parse(from);
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

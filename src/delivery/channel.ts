// What a channel is: where an event goes out, who receives it there, and what became of an attempt. A channel is built
// from the configuration at start; stored rows name it by its key, which never holds a secret.
import { createHash } from 'node:crypto';
import type { Database } from '../store/database.ts';
import type { EventType, OutboxEvent } from '../store/outbox.ts';

/** What became of one attempt. */
export type Outcome =
  /** `reference`: what the receiver calls the case, if it said so. */
  | { readonly kind: 'delivered'; readonly reference: string | null }
  /** Worth another attempt; `afterMs` is what the receiver asked for. */
  | { readonly kind: 'failed'; readonly error: string; readonly afterMs: number | null }
  /** The receiver will never take it: the delivery is a dead letter at once. */
  | { readonly kind: 'refused'; readonly error: string };

export interface Channel {
  /** Stays the same from start to start, for as long as the channel leads to the same place. */
  readonly key: string;
  readonly types: ReadonlySet<EventType>;
  /** Whether what it delivers of a vacancy is support's case. */
  readonly opensCases: boolean;
  /** Who is told, decided when the event is placed; one empty text where the channel is the recipient itself. */
  readonly recipients: (trx: Database, event: OutboxEvent) => Promise<readonly string[]>;
  /** Sends, within `LONGEST_ATTEMPT_MS`; never throws for what a receiver does. */
  readonly send: (event: OutboxEvent, recipient: string) => Promise<Outcome>;
}

/** An attempt that is not over by then has failed. Well below a claim's time, so that nobody else sends meanwhile. */
export const LONGEST_ATTEMPT_MS = 20_000;

export const CASE_TYPES: ReadonlySet<EventType> = new Set(['vacancy.opened', 'vacancy.reminder', 'vacancy.resolved']);

export const itself = (): Promise<readonly string[]> => Promise.resolve(['']);

/** A few characters that tell two addresses apart and give neither away: some receivers put a secret in the path. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

// The deliverer: places events, hands each to its channels, and ends every attempt in the store. Any number of processes
// may run one. Everything goes out at least once; of a subject, a later event never before an earlier one.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '../core/ids.ts';
import { chaseVacancies, markEscalated, vacanciesToChase } from '../store/cases.ts';
import type { Database } from '../store/database.ts';
import { hasUnplaced, placeEvents } from '../store/outbox.ts';
import type { OutboxEvent } from '../store/outbox.ts';
import { addDeliveries, buryUnconfigured, claimDeliveries, endAttempt } from '../store/outbox-deliveries.ts';
import type { ClaimedDelivery, Ending, NewDelivery } from '../store/outbox-deliveries.ts';
import { nextAttempt } from './backoff.ts';
import type { Channel, Outcome } from './channel.ts';

export interface DelivererOptions {
  readonly db: Database;
  readonly channels: readonly Channel[];
  readonly now: () => Instant;
  /** Told of dead letters and of rounds that went wrong; never of what a delivery says. */
  readonly log: (words: string) => void;
  readonly random?: () => number;
  /** A claim whose process was killed runs out after this. Longer than the longest attempt. */
  readonly claimMs?: number;
  /** Between two rounds that had nothing to do. */
  readonly pauseMs?: number;
}

export interface DeliveryCounts {
  readonly placed: number;
  readonly delivered: number;
  /** Attempts that failed and are made again. */
  readonly failed: number;
  readonly dead: number;
}

export interface Deliverer {
  /** One round: everything that is due now, each at most once. */
  readonly deliverDue: () => Promise<DeliveryCounts>;
  readonly start: () => void;
  /** Ends the loop; attempts under way are finished. */
  readonly stop: () => Promise<void>;
}

const CLAIM_MS = 60_000;
const PAUSE_MS = 1_000;
const PLACED_AT_ONCE = 500;
const CLAIMED_AT_ONCE = 8;
/** A round ends also when events come in faster than they go out, so that positions and reminders are never late. */
const BATCHES_A_ROUND = 200;

export function createDeliverer(options: DelivererOptions): Deliverer {
  // Two entries for one place are one channel: nobody is told twice.
  const channels = [...new Map(options.channels.map((channel) => [channel.key, channel])).values()];
  let stopping = new AbortController();
  let running: Promise<void> | null = null;
  // The configuration changes with the process only.
  let begun = false;
  const keys = channels.map(({ key }) => key);
  const deliverDue = async (): Promise<DeliveryCounts> => {
    const { signal } = stopping;
    if (!begun) await buryUnconfigured(options.db, keys, options.now());
    begun = true;
    const placed = await place(options, channels);
    // A channel that hangs holds up nobody else.
    const counts = await all(channels.map((channel) => deliverChannel(options, channel, signal)));
    const sum = (one: 'delivered' | 'failed' | 'dead'): number => counts.reduce((total, next) => total + next[one], 0);
    return { placed, delivered: sum('delivered'), failed: sum('failed'), dead: sum('dead') };
  };
  return {
    deliverDue,
    start: () => {
      running ??= loop(options, deliverDue, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await running;
      running = null;
      stopping = new AbortController();
    },
  };
}

async function loop(
  { log, pauseMs = PAUSE_MS, random = Math.random }: DelivererOptions,
  round: () => Promise<DeliveryCounts>,
  signal: AbortSignal,
): Promise<void> {
  let told: string | null = null;
  while (!signal.aborted) {
    let pause = pauseMs;
    try {
      await round();
      if (told !== null) log('delivery goes on');
      told = null;
    } catch (error) {
      // The database may be away for a while; what was to go out waits in it.
      const words = error instanceof Error ? error.message : 'unforeseen';
      if (words !== told) log(`delivery waits: ${words}; it goes on by itself`);
      told = words;
      pause *= 5;
    }
    // With jitter, so that several processes do not come at once.
    await sleep(pause * (0.5 + random()), undefined, { signal }).catch(() => undefined);
  }
}

/** Gives positions, and makes a delivery for everybody whom an event is for, in the same transaction. */
async function place({ db, now }: DelivererOptions, channels: readonly Channel[]): Promise<number> {
  const chases = channels.some(({ opensCases }) => opensCases);
  let placed = 0;
  for (let batch = 0; batch < BATCHES_A_ROUND; batch += 1) {
    const chase = batch === 0 && chases ? await vacanciesToChase(db, now()) : { untold: [], silent: [] };
    const silent = chase.untold.length + chase.silent.length === 0;
    if (silent && !(await hasUnplaced(db))) break;
    const events = await placeEvents(db, PLACED_AT_ONCE, {
      before: async (trx) => (silent ? undefined : chaseVacancies(trx, now())),
      fanOut: async (trx, fresh) => addDeliveries(trx, await wanted(trx, channels, fresh), now()),
    });
    placed += events.length;
    // Another process is at it.
    if (events.length === 0) break;
  }
  return placed;
}

async function wanted(
  trx: Database,
  channels: readonly Channel[],
  events: readonly OutboxEvent[],
): Promise<NewDelivery[]> {
  const deliveries: NewDelivery[] = [];
  for (const event of events) {
    for (const channel of channels) {
      if (!channel.types.has(event.type)) continue;
      for (const recipient of await channel.recipients(trx, event)) {
        deliveries.push({ event, channel: channel.key, recipient });
      }
    }
  }
  return deliveries;
}

async function deliverChannel(
  options: DelivererOptions,
  channel: Channel,
  signal: AbortSignal,
): Promise<Pick<DeliveryCounts, 'delivered' | 'failed' | 'dead'>> {
  const counts = { delivered: 0, failed: 0, dead: 0 };
  // What fails in this round is due after it.
  const due = options.now();
  for (let batch = 0; batch < BATCHES_A_ROUND && !signal.aborted; batch += 1) {
    const now = options.now();
    const until = new Date(Date.parse(now) + (options.claimMs ?? CLAIM_MS)).toISOString();
    const claimed = await claimDeliveries(options.db, channel.key, { most: CLAIMED_AT_ONCE, due, now, until });
    const endings = await all(claimed.map((delivery) => attempt(options, channel, delivery)));
    for (const ending of endings) counts[ending === 'waiting' ? 'failed' : ending] += 1;
    // Where nobody takes anything in, the rest is not tried too: it stays due.
    if (!endings.includes('delivered')) break;
  }
  return counts;
}

async function attempt(
  options: DelivererOptions,
  channel: Channel,
  delivery: ClaimedDelivery,
): Promise<Ending['state']> {
  const { db, log } = options;
  const { event } = delivery;
  const outcome = await sent(channel, delivery);
  const now = options.now();
  const ending = endingOf(outcome, delivery, now, (options.random ?? Math.random)());
  await db.transaction(async (trx) => {
    const mine = await endAttempt(trx, delivery, ending, now);
    if (mine && outcome.kind === 'delivered' && channel.opensCases) await markEscalated(trx, event, outcome.reference);
  });
  if (ending.state === 'dead') {
    log(`delivery ${delivery.id} of ${event.type} to ${channel.key} is given up: ${ending.error}; rollcall deliveries`);
  }
  return ending.state;
}

/** What no channel foresaw is a failed attempt like any other, and its row is not left claimed. */
async function sent(channel: Channel, { event, recipient }: ClaimedDelivery): Promise<Outcome> {
  try {
    return await channel.send(event, recipient);
  } catch (error) {
    const words = error instanceof Error ? error.message : 'unforeseen';
    return { kind: 'failed', error: `unforeseen: ${words}`, afterMs: null };
  }
}

/** Waits for all of them also when one fails, so that nothing goes on behind a round that has ended. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function endingOf(outcome: Outcome, delivery: ClaimedDelivery, now: Instant, random: number): Ending {
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'refused') return { state: 'dead', error: outcome.error };
  const { attempts, firstAttemptAt } = delivery;
  const { afterMs, error } = outcome;
  const due = nextAttempt({ attempts: attempts + 1, firstAttemptAt: firstAttemptAt ?? now, now, afterMs, random });
  return due === null ? { state: 'dead', error } : { state: 'waiting', due, error };
}

// Deliveries: one row for each event, channel and recipient. A row is claimed before it is sent, so that several
// processes never send the same one at once; a claim whose process was killed runs out, and the row is sent again.
import type { Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inGroups, isPostgres } from './database.ts';
import { newId } from './ids.ts';
import type { EventType, OutboxEvent } from './outbox.ts';
import { eventsById, lockOnSqlite } from './outbox.ts';

export interface NewDelivery {
  readonly event: OutboxEvent;
  readonly channel: string;
  /** Empty where the channel itself is the recipient. */
  readonly recipient: string;
}

/** A delivery in this process's hands until its claim runs out. */
export interface ClaimedDelivery extends NewDelivery {
  readonly id: string;
  readonly claim: string;
  /** Attempts before this one. */
  readonly attempts: number;
  readonly firstAttemptAt: Instant | null;
}

export async function addDeliveries(trx: Database, deliveries: readonly NewDelivery[], at: Instant): Promise<void> {
  for (const group of inGroups(deliveries)) {
    await trx('deliveries').insert(
      group.map(({ event, channel, recipient }) => ({
        id: newId(),
        event: event.id,
        position: event.position,
        subject: event.subject,
        channel,
        recipient,
        state: 'waiting',
        attempts: 0,
        due_at: at,
      })),
    );
  }
}

/**
 * Claims what is due on the channel: of each subject and recipient only the oldest row that still waits, so that a
 * later event never overtakes an earlier one.
 */
export async function claimDeliveries(
  db: Database,
  channel: string,
  options: { readonly most: number; readonly due: Instant; readonly now: Instant; readonly until: Instant },
): Promise<ClaimedDelivery[]> {
  const due = { channel, state: 'waiting' };
  // Asked without a lock, so that an idle store is not written to.
  if ((await db('deliveries').where(due).where('due_at', '<=', options.due).first('id')) === undefined) return [];
  const claim = newId<string>();
  const rows = await db.transaction(async (trx) => {
    await lockOnSqlite(trx);
    const query = trx('deliveries as one')
      .where({ 'one.channel': channel, 'one.state': 'waiting' })
      .where('one.due_at', '<=', options.due)
      .where((free) => free.whereNull('one.claimed_until').orWhere('one.claimed_until', '<=', options.now))
      .whereNotExists(
        trx('deliveries as older')
          .where('older.subject', trx.ref('one.subject'))
          .where('older.channel', trx.ref('one.channel'))
          .where('older.recipient', trx.ref('one.recipient'))
          .where('older.position', '<', trx.ref('one.position'))
          .where('older.state', 'waiting')
          .select('older.id'),
      )
      .orderBy('one.position')
      .limit(options.most);
    if (isPostgres(trx)) void query.forUpdate('one').skipLocked();
    const found: DeliveryRow[] = await query.select('one.*');
    await trx('deliveries')
      .whereIn(
        'id',
        found.map(({ id }) => id),
      )
      .update({ claim, claimed_until: options.until });
    return found;
  });
  const events = await eventsById(db, [...new Set(rows.map(({ event }) => event))]);
  return rows.flatMap((row): ClaimedDelivery[] => {
    const event = events.get(row.event);
    if (event === undefined) return [];
    const { id, recipient, attempts } = row;
    return [{ id, event, channel, recipient, claim, attempts, firstAttemptAt: row.first_attempt_at }];
  });
}

/** How an attempt ended; `due` is when the next one is. */
export type Ending =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly due: Instant; readonly error: string }
  | { readonly state: 'dead'; readonly error: string };

/** Writes how the attempt ended. Nothing is written when the claim has run out and somebody else has the row. */
export async function endAttempt(
  db: Database,
  { id, claim, attempts, firstAttemptAt }: ClaimedDelivery,
  ending: Ending,
  now: Instant,
): Promise<boolean> {
  const changed = await db('deliveries')
    .where({ id, claim, state: 'waiting' })
    .update({
      state: ending.state,
      attempts: attempts + 1,
      first_attempt_at: firstAttemptAt ?? now,
      claim: null,
      claimed_until: null,
      error: ending.state === 'delivered' ? null : ending.error,
      ...(ending.state === 'waiting' ? { due_at: ending.due } : { ended_at: now }),
    });
  return changed > 0;
}

/** What waits for a channel that is configured no more is a dead letter: visible, and never in anybody's way. */
export async function buryUnconfigured(db: Database, channels: readonly string[], now: Instant): Promise<number> {
  return db('deliveries')
    .where({ state: 'waiting' })
    .whereNotIn('channel', [...channels])
    .update({ state: 'dead', error: 'the channel is not configured any more', ended_at: now });
}

/** A delivery as people see it. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly type: EventType;
  readonly subject: string;
  readonly organization: OrganizationId | null;
  readonly channel: string;
  readonly recipient: string;
  readonly state: 'waiting' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly dueAt: Instant;
  readonly error: string | null;
  /** A later event of the subject has been delivered here, or is on its way: this one is never sent again. */
  readonly overtaken: boolean;
}

interface DeliveryRow {
  id: string;
  event: string;
  type: EventType;
  subject: string;
  organization: OrganizationId | null;
  channel: string;
  recipient: string;
  state: Delivery['state'];
  attempts: number;
  first_attempt_at: Instant | null;
  due_at: Instant;
  error: string | null;
  later: string | null;
}

/** What has not been delivered, oldest first, in pages; of one organization where it is named. */
export async function* undelivered(
  db: Database,
  only: { readonly organization?: OrganizationId; readonly state?: 'waiting' | 'dead'; readonly id?: string } = {},
): AsyncGenerator<Delivery> {
  let after = '';
  for (;;) {
    const query = db('deliveries')
      .join('events', 'events.id', 'deliveries.event')
      .where('deliveries.id', '>', after)
      .whereIn('deliveries.state', only.state === undefined ? ['waiting', 'dead'] : [only.state])
      .orderBy('deliveries.id')
      .limit(500)
      .select('deliveries.*', 'events.type', 'events.organization', { later: laterDelivered(db) });
    if (only.organization !== undefined) void query.where('events.organization', only.organization);
    if (only.id !== undefined) void query.where('deliveries.id', only.id);
    const rows: DeliveryRow[] = await query;
    for (const row of rows) yield fromRow(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** One that was delivered, or that somebody has sent and not ended: it may have arrived. */
function laterDelivered(db: Database) {
  return db('deliveries as later')
    .where('later.subject', db.ref('deliveries.subject'))
    .where('later.channel', db.ref('deliveries.channel'))
    .where('later.recipient', db.ref('deliveries.recipient'))
    .where('later.position', '>', db.ref('deliveries.position'))
    .where((arrived) => arrived.where('later.state', 'delivered').orWhereNotNull('later.claim'))
    .select('later.id')
    .limit(1);
}

function fromRow(row: DeliveryRow): Delivery {
  const { later, due_at: dueAt, ...rest } = row;
  const { id, event, type, subject, organization, channel, recipient, state, attempts, error } = rest;
  const overtaken = later !== null;
  return { id, event, type, subject, organization, channel, recipient, state, attempts, dueAt, error, overtaken };
}

/** Puts dead letters back in line, as if they had never been tried. */
export async function revive(db: Database, ids: readonly string[], now: Instant): Promise<number> {
  let revived = 0;
  for (const group of inGroups(ids)) {
    revived += await db('deliveries')
      .whereIn('id', [...group])
      .where({ state: 'dead' })
      .whereNotExists(laterDelivered(db))
      .update({ state: 'waiting', attempts: 0, first_attempt_at: null, due_at: now, ended_at: null });
  }
  return revived;
}

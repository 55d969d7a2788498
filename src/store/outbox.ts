// The outbox: what happened, written in the transaction that makes it happen. Positions are given after the commit, by
// one writer at a time, so that a cursor (`position > n`) skips nothing though transactions commit out of order.
import type { Instant, OrganizationId } from '../core/ids.ts';
import { insertRows } from './bulk.ts';
import type { Database } from './database.ts';
import { fromJson, inGroups, isPostgres } from './database.ts';
import { newId } from './ids.ts';

export type EventType =
  | 'membership.changed'
  | 'vacancy.opened'
  | 'vacancy.reminder'
  | 'vacancy.resolved'
  | 'hold.opened'
  | 'hold.decided'
  | 'run.failed'
  | 'run.recovered';

/** What an event tells, as receivers see it: names in snake case, no secrets. */
export type EventData = Readonly<Record<string, unknown>>;

export interface NewEvent {
  readonly type: EventType;
  /** What it is about. Events of one subject are delivered in the order in which they happened. */
  readonly subject: string;
  /** Null: of the operator's own concern. */
  readonly organization: OrganizationId | null;
  readonly at: Instant;
  readonly data: EventData;
}

export interface OutboxEvent extends NewEvent {
  /** Opaque, sorts by time, the same at every attempt. */
  readonly id: string;
  /** Grows without gaps, in the order in which events became visible. */
  readonly position: number;
}

interface EventRow {
  id: string;
  type: EventType;
  subject: string;
  organization: OrganizationId | null;
  at: Instant;
  data: string;
  // Postgres gives a bigint as text.
  position: number | string;
}

function fromRow(row: EventRow): OutboxEvent {
  return {
    id: row.id,
    type: row.type,
    subject: row.subject,
    organization: row.organization,
    at: row.at,
    data: fromJson<EventData>(row.data),
    position: Number(row.position),
  };
}

/** Writes events; `trx` is the transaction that causes them. */
export async function addEvents(trx: Database, events: readonly NewEvent[]): Promise<void> {
  const rows = events.map(({ type, subject, organization, at, data }) => ({
    id: newId(),
    type,
    subject,
    organization,
    at,
    data: JSON.stringify(data),
  }));
  await insertRows(trx, 'events', rows);
}

/** The type of the subject's latest event among these; null if it has none. Placed or not. */
export async function latestEvent(
  db: Database,
  subject: string,
  types: readonly EventType[],
): Promise<{ readonly type: EventType; readonly at: Instant } | null> {
  const row: { type: EventType; at: Instant } | undefined = await db('events')
    .where({ subject })
    .whereIn('type', [...types])
    .orderBy('seq', 'desc')
    .first('type', 'at');
  return row ?? null;
}

/** The most events that one call gives. */
export const EVENTS_AT_ONCE = 1000;

/** The events behind the position, in order; a reader goes on from the last one's position. */
export async function eventsAfter(
  db: Database,
  position: number,
  limit: number = EVENTS_AT_ONCE,
  organization?: OrganizationId,
): Promise<OutboxEvent[]> {
  const query = db('events')
    .where('position', '>', position)
    .orderBy('position')
    .limit(Math.min(limit, EVENTS_AT_ONCE));
  if (organization !== undefined) void query.where({ organization });
  return ((await query) as EventRow[]).map(fromRow);
}

/** The events with these ids. */
export async function eventsById(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, OutboxEvent>> {
  const found = new Map<string, OutboxEvent>();
  for (const group of inGroups(ids)) {
    const rows: EventRow[] = await db('events').whereIn('id', [...group]);
    for (const row of rows) found.set(row.id, fromRow(row));
  }
  return found;
}

/** Whether events wait for their position; asked without a lock, so that an idle store is not written to. */
export async function hasUnplaced(db: Database): Promise<boolean> {
  return (await db('events').whereNull('position').first('id')) !== undefined;
}

/**
 * Gives positions to committed events that have none, at most `limit`. The lock on the head row is the lease: it ends
 * with its holder, however that ends.
 * @param work.before what is written before, by the one who has the lease.
 * @param work.fanOut what follows from the events placed, in the same transaction.
 * @returns the events placed; none when another process is at it.
 */
export async function placeEvents(
  db: Database,
  limit: number,
  work: {
    readonly before: (trx: Database) => Promise<unknown>;
    readonly fanOut: (trx: Database, events: readonly OutboxEvent[]) => Promise<unknown>;
  },
): Promise<readonly OutboxEvent[]> {
  return db.transaction(async (trx) => {
    const head = await lockHead(trx);
    if (head === null) return [];
    await work.before(trx);
    await trx.raw(PLACE, [head, limit]);
    const rows: EventRow[] = await trx('events').where('position', '>', head).orderBy('position');
    const events = rows.map(fromRow);
    const last = events.at(-1);
    if (last === undefined) return [];
    await trx('event_head').where({ id: 1 }).update({ position: last.position });
    await work.fanOut(trx, events);
    return events;
  });
}

/** Both databases know `UPDATE … FROM`; the query builder does not. */
const PLACE = `
  UPDATE events SET position = placed.position
  FROM (
    SELECT seq, ? + row_number() OVER (ORDER BY seq) AS position
    FROM events WHERE position IS NULL ORDER BY seq LIMIT ?
  ) AS placed
  WHERE events.seq = placed.seq`;

/** The last position, with the row locked until the transaction ends; null when somebody else has it. */
async function lockHead(trx: Database): Promise<number | null> {
  await lockOnSqlite(trx);
  const query = trx('event_head').where({ id: 1 });
  if (isPostgres(trx)) void query.forUpdate().skipLocked();
  const row: { position: number | string } | undefined = await query.first('position');
  return row === undefined ? null : Number(row.position);
}

/**
 * SQLite has one writer and no row locks: a transaction that starts with a write has what it reads to itself.
 * Postgres needs none of it, and every claimer would wait for the others.
 */
export async function lockOnSqlite(trx: Database): Promise<void> {
  if (isPostgres(trx)) return;
  await trx('event_head').where({ id: 1 }).update({ id: 1 });
}

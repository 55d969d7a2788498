// Support cases: the vacancy remembers that support knows of it and under which reference, and is chased until somebody
// has filled the seat. There is one case a vacancy: its id is the case's key.
import type { Knex } from 'knex';
import type { Instant } from '../core/ids.ts';
import type { Database } from './database.ts';
import type { OutboxEvent } from './outbox.ts';
import { addEvents } from './outbox.ts';
import { vacancyEvents } from './vacancies.ts';

/** An unresolved vacancy of which nothing was told for this long is told of again. */
export const CHASE_AFTER_MS = 86_400_000;

/** Support has been told: the vacancy is escalated, and carries the first reference that a channel gave it. */
export async function markEscalated(db: Database, event: OutboxEvent, reference: string | null): Promise<void> {
  const id = event.subject.replace(/^vacancy\//, '');
  await db('vacancies').where({ id, state: 'open' }).update({ state: 'escalated' });
  await db('vacancies')
    .where({ id, support_case: null })
    .update({ support_case: reference ?? id });
}

/** What is to be told of vacancies now: those that were never told of, and those that were, long ago. */
export interface Chase {
  readonly untold: readonly string[];
  readonly silent: readonly string[];
}

/** The most vacancies that are chased at once. */
const CHASED_AT_ONCE = 100;

/** A vacancy of which something is still on its way is not chased: the channel is slow, not support. */
export async function vacanciesToChase(db: Database, now: Instant): Promise<Chase> {
  const since = new Date(Date.parse(now) - CHASE_AFTER_MS).toISOString();
  const own = db.raw("'vacancy/' || vacancies.id");
  const told = db('events').where('subject', own).select('id');
  const waiting = db('deliveries').where({ subject: own, state: 'waiting' }).select('id');
  const ids = async (query: Knex.QueryBuilder): Promise<string[]> => {
    const rows: { id: string }[] = await query.orderBy('id').limit(CHASED_AT_ONCE).select('id');
    return rows.map(({ id }) => id);
  };
  const unresolved = db('vacancies')
    .whereNot({ state: 'resolved' })
    .whereIn('organization', db('organizations').where({ state: 'open' }).select('id'));
  const lately = told.clone().where('at', '>', since);
  return {
    untold: await ids(unresolved.clone().whereNotExists(told)),
    silent: await ids(unresolved.whereExists(told).whereNotExists(lately).whereNotExists(waiting)),
  };
}

/** Writes what is due, in a transaction in which nobody else does. */
export async function chaseVacancies(trx: Database, now: Instant): Promise<void> {
  const { untold, silent } = await vacanciesToChase(trx, now);
  await addEvents(trx, await vacancyEvents(trx, untold, 'vacancy.opened', now));
  await addEvents(trx, await vacancyEvents(trx, silent, 'vacancy.reminder', now));
}

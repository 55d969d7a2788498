// Support cases: the vacancy remembers that support knows of it and under which reference, and is chased until somebody
// has filled the seat. There is one case a vacancy: its id is the case's key.
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

/**
 * Writes the reminders that are due, in the caller's transaction, where nobody else writes any. A vacancy of which
 * something is still on its way is not chased: the channel is slow, not support. One that was never told of is now.
 */
export async function chaseVacancies(trx: Database, now: Instant): Promise<void> {
  const since = new Date(Date.parse(now) - CHASE_AFTER_MS).toISOString();
  const told = trx('events').where('subject', trx.raw("'vacancy/' || vacancies.id"));
  const waiting = trx('deliveries').where('subject', trx.raw("'vacancy/' || vacancies.id")).where({ state: 'waiting' });
  const due = async (never: boolean): Promise<string[]> => {
    const query = trx('vacancies').whereNot({ state: 'resolved' }).whereNotExists(waiting.clone().select('id'));
    if (never) void query.whereNotExists(told.clone().select('id'));
    else
      void query
        .whereExists(told.clone().select('id'))
        .whereNotExists(told.clone().where('at', '>', since).select('id'));
    const rows: { id: string }[] = await query.orderBy('id').limit(100).select('id');
    return rows.map(({ id }) => id);
  };
  await addEvents(trx, await vacancyEvents(trx, await due(true), 'vacancy.opened', now));
  await addEvents(trx, await vacancyEvents(trx, await due(false), 'vacancy.reminder', now));
}

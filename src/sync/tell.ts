// What the world outside is told of a run: each event is written in the transaction that makes it true. (Vacancies tell
// of themselves where they are opened and resolved: store/vacancies.ts.)
import type { Grant } from '../core/grant.ts';
import type { ConnectionId, HoldId } from '../core/ids.ts';
import type { Change } from '../core/plan.ts';
import { findConnection } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { countHeld, findHold } from '../store/holds.ts';
import { addEvents, latestEvent } from '../store/outbox.ts';
import { planOf } from '../store/plans.ts';
import type { PlanRef, Sync } from './context.ts';

/** Members whose role or status is another one now. A change of the reason alone is no news to anybody outside. */
export async function tellChanges(sync: Sync, db: Database, plan: PlanRef, changes: readonly Change[]): Promise<void> {
  const at = sync.now();
  await addEvents(
    db,
    changes
      .filter(({ target, kind }) => target === 'organization' && kind !== 'reason')
      .map((change) => ({
        type: 'membership.changed' as const,
        subject: `membership/${change.organization}/${change.account}`,
        organization: change.organization,
        at,
        data: {
          organization: change.organization,
          user: change.account,
          email: change.email,
          before: change.before,
          after: change.after,
          because: change.because.map(becauseTold),
          reason: change.reason,
          plan: planOf(plan, change.account).id,
          run: planOf(plan, change.account).run,
        },
      })),
  );
}

function becauseTold({ source, connection, group, mapping, since }: Grant): Record<string, unknown> {
  return { source, connection, group, mapping, since };
}

/** A hold is told of once, when it gets its first rows; more rows in it are no further news. */
export async function tellHoldOpened(sync: Sync, db: Database, id: HoldId): Promise<void> {
  if ((await latestEvent(db, `hold/${id}`, ['hold.opened'])) === null) await tellHold(sync, db, id, 'hold.opened');
}

/** A hold that is closed: approved, rejected, or moot because nothing of it applied any more. */
export async function tellHoldDecided(sync: Sync, db: Database, id: HoldId): Promise<void> {
  const hold = await findHold(db, id);
  if (hold === null || hold.state === 'open') return;
  if ((await latestEvent(db, `hold/${id}`, ['hold.decided'])) === null) await tellHold(sync, db, id, 'hold.decided');
}

async function tellHold(sync: Sync, db: Database, id: HoldId, type: 'hold.opened' | 'hold.decided'): Promise<void> {
  const hold = await findHold(db, id);
  if (hold === null) return;
  const { held, owner } = await countHeld(db, id);
  const data = {
    hold: id,
    connection: hold.connection,
    organization: hold.organization,
    brakes: hold.brakes,
    state: hold.state,
    held,
    owner_held: owner,
    opened_at: hold.createdAt,
  };
  await addEvents(db, [{ type, subject: `hold/${id}`, organization: hold.organization, at: sync.now(), data }]);
}

/**
 * How a run of the connection ended. Told when it starts failing and when a run is clean again, not at every retry.
 * @param failure null for a clean run. `incomplete` is a run that could prove no absence: leavers stay until one can.
 */
export async function tellRunEnded(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  connection: ConnectionId,
  failure: { readonly outcome: 'failed' | 'incomplete'; readonly reason: string } | null,
): Promise<void> {
  const subject = `connection/${connection}`;
  const last = await latestEvent(db, subject, ['run.failed', 'run.recovered']);
  const failing = last?.type === 'run.failed';
  if (failing === (failure !== null)) return;
  const at = sync.now();
  const owner = (await findConnection(db, connection))?.organization ?? null;
  const data =
    failure === null
      ? { connection, organization: owner, run: plan.run, failing_since: last?.at ?? at }
      : { connection, organization: owner, run: plan.run, ...failure };
  const type = failure === null ? 'run.recovered' : 'run.failed';
  await addEvents(db, [{ type, subject, organization: owner, at, data }]);
}

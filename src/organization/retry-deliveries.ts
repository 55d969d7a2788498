// Dead letters go back in line, at a person's wish. What a later word of the same subject has overtaken stays: sent
// now, it would tell the receiver old news as the newest.
import type { OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { Delivery } from '../store/outbox-deliveries.ts';
import { revive, undelivered } from '../store/outbox-deliveries.ts';
import type { Sync } from '../sync/context.ts';

export interface Retried {
  readonly retried: readonly string[];
  /** Dead letters that stay dead. */
  readonly overtaken: readonly string[];
}

/**
 * Retries one dead letter, or all of them.
 * @param only.organization whose they are, where an organization asks.
 * @throws RollcallError `not_found` for an id that is no undelivered one; `conflict` for one that waits already or is
 * overtaken.
 */
export async function retryDeliveries(
  sync: Sync,
  only: { readonly id?: string; readonly organization?: OrganizationId },
): Promise<Retried> {
  const found: Delivery[] = [];
  for await (const delivery of undelivered(sync.db, only))
    if (delivery.state === 'dead' || only.id !== undefined) found.push(delivery);
  if (only.id !== undefined) refuseUnlessDead(only.id, found[0]);
  const dead = found.filter(({ overtaken }) => !overtaken).map(({ id }) => id);
  await revive(sync.db, dead, sync.now());
  return { retried: dead, overtaken: found.filter(({ overtaken }) => overtaken).map(({ id }) => id) };
}

function refuseUnlessDead(id: string, delivery: Delivery | undefined): void {
  if (delivery === undefined)
    throw new RollcallError(
      'not_found',
      `nothing undelivered has the id ${id}: \`rollcall deliveries\` lists what has not arrived`,
    );
  if (delivery.state !== 'dead')
    throw new RollcallError(
      'conflict',
      `delivery ${id} is no dead letter: it is tried again at ${delivery.dueAt} by itself`,
    );
  if (delivery.overtaken)
    throw new RollcallError(
      'conflict',
      `delivery ${id} is overtaken: a later word on ${delivery.subject} has arrived there, and this one would be taken for the newest`,
    );
}

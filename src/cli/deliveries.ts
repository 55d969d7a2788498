// `deliveries`: what has not arrived yet, and the dead letters, listed and retried.
import { RollcallError } from '../errors.ts';
import { retryDeliveries } from '../organization/retry-deliveries.ts';
import type { Delivery } from '../store/outbox-deliveries.ts';
import { undelivered } from '../store/outbox-deliveries.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';

/** More rows than this are counted for people; --json lists them all. */
const ROWS_SHOWN = 60;

export const deliveries: Command = {
  name: 'deliveries',
  summary: 'what has not arrived, and dead letters: deliveries [list | retry [ID]]; without an ID all dead letters',
  args: ['[action]', '[id]'],
  examples: ['rollcall deliveries', 'rollcall deliveries retry', 'rollcall deliveries retry ID'],
  async run({ out, sync }, input) {
    const [action = 'list', id] = input.args;
    if (action !== 'list' && action !== 'retry') {
      throw new RollcallError('input_invalid', `deliveries knows list and retry, not ${action}`);
    }
    const store = await sync();
    if (action === 'retry') {
      const { retried, overtaken } = await retryDeliveries(store, id === undefined ? {} : { id });
      out.document({ retried, overtaken });
      out.line(`${retried.length} dead letters are in line again; \`rollcall serve\` sends them`);
      if (overtaken.length > 0)
        out.line(`${overtaken.length} stay: a later word on the same subject has arrived there`);
      return EXIT.done;
    }
    await out.stream({}, 'deliveries', documents(undelivered(store.db)));
    if (out.json) return EXIT.done;
    const rows: string[][] = [];
    let more = 0;
    for await (const one of undelivered(store.db)) {
      if (rows.length === ROWS_SHOWN) more += 1;
      else rows.push(cells(one));
    }
    if (rows.length === 0) out.line('everything has arrived');
    else out.table(['ID', 'STATE', 'EVENT', 'ABOUT', 'TO', 'ATTEMPTS', 'NEXT', 'ERROR'], rows);
    if (more > 0) out.line(`… and ${more} more; --json lists them all`);
    return EXIT.done;
  },
};

async function* documents(list: AsyncIterable<Delivery>): AsyncGenerator {
  for await (const { dueAt, ...rest } of list) yield { ...rest, due_at: dueAt };
}

function cells({
  id,
  state,
  type,
  subject,
  channel,
  recipient,
  attempts,
  dueAt,
  error,
  overtaken,
}: Delivery): string[] {
  const next = state === 'waiting' ? dueAt : overtaken ? 'never: overtaken' : 'when retried';
  return [
    id,
    state,
    type,
    subject,
    recipient === '' ? channel : `${channel} ${recipient}`,
    `${attempts}`,
    next,
    error ?? '',
  ];
}

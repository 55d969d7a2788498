// The writers of one process wait their turn here and not each with a connection in hand: however many there are,
// reads and the renewal of leases find the pool open.
import type { Database } from './database.ts';

/** One writes; the next already waits for the write lock, so that no time is lost between the two. */
const AT_ONCE = 2;

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

const queues = new WeakMap<object, Queue>();

export async function inTurn<T>(db: Database, work: () => Promise<T>): Promise<T> {
  const client = db.client as object;
  const queue = queues.get(client) ?? { running: 0, waiting: [] };
  queues.set(client, queue);
  if (queue.running < AT_ONCE) queue.running += 1;
  else await new Promise<void>((resolve) => queue.waiting.push(resolve));
  try {
    return await work();
  } finally {
    // The place is handed on: whoever comes in between waits behind.
    const next = queue.waiting.shift();
    if (next === undefined) queue.running -= 1;
    else next();
  }
}

// Small writes that come at once share one transaction: most of what one of them costs is making it durable, and ten
// cost no more. Nobody is answered before the commit. Where one fails nothing of all of them is kept, and each is done
// again alone: that is seldom, and a savepoint for each would cost every one of them.
import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from './database.ts';
import { inTransaction } from './database.ts';

/** Bounds what readers wait for, and what is lost together. */
const MOST_AT_ONCE = 32;

interface Job {
  readonly work: (trx: Database) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  jobs: Job[];
  isServed: boolean;
}

const waitingFor = new WeakMap<object, Waiting>();

/** As `inTransaction`; `work` may be run a second time, the first one rolled back. A refusal is better given than thrown. */
export async function inSharedTransaction<T>(db: Database, work: (trx: Database) => Promise<T>): Promise<T> {
  const client = db.client as object;
  const waiting = waitingFor.get(client) ?? { jobs: [], isServed: false };
  waitingFor.set(client, waiting);
  const done = new Promise<unknown>((resolve, reject) => waiting.jobs.push({ work, resolve, reject }));
  if (!waiting.isServed) void serve(db, waiting);
  return (await done) as T;
}

async function serve(db: Database, waiting: Waiting): Promise<void> {
  waiting.isServed = true;
  while (waiting.jobs.length > 0) {
    await gather(waiting);
    await together(db, waiting);
  }
  waiting.isServed = false;
}

/** Lets requests in that have arrived: SQLite never waits, and its work leaves the network no turn of its own. */
async function gather({ jobs }: Waiting): Promise<void> {
  for (let before = 0; jobs.length > before && jobs.length < MOST_AT_ONCE; ) {
    before = jobs.length;
    await turn();
  }
}

/** Whoever waits once the lock is held, and whoever comes while they are at work. */
async function together(db: Database, waiting: Waiting): Promise<void> {
  const taken: Job[] = [];
  const answers: (() => void)[] = [];
  let isBroken = false;
  try {
    await inTransaction(db, async (trx) => {
      while (taken.length < MOST_AT_ONCE) {
        const job = waiting.jobs.shift();
        if (job === undefined) break;
        taken.push(job);
        isBroken = true;
        const value = await job.work(trx);
        isBroken = false;
        answers.push(() => job.resolve(value));
      }
    });
    for (const answer of answers) answer();
  } catch (error) {
    // Where the lock was never taken, nobody who waits would fare better.
    const failed = taken.length === 0 ? waiting.jobs.splice(0) : taken;
    // What broke it is one job's fault, and must not be the others'.
    if (taken.length > 1 && (isBroken || isViolation(error))) for (const job of failed) await alone(db, job);
    else for (const { reject } of failed) reject(error);
  }
}

async function alone(db: Database, { work, resolve, reject }: Job): Promise<void> {
  await inTransaction(db, work).then(resolve, reject);
}

/** A rule of the schema said no to the commit, so that there was none; after a lost connection that is not known. */
function isViolation(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_CONSTRAINT') || /^23...$/.test(code));
}

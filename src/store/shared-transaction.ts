// Small writes that come at once share one transaction: most of what one of them costs is making it durable, and ten
// cost no more. Nobody is answered before the commit. Where one fails nothing of all of them is kept, and each is done
// again alone: that is seldom, and a savepoint for each would cost every one of them.
import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from './database.ts';
import { inTransaction } from './database.ts';

/** Bounds what readers wait for, and what is lost together. */
const MOST_AT_ONCE = 32;

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedTransactions<Job, Result> {
  readonly #db: Database;
  readonly #perform: (trx: Database, jobs: readonly Job[]) => Promise<ReadonlyMap<Job, Result>>;
  readonly #waiting: Waiting<Job, Result>[] = [];
  #isServed = false;

  /** @param perform does jobs in the order given; a job may come again, the first time rolled back. */
  constructor(db: Database, perform: (trx: Database, jobs: readonly Job[]) => Promise<ReadonlyMap<Job, Result>>) {
    this.#db = db;
    this.#perform = perform;
  }

  /** What becomes of the job, once that is committed. A refusal is better a result than thrown. */
  async do(job: Job): Promise<Result> {
    const done = new Promise<Result>((resolve, reject) => this.#waiting.push({ job, resolve, reject }));
    if (!this.#isServed) void this.#serve();
    return done;
  }

  async #serve(): Promise<void> {
    this.#isServed = true;
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#together();
    }
    this.#isServed = false;
  }

  /** Lets requests in that have arrived: SQLite never waits, and its work leaves the network no turn of its own. */
  async #gather(): Promise<void> {
    for (let before = 0; this.#waiting.length > before && this.#waiting.length < MOST_AT_ONCE; ) {
      before = this.#waiting.length;
      await turn();
    }
  }

  /** Whoever waits once the lock is held, and whoever comes while they are at work. */
  async #together(): Promise<void> {
    const taken: Waiting<Job, Result>[] = [];
    const answers: (() => void)[] = [];
    let isBroken = false;
    try {
      await inTransaction(this.#db, async (trx) => {
        for (;;) {
          const some = this.#waiting.splice(0, MOST_AT_ONCE - taken.length);
          if (some.length === 0) break;
          taken.push(...some);
          isBroken = true;
          const results = await this.#perform(
            trx,
            some.map(({ job }) => job),
          );
          isBroken = false;
          for (const { job, resolve } of some) answers.push(() => resolve(results.get(job) as Result));
        }
      });
      for (const answer of answers) answer();
    } catch (error) {
      // Where the lock was never taken, nobody who waits would fare better.
      const failed = taken.length === 0 ? this.#waiting.splice(0) : taken;
      // What broke it is one job's fault, and must not be the others'.
      if (taken.length > 1 && (isBroken || isViolation(error))) for (const one of failed) await this.#alone(one);
      else for (const { reject } of failed) reject(error);
    }
  }

  async #alone({ job, resolve, reject }: Waiting<Job, Result>): Promise<void> {
    await inTransaction(this.#db, (trx) => this.#perform(trx, [job])).then(
      (results) => resolve(results.get(job) as Result),
      reject,
    );
  }
}

/** A rule of the schema said no to the commit, so that there was none; after a lost connection that is not known. */
function isViolation(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && (code.startsWith('SQLITE_CONSTRAINT') || /^23...$/.test(code));
}

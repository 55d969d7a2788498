// Verifying off the event loop: threads that take one response at a time, a queue with an end, and a time after which a
// response counts as refused and its thread is replaced.
import { Worker } from 'node:worker_threads';
import type { Verdict } from './verify.ts';
import type { VerifyJob } from './verify-worker.ts';

export interface VerifierOptions {
  readonly threads?: number;
  /** How many may wait; more are turned away. */
  readonly waiting?: number;
  /** How many of one sender may wait: whoever posts the largest that is taken, all day, delays few but themself. */
  readonly waitingPerSender?: number;
  readonly deadlineMs?: number;
}

interface Pending {
  readonly sender: string;
  readonly job: VerifyJob;
  readonly answer: (verdict: Verdict | 'busy') => void;
}

interface Thread {
  readonly worker: Worker;
  pending: Pending | null;
  timer: NodeJS.Timeout | null;
}

export class Verifier {
  readonly #options: Required<VerifierOptions>;
  readonly #queue: Pending[] = [];
  readonly #threads = new Set<Thread>();
  #closed = false;

  constructor(options: VerifierOptions = {}) {
    this.#options = { threads: 1, waiting: 96, waitingPerSender: 32, deadlineMs: 10_000, ...options };
  }

  /**
   * The verdict, or `busy` when too many wait already.
   * @param sender who posted it: a client's address.
   */
  async verify(job: VerifyJob, sender: string): Promise<Verdict | 'busy'> {
    const { waiting, waitingPerSender } = this.#options;
    const ofSender = this.#queue.filter((pending) => pending.sender === sender).length;
    if (this.#closed || this.#queue.length >= waiting || ofSender >= waitingPerSender) return 'busy';
    return new Promise((answer) => {
      this.#queue.push({ sender, job, answer });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { answer } of this.#queue.splice(0)) answer('busy');
    await Promise.all([...this.#threads].map(async (thread) => this.#drop(thread, 'busy')));
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const idle = [...this.#threads].find(({ pending }) => pending === null);
    const thread = idle ?? (this.#threads.size < this.#options.threads ? this.#start() : null);
    const pending = thread === null ? undefined : this.#queue.shift();
    if (thread === null || pending === undefined) return;
    thread.pending = pending;
    thread.worker.ref();
    thread.timer = setTimeout(() => void this.#drop(thread, LATE), this.#options.deadlineMs);
    thread.worker.postMessage(pending.job, []);
  }

  #start(): Thread {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url));
    // An idle thread must not keep the process alive.
    worker.unref();
    const thread: Thread = { worker, pending: null, timer: null };
    worker.on('message', (verdict: Verdict) => {
      this.#settle(thread, verdict);
      worker.unref();
      this.#next();
    });
    worker.on('error', (error) => void this.#drop(thread, broken(error)));
    worker.on('exit', () => void this.#drop(thread, broken('the thread ended')));
    this.#threads.add(thread);
    return thread;
  }

  #settle(thread: Thread, verdict: Verdict | 'busy'): void {
    if (thread.timer !== null) clearTimeout(thread.timer);
    const { pending } = thread;
    thread.pending = null;
    thread.timer = null;
    pending?.answer(verdict);
  }

  async #drop(thread: Thread, verdict: Verdict | 'busy'): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    this.#settle(thread, verdict);
    await thread.worker.terminate();
    this.#next();
  }
}

const LATE: Verdict = {
  kind: 'refused',
  rule: 'isVerifiedInTime',
  reason: 'verifying it took too long',
  response: null,
};

function broken(error: unknown): Verdict {
  const reason = `the verifying thread failed: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: 'refused', rule: 'isUnderstood', reason, response: null };
}

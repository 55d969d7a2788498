// What `serve` does now and then, beside what is asked of it; each job again and again until the process ends.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Job {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Resolves once the signal is given and no job is at work. A job that fails is logged and comes round again. */
export async function keepUp(jobs: readonly Job[], signal: AbortSignal, log: (line: string) => void): Promise<void> {
  await Promise.all(jobs.map((job) => repeat(job, signal, log)));
}

async function repeat({ name, everyMs, work }: Job, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

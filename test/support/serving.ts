// The real `serve`: a process of its own on a free port, whose log is read as an operator reads it, and which ends as
// a supervisor or a power cut ends it. Whoever starts it ends it: for tests that share one, and for what is no test.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliOptions } from './cli.ts';
import { spawnCli } from './cli.ts';

/** The same for every process, as on Postgres it must be. */
export const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

export interface Serving {
  /** As a browser writes it. */
  readonly url: string;
  readonly pid: number;
  /** All that it said so far. */
  readonly log: () => string;
  readonly said: (words: RegExp) => Promise<void>;
  /** Asks it to end; resolves with the exit code, null where a signal ended it. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** @param begun is given what kills it, also where it never comes to listen. */
export async function serving(
  options: CliOptions,
  args: readonly string[],
  begun: (end: () => void) => void = () => undefined,
): Promise<Serving> {
  const child = spawnCli(['serve', ...args], { ...options, env: { ROLLCALL_SECRET_KEY: SECRET_KEY, ...options.env } });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  begun(() => void end('SIGKILL'));
  const said = async (words: RegExp): Promise<void> => {
    await until(`serve says ${String(words)}`, () => words.test(log) || child.exitCode !== null).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; it said:\n${log}`);
      },
    );
    if (!words.test(log))
      throw new Error(`serve ended with ${child.exitCode} and never said ${String(words)}:\n${log}`);
  };
  await said(/listening on http:\S+\n/);
  return { url: /listening on (\S+)/.exec(log)?.[1] ?? '', pid: child.pid ?? 0, log: () => log, said, end };
}

/** Waits for what must come to be. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, forMs = 40_000): Promise<void> {
  const last = performance.now() + forMs;
  while (!(await holds())) {
    if (performance.now() > last) throw new Error(`waited ${forMs} ms in vain until ${what}`);
    await sleep(20);
  }
}

// Kills the real command line in the middle of a phase of its run, and says what the store then holds. The phase is
// read from the store, as another process would read it: nothing in the killed one knows of the test.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/store/database.ts';
import type { CliOptions } from '../support/cli.ts';
import { spawnCli } from '../support/cli.ts';

export type Phase = 'read' | 'plan' | 'commit';
export const PHASES: readonly Phase[] = ['read', 'plan', 'commit'];

export type Counts = Record<Phase, number>;

/** Where a run stands; null where none is under way. */
interface Standing {
  readonly phase: Phase;
  readonly run: string;
  readonly piece: number;
}

async function standing(db: Database): Promise<Standing | null> {
  const run: { id: string; state: string } | undefined = await db('runs')
    .where({ kind: 'sync' })
    .whereIn('state', ['reading', 'committing'])
    .first('id', 'state');
  if (run === undefined) return null;
  const plan: { id: string; piece: number } | undefined = await db('plans').where({ run: run.id }).first('id', 'piece');
  const at = { run: run.id, piece: plan?.piece ?? 0 };
  if (run.state === 'committing') return { phase: 'commit', ...at };
  // Whom a difference touches is known when everything was read.
  const where = { plan: plan?.id ?? '' };
  const touched: unknown =
    (await db('staged_touched').where(where).first('plan')) ??
    (await db('staged_strangers').where(where).first('plan'));
  return { phase: touched === undefined ? 'read' : 'plan', ...at };
}

export interface Victim {
  readonly db: Database;
  readonly args: readonly string[];
  readonly options: CliOptions;
}

/** How long each phase takes, in milliseconds, when nobody disturbs it. */
export async function durations({ db, args, options }: Victim): Promise<Counts> {
  const child = spawnCli(args, options);
  // What nobody reads would stop it when the pipe is full.
  child.stdout.resume();
  child.stderr.resume();
  const took: Counts = { read: 0, plan: 0, commit: 0 };
  let last = performance.now();
  while (child.exitCode === null && child.signalCode === null) {
    const now = await standing(db);
    const at = performance.now();
    if (now !== null) took[now.phase] += at - last;
    last = at;
    await sleep(5);
  }
  if (child.exitCode !== 0) throw new Error(`the undisturbed run ended with ${child.exitCode}`);
  return took;
}

/**
 * Starts the run, waits until it is in the phase and a while longer, and kills it. Gives the phase in which it really
 * died, which a slow machine may make another one, and null where the run was faster.
 */
export async function killIn(phase: Phase, withinMs: number, victim: Victim): Promise<Phase | null> {
  const { db, args, options } = victim;
  const before = await standing(db);
  const child = spawnCli(args, options);
  // What nobody reads would stop it when the pipe is full.
  child.stdout.resume();
  child.stderr.resume();
  const exited = once(child, 'exit');
  const isFresh = (now: Standing): boolean =>
    now.run !== before?.run || (now.phase === 'commit' && now.piece > before.piece);
  while (child.exitCode === null && child.signalCode === null) {
    const now = await standing(db);
    if (now !== null && isFresh(now) && PHASES.indexOf(now.phase) >= PHASES.indexOf(phase)) break;
    await sleep(5);
  }
  await sleep(Math.random() * withinMs);
  child.kill('SIGKILL');
  const [, signal] = (await exited) as [number | null, string | null];
  return signal === null ? null : ((await standing(db))?.phase ?? null);
}

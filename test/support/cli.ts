// The real command line: a process of its own, as an operator starts it. Vitest accepts code that Node refuses, and
// only a process has an exit code.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The Node that the project brings, whichever one the machine has. */
const NODE = `${ROOT}node_modules/.bin/node`;
const MAIN = `${ROOT}src/main.ts`;

/** Longer than any test waits, so that no process outlives the run. */
const LONGEST_MS = 120_000;

export interface CliOptions {
  /** The project's root unless stated. */
  readonly cwd?: string;
  /** Added to the environment, from which every `ROLLCALL_…` of the caller is taken; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** When it is killed at the latest; two minutes unless stated. */
  readonly longestMs?: number;
}

export interface CliResult {
  /** As a shell tells it: 128 and the signal's number for a process that a signal ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document on standard output; throws where there is none, or more. */
  readonly json: () => unknown;
}

/** The process alone, for tests that end it in the middle. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): ChildProcessWithoutNullStreams {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ROLLCALL_|NO_COLOR$|FORCE_COLOR$)/.test(name));
  const env = { ...Object.fromEntries(inherited), ...options.env };
  const timeout = options.longestMs ?? LONGEST_MS;
  return spawn(NODE, [MAIN, ...args], { cwd: options.cwd ?? ROOT, env, timeout, killSignal: 'SIGKILL' });
}

export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawnCli(args, options);
  const chunks = { stdout: new Array<Buffer>(), stderr: new Array<Buffer>() };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  // A command that reads nothing may be gone before its input arrives.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(exit ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  const stdout = Buffer.concat(chunks.stdout).toString('utf8');
  const stderr = Buffer.concat(chunks.stderr).toString('utf8');
  return { code, stdout, stderr, json: () => parseOne(stdout, stderr) };
}

function parseOne(stdout: string, stderr: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`standard output is not one JSON document:\n${stdout}\nstandard error:\n${stderr}`, { cause });
  }
}

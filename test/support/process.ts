// A script of test/support as a process of its own: what several processes on one database do, no one process shows.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Script {
  /** Resolves once the script has printed the word on a line of its own. */
  readonly said: (word: string) => Promise<void>;
  /** Everything it printed, once it has ended well; throws with its errors otherwise. */
  readonly ended: Promise<string[]>;
  /** kill -9: no handler of its own runs. */
  readonly kill: () => Promise<void>;
}

export function startScript(name: string, ...args: readonly string[]): Script {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let errors = '';
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const lines = (): string[] => printed.split('\n').filter((line) => line !== '');
  const ended = closed.then((code) => {
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${errors}`);
    return lines();
  });
  // A killed one ends badly, and nobody asks.
  ended.catch(() => undefined);
  return {
    ended,
    said: (word) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines().includes(word)) resolve();
        };
        child.stdout.on('data', look);
        void closed.then(() => reject(new Error(`${name} ended without saying ${word}: ${errors}`)));
        look();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

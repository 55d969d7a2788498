// The measured process: the real one, with the time that it takes and the most memory that it ever has.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ran {
  readonly ms: number;
  readonly megabytes: number;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PEAK = new URL('peak.ts', import.meta.url).href;

export async function rollcall(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const began = performance.now();
  const said = await run(process.execPath, ['--import', PEAK, MAIN, ...args], env);
  const ms = performance.now() - began;
  return { ms, megabytes: Number(/^peak (\d+)$/m.exec(said)?.[1]) / 1024 };
}

/** Resolves with what it wrote to standard error; what it prints goes nowhere. */
export async function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  const said: string[] = [];
  child.stderr.on('data', (data: Buffer) => said.push(data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${said.join('')}`);
  return said.join('');
}

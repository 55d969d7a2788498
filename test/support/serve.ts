// The real `serve`, ended with the test that started it, also where that fails half-way.
import { onTestFinished } from 'vitest';
import type { CliOptions } from './cli.ts';
import type { Serving } from './serving.ts';
import { serving } from './serving.ts';

export async function startServe(options: CliOptions, ...args: readonly string[]): Promise<Serving> {
  return serving(options, args, onTestFinished);
}

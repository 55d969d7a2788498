// A stream that remembers, in place of a terminal or a pipe.
import { Writable } from 'node:stream';
import { Output } from '../../src/cli/output.ts';

export class Remembered extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(columns: number | null = null) {
    super({ decodeStrings: false });
    this.isTTY = columns !== null;
    this.columns = columns ?? 80;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

export interface Printed {
  readonly out: Output;
  readonly stdout: Remembered;
  readonly stderr: Remembered;
}

export function newOutput(
  options: { json?: boolean; stdout?: number; stderr?: number; env?: Record<string, string> } = {},
): Printed {
  const stdout = new Remembered(options.stdout ?? null);
  const stderr = new Remembered(options.stderr ?? null);
  return { out: new Output({ stdout, stderr, env: options.env ?? {} }, options.json ?? false), stdout, stderr };
}

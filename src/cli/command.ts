// What a command is: a name, words for its help, and a function that gets its context and returns an exit code.
import type { Config } from '../config/config.ts';
import type { SecretsNeeded } from '../config/secrets.ts';
import type { Sync } from '../sync/context.ts';
import type { Output, Streams } from './output.ts';

/** Exit codes of the outer contract (design.md section 5). */
export const EXIT = { done: 0, unforeseen: 1, badInput: 2, held: 3, incomplete: 4 } as const;

export interface Context {
  readonly out: Output;
  /**
   * The configuration file, checked. Whose secrets must be there, a command that uses them says; by default nobody's,
   * so that whoever lists members needs no bind password.
   */
  readonly config: (secrets?: SecretsNeeded) => Config;
  /** The store behind the configuration, with its schema up to date. */
  readonly sync: () => Promise<Sync>;
  /** The file that is read, for the command that reports on it. */
  readonly configFile: string;
  readonly env: Streams['env'];
}

export interface Input {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Commander's notation: `<required>`, `[optional]`. */
  readonly args?: readonly string[];
  readonly options?: readonly { readonly flags: string; readonly summary: string; readonly required?: boolean }[];
  readonly examples: readonly string[];
  readonly run: (context: Context, input: Input) => Promise<number>;
}

/** The value of an option that takes one. */
export function text(input: Input, name: string): string | null {
  const value = input.options[name];
  return typeof value === 'string' ? value : null;
}

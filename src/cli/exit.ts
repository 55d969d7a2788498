// From an error to one clear line and an exit code of the contract.
import { RollcallError } from '../errors.ts';
import { EXIT } from './command.ts';
import type { Output } from './output.ts';

/** What a directory did, not whoever runs the command. */
const UNPROVED: ReadonlySet<string> = new Set(['directory_unreachable', 'directory_refused']);

/** Prints the error and gives the exit code. */
export function reportError(out: Output, error: unknown, debug: boolean): number {
  if (!(error instanceof RollcallError)) {
    out.error(
      `unforeseen: ${error instanceof Error ? error.message : String(error)}; with ROLLCALL_DEBUG=1 the whole story is printed`,
    );
    if (debug && error instanceof Error) out.notice(error.stack ?? '');
    out.document({ error: { code: 'unforeseen', message: error instanceof Error ? error.message : String(error) } });
    return EXIT.unforeseen;
  }
  out.error(error.message);
  out.faults(error.faults, null);
  const running = error.code === 'already_running';
  out.document({
    error: { code: error.code, message: error.message, faults: error.faults },
    ...(running ? { complete: false, reason: 'already running' } : {}),
  });
  return running || UNPROVED.has(error.code) ? EXIT.incomplete : EXIT.badInput;
}

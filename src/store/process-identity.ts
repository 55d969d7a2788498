// Which process holds a lease, and whether it is certainly gone. A number alone does not say: numbers are used again,
// and containers share host names. Where the system cannot tell for certain, nobody is declared dead.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

interface Identity {
  readonly host: string;
  readonly pid: number;
  /** One start of one kernel, and the space in which its process numbers count; null where they are not known. */
  readonly space: string | null;
  /** When the process began, in the kernel's own count. */
  readonly began: string | null;
}

/** This process, as a lease tells it. */
export function thisProcess(): string {
  const self: Identity = {
    host: hostname(),
    pid: process.pid,
    space: spaceOfThisProcess(),
    began: stateOf(process.pid)?.began ?? null,
  };
  return JSON.stringify(self);
}

/** True only if the process ran on this kernel, among the same process numbers, and does so no more. */
export function isCertainlyGone(holder: string): boolean {
  const { pid, space, began } = JSON.parse(holder) as Identity;
  if (space === null || began === null || space !== spaceOfThisProcess()) return false;
  const now = stateOf(pid);
  return now === null || now.began !== began || now.ended;
}

function spaceOfThisProcess(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** Linux tells of a process in one line: `pid (name) state … began …`, the name with any characters in it. */
function stateOf(pid: number): { readonly began: string; readonly ended: boolean } | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return { began: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH') {
      return null;
    }
    throw error;
  }
}

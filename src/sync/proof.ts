// Absence must be proved (law 5). Decides whether a read is complete, who is proven absent, and whether a complete
// read is suspect: one that may be a wrong base, a hidden container or another bind identity rather than a clear-out.
import type { ConnectionId } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import type { ReadReference } from '../store/read-references.ts';
import { peopleIn } from '../store/staging.ts';
import type { DirectoryGraph } from './directory-graph.ts';

/** A container this large that is empty all of a sudden was hidden rather than left. */
export const CONTAINER_PEOPLE = 10;
/** More than this share of the people, or half of the links, gone at once: suspect. */
export const SUSPECT_PEOPLE_SHARE = 0.2;
export const SUSPECT_LINKS_SHARE = 0.5;

/** Complete reads in a row after which somebody who cannot be looked up counts as gone. */
const MISSED_READS = 2;

export interface ReadSize {
  readonly people: number;
  readonly groups: number;
  readonly links: number;
}

/** Why the read is not complete; null when it is. Zero people, where the last good read had any, is not complete. */
export function incompleteness(
  outcome: { readonly complete: boolean; readonly reason: string | null },
  size: ReadSize,
  reference: ReadReference | null,
): string | null {
  if (!outcome.complete) return outcome.reason ?? 'the directory did not answer to the end';
  if (size.people === 0 && reference !== null && reference.people > 0) {
    return `no people were read, where the last good read had ${reference.people}: check the base and filter of the users and the rights of the bind account`;
  }
  return null;
}

/** Every reason to suspect a complete read, for people to read; none: the read is good. */
export async function suspicions(
  db: Database,
  connection: ConnectionId,
  graph: DirectoryGraph,
  read: ReadSize & { readonly fingerprint: string; readonly containers: Readonly<Record<string, number>> },
  reference: ReadReference | null,
): Promise<string[]> {
  if (reference === null) return [];
  const reasons: string[] = [];
  if (read.fingerprint !== reference.fingerprint)
    reasons.push('base, filter or bind identity changed since the last good read');
  if (read.people < reference.people * (1 - SUSPECT_PEOPLE_SHARE)) {
    reasons.push(`${reference.people - read.people} of ${reference.people} people are gone`);
  }
  if (read.links < reference.links * (1 - SUSPECT_LINKS_SHARE)) {
    reasons.push(`${reference.links - read.links} of ${reference.links} group links are gone`);
  }
  for (const [container, people] of Object.entries(reference.containers)) {
    if (people < CONTAINER_PEOPLE || (read.containers[container] ?? 0) > 0) continue;
    const known = await peopleIn(db, connection, container);
    if (!known.some((id) => graph.has('person', id))) {
      reasons.push(`all ${people} people of ${container} are gone, and none of them is anywhere else`);
    }
  }
  return reasons;
}

export interface Absence {
  /** Proven absent. */
  readonly gone: readonly string[];
  /** Missing from this complete read, and not yet proven absent. */
  readonly missed: readonly string[];
}

/** Somebody present, or a group, that was not read. */
export interface Absentee {
  readonly externalId: string;
  /** Complete reads in a row before this one in which they were missing. */
  readonly missed: number;
}

/** Who of them is proven absent: looked up by id and not found, or missing in two complete reads in a row. */
export async function proveAbsence(
  reading: DirectoryReading,
  kind: 'person' | 'group',
  absent: readonly Absentee[],
): Promise<Absence> {
  if (absent.length === 0) return { gone: [], missed: [] };
  const ids = absent.map(({ externalId }) => externalId);
  if (reading.lookUp !== null) {
    const found = await reading.lookUp(kind, ids);
    return { gone: ids.filter((id) => !found.has(id)), missed: [] };
  }
  const again = new Set(absent.filter(({ missed }) => missed + 1 >= MISSED_READS).map(({ externalId }) => externalId));
  return { gone: [...again], missed: ids.filter((id) => !again.has(id)) };
}

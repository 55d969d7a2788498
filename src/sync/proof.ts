// Absence must be proved (law 5). Decides whether a read is complete, who is proven absent, and whether a complete
// read is suspect: one that may be a wrong base, a hidden container or another bind identity rather than a clear-out.
import type { ConnectionId, PlanId } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import type { ReadReference } from '../store/read-references.ts';
import type { ReadSize } from '../store/staging.ts';
import { absentIds, stillThere } from '../store/staging.ts';

/** A container this large that is empty all of a sudden was hidden rather than left. */
export const CONTAINER_PEOPLE = 10;
/** More than this share of the people, or half of the links, gone at once: suspect. */
export const SUSPECT_PEOPLE_SHARE = 0.2;
export const SUSPECT_LINKS_SHARE = 0.5;

/** Complete reads in a row after which somebody who cannot be looked up counts as gone. */
const MISSED_READS = 2;

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
  plan: PlanId,
  connection: ConnectionId,
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
    if ((await stillThere(db, plan, connection, container)) === 0) {
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

/** Who was not read and is proven absent: looked up by id and not found, or missing in two complete reads in a row. */
export async function proveAbsence(
  db: Database,
  plan: PlanId,
  reading: DirectoryReading,
  kind: 'person' | 'group',
): Promise<Absence> {
  const absent = await absentIds(db, plan, reading.connection, kind);
  if (absent.length === 0) return { gone: [], missed: [] };
  if (reading.lookUp !== null) {
    const found = await reading.lookUp(
      kind,
      absent.map(({ externalId }) => externalId),
    );
    return { gone: absent.map(({ externalId }) => externalId).filter((id) => !found.has(id)), missed: [] };
  }
  const again = absent.filter(({ missed }) => missed + 1 >= MISSED_READS).map(({ externalId }) => externalId);
  return { gone: again, missed: absent.map(({ externalId }) => externalId).filter((id) => !again.includes(id)) };
}

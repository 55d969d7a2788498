// The second half of a directory run: the differences become small readings (pieces), and every piece is planned by
// the same steps as a push, without being written. The first piece is the groups', which may touch anybody.
import type { LinkConflict } from '../core/account-link.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { countAnew } from '../store/statistics.ts';
import { rememberGroupsGone, stageNesting } from '../store/staged-pieces.ts';
import type { RunRef, Sync } from './context.ts';
import type { Compared } from './directory-differences.ts';
import { compareWithKnown } from './directory-differences.ts';
import { inOrder } from './directory-order.ts';
import { DirectoryPlanner } from './directory-planner.ts';
import type { Beat, DirectoryRead } from './directory-read.ts';
import { viewOf } from './landscape.ts';
import { mappingWarnings } from './matches.ts';
import type { Absence } from './proof.ts';
import { proveAbsence } from './proof.ts';

/** A stored plan: all that going on with it needs besides its rows and stages. */
export interface DirectoryPlan {
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly complete: boolean;
  readonly reason: string | null;
  readonly suspect: boolean;
  /** The connection is only observed: facts are stored, nothing else. */
  readonly observed: boolean;
  readonly read: DirectoryRead['size'];
  readonly reference: DirectoryRead['reference'];
  readonly warnings: readonly string[];
  /** The groups that answered to a mapping; not told by what an older release has stored. */
  readonly mapped?: readonly string[];
  /** Pieces after the groups' own. */
  readonly pieces: number;
}

/** Who was unseen by a complete read and can't be asked for, and who is seen again: counted once the read is committed. */
export interface Unseen {
  readonly kind: 'person' | 'group';
  readonly missed: readonly string[];
  readonly back: readonly string[];
}

export async function planDirectory(
  sync: Sync,
  ref: RunRef,
  reading: DirectoryReading,
  asRead: DirectoryRead,
  beat: Beat,
): Promise<DirectoryPlan & { readonly unseen: readonly Unseen[]; readonly unjoined: readonly LinkConflict[] }> {
  const { db } = sync;
  const { connection, at } = reading;
  await countAnew(db, 'staged_people');
  const compared = await compareWithKnown(db, connection, asRead, beat);
  const { read, people, groups } = await absences(reading, asRead, compared);
  await inLeasedTransaction(db, ref.lease, async (trx) => {
    await rememberGroupsGone(trx, ref.id, groups.gone);
    await stageNesting(trx, ref.id, compared.nesting);
  });
  const planner = await DirectoryPlanner.begin(sync, ref, reading, { graph: asRead.graph, complete: read.complete });
  const touched = {
    gone: people.gone,
    regrouped: compared.regrouped,
    ofChangedGroups: await planner.peopleOfChangedGroups(),
  };
  const gone = new Set(people.gone);
  for await (const { ids, strangers } of inOrder(db, ref, connection, { graph: asRead.graph, touched, planner })) {
    await (strangers ? planner.setAside(ids) : planner.plan(ids, gone));
    await beat('planning', planner.planned);
  }
  await countAnew(db, 'staged_touched', 'staged_strangers');
  return {
    connection,
    at,
    unseen: unseenIn(read, people, groups, compared),
    complete: read.complete,
    reason: read.reason,
    suspect: read.suspicions.length > 0,
    observed: planner.observed,
    read: read.size,
    reference: read.reference,
    warnings: [...read.warnings, ...mappingWarnings(viewOf(planner.landscape, connection))],
    mapped: planner.mapped,
    pieces: planner.pieces - 1,
    unjoined: planner.unjoined,
  };
}

function unseenIn({ complete }: DirectoryRead, people: Absence, groups: Absence, compared: Compared): Unseen[] {
  if (!complete) return [];
  return [
    { kind: 'person', missed: people.missed, back: compared.people.back },
    { kind: 'group', missed: groups.missed, back: compared.groups.back },
  ];
}

/** Who is proven absent. Where the directory can't be asked for them, the read proves nothing, and the rest goes on. */
async function absences(
  reading: DirectoryReading,
  read: DirectoryRead,
  compared: Compared,
): Promise<{ readonly read: DirectoryRead; readonly people: Absence; readonly groups: Absence }> {
  const nobody = { gone: [], missed: [] };
  if (!read.complete) return { read, people: nobody, groups: nobody };
  try {
    const people = await proveAbsence(reading, 'person', compared.people.absent);
    return { read, people, groups: await proveAbsence(reading, 'group', compared.groups.absent) };
  } catch (error) {
    const refused = ['directory_unreachable', 'directory_refused'];
    if (!(error instanceof RollcallError) || !refused.includes(error.code)) throw error;
    const reason = `whoever was not read could not be asked for: ${error.message}`;
    return { read: { ...read, complete: false, reason }, people: nobody, groups: nobody };
  }
}

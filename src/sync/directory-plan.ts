// The second half of a directory run: the differences become small readings (pieces), and every piece is planned by
// the same steps as a push, without being written. The first piece is the groups', which may touch anybody.
import type { Connection } from '../core/connection.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { DirectoryReading, PushReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { loadDomains } from '../store/organizations.ts';
import { addRows } from '../store/plans.ts';
import { countMissed } from '../store/staging.ts';
import {
  groupsGone,
  moveToFirstPiece,
  peopleSaid,
  rememberAccounts,
  rememberGroupsGone,
  stagedGroups,
  stagedNesting,
  stageNesting,
  touchedInPiece,
} from '../store/staged-pieces.ts';
import type { PlanRef, RunRef, Sync } from './context.ts';
import type { Compared } from './directory-differences.ts';
import { compareWithKnown, dealPieces } from './directory-differences.ts';
import type { Beat, DirectoryRead } from './directory-read.ts';
import { Addresses } from './addresses.ts';
import { draft, Seats, toDraft, vanishedMappings } from './draft.ts';
import type { Domains, Joining } from './join.ts';
import { groupsThatDiffer, loadLandscape, viewOf, withView } from './landscape.ts';
import { mappingWarnings } from './matches.ts';
import { prepare } from './prepare.ts';
import type { Absence } from './proof.ts';
import { proveAbsence } from './proof.ts';

/** People planned and committed in one transaction. */
const PIECE_SIZE = 500;

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
  /** Pieces after the groups' own. */
  readonly pieces: number;
}

export async function planDirectory(
  sync: Sync,
  ref: RunRef,
  reading: DirectoryReading,
  asRead: DirectoryRead,
  beat: Beat,
): Promise<DirectoryPlan> {
  const { db } = sync;
  const { connection, at } = reading;
  const compared = await compareWithKnown(db, connection, asRead, beat);
  const { read, people, groups } = await absences(reading, asRead, compared);
  await inLeasedTransaction(db, ref.lease, async (trx) => {
    await rememberGroupsGone(trx, ref.id, groups.gone);
    await stageNesting(trx, ref.id, compared.nesting);
    if (!read.complete) return;
    await countMissed(trx, connection, 'person', { missed: people.missed, back: compared.people.back });
    await countMissed(trx, connection, 'group', { missed: groups.missed, back: compared.groups.back });
  });
  const { regrouped } = compared;
  const pieces = await dealPieces(sync, ref, connection, {
    gone: people.gone,
    regrouped,
    graph: asRead.graph,
    pieceSize: PIECE_SIZE,
  });

  const stored = await loadLandscape(db);
  const observed = viewOf(stored, connection).connection.state === 'observe';
  let landscape = observed ? asIfActive(stored, connection) : stored;
  const domains = await loadDomains(db);
  await pullRegrouped(db, ref, reading, read.complete, { landscape, domains });
  const seats = await Seats.load(db, landscape);
  const addresses = new Addresses();
  const speakers = new Set([connection]);
  const vanishedIn = onceFor(landscape, (one) => new Set(vanishedMappings(one).keys()));
  for (let piece = 0; piece <= pieces; piece += 1) {
    const small = await readingOfPiece(db, ref, { connection, at, complete: read.complete }, piece);
    const prepared = await prepare(db, { landscape, domains, reading: small, addresses });
    landscape = prepared.landscape;
    const drafted = await draft(db, landscape, prepared.dossiers, {
      organizations: prepared.organizations,
      seats,
      now: at,
    });
    const drafts = drafted.changes.map((change) => toDraft(change, speakers, vanishedIn(landscape)));
    const created = accountsGivenOut(prepared.joining, connection);
    if (drafts.length + created.length > 0) {
      await inLeasedTransaction(db, ref.lease, async (trx) => {
        await addRows(trx, ref, drafts, at);
        await rememberAccounts(trx, ref.id, piece, created);
      });
    }
    await beat('planning', piece, pieces);
  }
  return {
    connection,
    at,
    complete: read.complete,
    reason: read.reason,
    suspect: read.suspicions.length > 0,
    observed,
    read: read.size,
    reference: read.reference,
    warnings: [...read.warnings, ...mappingWarnings(viewOf(landscape, connection))],
    pieces,
  };
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

/** People for whom the plan makes an account, with its id: the commit gives the same. */
function accountsGivenOut(
  { created, joined }: Joining,
  connection: ConnectionId,
): { readonly externalId: string; readonly account: AccountId }[] {
  const fresh = new Set(created.map(({ id }) => id));
  return joined.flatMap(({ person: { person }, account }) =>
    fresh.has(account) && person.connection === connection ? [{ externalId: person.externalId, account }] : [],
  );
}

/** Pieces share one landscape but for the first: what is reckoned of it is reckoned once. */
function onceFor<T>(landscape: Landscape, reckon: (landscape: Landscape) => T): (landscape: Landscape) => T {
  let last = { landscape, value: reckon(landscape) };
  return (next) => {
    if (next !== last.landscape) last = { landscape: next, value: reckon(next) };
    return last.value;
  };
}

/** What a piece of the staged read says, as a push would say it. */
export async function readingOfPiece(
  db: Database,
  ref: PlanRef,
  read: { readonly connection: ConnectionId; readonly at: Instant; readonly complete: boolean },
  piece: number,
): Promise<PushReading> {
  const { connection, at } = read;
  const empty = {
    kind: 'push' as const,
    connection,
    at,
    people: [],
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
  const groups: Partial<PushReading> = piece === 0 ? await groupsSaid(db, ref, read.complete) : {};
  const touched = await touchedInPiece(db, ref.id, piece);
  const said = await peopleSaid(db, ref.id, connection, touched);
  // An incomplete read adds and changes, and takes nothing away for being unseen.
  const people = read.complete ? said : said.map((one) => ({ ...one, groups: 'unknown' as const }));
  const joins = read.complete
    ? []
    : said.flatMap(({ externalId, groups }) =>
        groups === 'unknown' ? [] : groups.map((group) => ({ group, member: { kind: 'person' as const, externalId } })),
      );
  const peopleGone = touched.filter(({ gone }) => gone).map(({ externalId }) => externalId);
  return { ...empty, ...groups, people, joins: [...joins, ...(groups.joins ?? [])], peopleGone };
}

async function groupsSaid(
  db: Database,
  ref: PlanRef,
  complete: boolean,
): Promise<Pick<PushReading, 'groups' | 'joins' | 'leaves' | 'groupsGone'>> {
  const groups = (await stagedGroups(db, ref.id)).map((group) => ({ ...group, members: 'unknown' as const }));
  const nesting = (await stagedNesting(db, ref.id)).map(({ group, member, there }) => ({
    link: { group, member: { kind: 'group' as const, externalId: member } },
    there,
  }));
  const joins = nesting.filter(({ there }) => there).map(({ link }) => link);
  const leaves = nesting.filter(({ there }) => complete && !there).map(({ link }) => link);
  return { groups, joins, leaves, groupsGone: await groupsGone(db, ref.id) };
}

/**
 * People in groups that a group's own change regroups are planned with it, in the first piece: a group that was deleted
 * and made again must not take anybody's role away in between.
 */
async function pullRegrouped(
  db: Database,
  ref: RunRef,
  { connection, at }: DirectoryReading,
  complete: boolean,
  { landscape, domains }: { readonly landscape: Landscape; readonly domains: Domains },
): Promise<void> {
  const reading = { kind: 'push' as const, connection, at, people: [], peopleGone: [] };
  const groups = await groupsSaid(db, ref, complete);
  const prepared = await prepare(db, { landscape, domains, reading: { ...reading, ...groups } });
  const differing = groupsThatDiffer(viewOf(landscape, connection), viewOf(prepared.landscape, connection));
  await inLeasedTransaction(db, ref.lease, (trx) => moveToFirstPiece(trx, ref.id, connection, differing));
}

/** An observed connection is planned as if it counted, so that people see what it would do. */
function asIfActive(landscape: Landscape, id: ConnectionId): Landscape {
  const view = viewOf(landscape, id);
  const connection: Connection = { ...view.connection, state: 'active' };
  return withView(landscape, viewConnection(connection, view.mappings, view.groups, view.parents));
}

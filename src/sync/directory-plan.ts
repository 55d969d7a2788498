// The second half of a directory run: the differences become small readings (pieces), and every piece is planned by
// the same steps as a push, without being written. The first piece is the groups', which may touch anybody.
import type { Connection } from '../core/connection.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { DirectoryReading, PushReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { loadGroups, loadLinksOf } from '../store/facts.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { loadDomains } from '../store/organizations.ts';
import { addRows } from '../store/plans.ts';
import { countMissed } from '../store/staging.ts';
import {
  findTouched,
  groupsGone,
  moveToFirstPiece,
  rememberAccounts,
  rememberGroupsGone,
  stagedGroups,
  stagedNesting,
  stagedPeople,
  touchedInPiece,
} from '../store/staged-pieces.ts';
import type { PlanRef, RunRef, Sync } from './context.ts';
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
  const { read, people, groups } = await absences(db, ref, reading, asRead);
  const pieces = await inLeasedTransaction(db, ref.lease, async (trx) => {
    await rememberGroupsGone(trx, ref.id, groups.gone);
    if (read.complete) {
      await countMissed(trx, ref.id, connection, 'person', people.missed);
      await countMissed(trx, ref.id, connection, 'group', groups.missed);
    }
    const { complete } = read;
    return findTouched(trx, ref.id, connection, { gone: people.gone, complete, pieceSize: PIECE_SIZE });
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
  db: Database,
  ref: PlanRef,
  reading: DirectoryReading,
  read: DirectoryRead,
): Promise<{ readonly read: DirectoryRead; readonly people: Absence; readonly groups: Absence }> {
  const nobody = { gone: [], missed: [] };
  if (!read.complete) return { read, people: nobody, groups: nobody };
  try {
    const people = await proveAbsence(db, ref.id, reading, 'person');
    return { read, people, groups: await proveAbsence(db, ref.id, reading, 'group') };
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
  const groups: Partial<PushReading> = piece === 0 ? await groupsSaid(db, ref, read) : {};
  const touched = await touchedInPiece(db, ref.id, piece);
  const said = await stagedPeople(
    db,
    ref.id,
    touched.filter(({ gone }) => !gone).map(({ externalId }) => externalId),
  );
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
  { connection, complete }: { readonly connection: ConnectionId; readonly complete: boolean },
): Promise<Pick<PushReading, 'groups' | 'joins' | 'leaves' | 'groupsGone'>> {
  const known = await loadGroups(db, connection);
  const said = await stagedGroups(db, ref.id);
  const groups = said
    .filter(({ externalId, name, nameKey }) => {
      const group = known.get(externalId);
      return group?.present !== true || group.name !== name || group.nameKey !== nameKey;
    })
    .map((group) => ({ ...group, members: 'unknown' as const }));
  const nesting = (await stagedNesting(db, ref.id)).map(({ group, member }) => ({
    group,
    member: { kind: 'group' as const, externalId: member },
  }));
  const seen = new Set(nesting.map(({ group, member }) => `${group} ${member.externalId}`));
  const before = complete
    ? await loadLinksOf(
        db,
        connection,
        'group',
        said.map(({ externalId }) => externalId),
      )
    : [];
  const leaves = before.filter(({ group, member }) => !seen.has(`${group} ${member.externalId}`));
  return { groups, joins: nesting, leaves, groupsGone: await groupsGone(db, ref.id) };
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
  const groups = await groupsSaid(db, ref, { connection, complete });
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

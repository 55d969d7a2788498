// The second half of a directory run: the differences become small readings (pieces), and every piece is planned by
// the same steps as a push, without being written. The first piece is the groups', which may touch anybody.
import type { Connection } from '../core/connection.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { DirectoryReading, PushReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { inGroups } from '../store/database.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { loadDomains } from '../store/organizations.ts';
import { addRows } from '../store/plans.ts';
import {
  addTouched,
  groupsGone,
  peopleInGroups,
  peopleSaid,
  rememberGroupsGone,
  stagedGroups,
  stagedNesting,
  stageNesting,
} from '../store/staged-pieces.ts';
import type { TouchedPerson } from '../store/staged-pieces.ts';
import type { PlanRef, RunRef, Sync } from './context.ts';
import type { Compared } from './directory-differences.ts';
import { compareWithKnown, inOrder } from './directory-differences.ts';
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
): Promise<DirectoryPlan & { readonly unseen: readonly Unseen[] }> {
  const { db } = sync;
  const { connection, at } = reading;
  const compared = await compareWithKnown(db, connection, asRead, beat);
  const { read, people, groups } = await absences(reading, asRead, compared);
  await inLeasedTransaction(db, ref.lease, async (trx) => {
    await rememberGroupsGone(trx, ref.id, groups.gone);
    await stageNesting(trx, ref.id, compared.nesting);
  });
  const stored = await loadLandscape(db);
  const observed = viewOf(stored, connection).connection.state === 'observe';
  let landscape = observed ? asIfActive(stored, connection) : stored;
  const domains = await loadDomains(db);
  const groupsChanged = await groupsSaid(db, ref, read.complete);
  const touched = {
    gone: people.gone,
    regrouped: compared.regrouped,
    ofChangedGroups: await peopleOfChanged(db, reading, groupsChanged, { landscape, domains }),
  };
  const seats = await Seats.load(db, landscape);
  const addresses = new Addresses();
  const speakers = new Set([connection]);
  const vanishedIn = onceFor(landscape, (one) => new Set(vanishedMappings(one).keys()));
  const gone = new Set(people.gone);
  let pieces = 0;
  let planned = 0;
  for await (const ids of inOrder(db, ref, connection, asRead.graph, touched)) {
    const batch = ids.map((externalId) => {
      const isGone = gone.has(externalId);
      const groups = isGone ? [] : (asRead.graph.groupsOf(externalId) ?? []);
      return { externalId, gone: isGone, groups, account: null };
    });
    const said = await readingOf(db, ref, { connection, at, complete: read.complete }, batch);
    const small = pieces === 0 ? withGroups(said, groupsChanged) : said;
    const prepared = await prepare(db, { landscape, domains, reading: small, addresses });
    landscape = prepared.landscape;
    const drafted = await draft(db, landscape, prepared.dossiers, {
      organizations: prepared.organizations,
      seats,
      now: at,
    });
    const drafts = drafted.changes.map((change) => toDraft(change, speakers, vanishedIn(landscape)));
    const dealt = pieces === 0 ? [batch] : dealPieces(batch, new Set(prepared.idle));
    const given = accountsGivenOut(prepared.joining, connection);
    if (dealt.length > 0) {
      const first = pieces;
      await inLeasedTransaction(db, ref.lease, async (trx) => {
        await addRows(trx, ref, drafts, at);
        for (const [index, piece] of dealt.entries()) {
          const withAccounts = piece.map((one) => ({ ...one, account: given.get(one.externalId) ?? null }));
          await addTouched(trx, ref.id, first + index, withAccounts);
        }
      });
    }
    pieces += dealt.length;
    planned += batch.length;
    await beat('planning', planned);
  }
  return {
    connection,
    at,
    unseen: unseenIn(read, people, groups, compared),
    complete: read.complete,
    reason: read.reason,
    suspect: read.suspicions.length > 0,
    observed,
    read: read.size,
    reference: read.reference,
    warnings: [...read.warnings, ...mappingWarnings(viewOf(landscape, connection))],
    pieces: pieces - 1,
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

/** People for whom the plan makes an account, with its id: the commit gives the same. */
function accountsGivenOut({ created, joined }: Joining, connection: ConnectionId): ReadonlyMap<string, AccountId> {
  const fresh = new Set(created.map(({ id }) => id));
  return new Map(
    joined.flatMap(({ person: { person }, account }) =>
      fresh.has(account) && person.connection === connection ? [[person.externalId, account] as const] : [],
    ),
  );
}

/** Who is nobody's and gets nothing is committed many at a time: no membership waits for it, and nothing else locks. */
function dealPieces(batch: readonly TouchedPerson[], idle: ReadonlySet<string>): (readonly TouchedPerson[])[] {
  if (batch.length <= PIECE_SIZE) return batch.length === 0 ? [] : [batch];
  const quiet = batch.filter(({ externalId }) => idle.has(externalId));
  const others = batch.filter(({ externalId }) => !idle.has(externalId));
  return [...(quiet.length === 0 ? [] : [quiet]), ...inGroups(others, PIECE_SIZE)];
}

/** Pieces share one landscape but for the first: what is reckoned of it is reckoned once. */
function onceFor<T>(landscape: Landscape, reckon: (landscape: Landscape) => T): (landscape: Landscape) => T {
  let last = { landscape, value: reckon(landscape) };
  return (next) => {
    if (next !== last.landscape) last = { landscape: next, value: reckon(next) };
    return last.value;
  };
}

interface PieceOf {
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly complete: boolean;
}

/** What a piece of the stored plan says, as a push would say it. */
export async function readingOfPiece(
  db: Database,
  ref: PlanRef,
  read: PieceOf,
  piece: number,
  touched: readonly TouchedPerson[],
): Promise<PushReading> {
  const said = await readingOf(db, ref, read, touched);
  return piece === 0 ? withGroups(said, await groupsSaid(db, ref, read.complete)) : said;
}

type GroupsSaid = Pick<PushReading, 'groups' | 'joins' | 'leaves' | 'groupsGone'>;

function withGroups(said: PushReading, groups: GroupsSaid): PushReading {
  return { ...said, ...groups, joins: [...said.joins, ...groups.joins] };
}

async function readingOf(
  db: Database,
  ref: PlanRef,
  { connection, at, complete }: PieceOf,
  touched: readonly TouchedPerson[],
): Promise<PushReading> {
  const said = await peopleSaid(db, ref.id, connection, touched);
  // An incomplete read adds and changes, and takes nothing away for being unseen.
  const people = complete ? said : said.map((one) => ({ ...one, groups: 'unknown' as const }));
  const joins = complete
    ? []
    : said.flatMap(({ externalId, groups }) =>
        groups === 'unknown' ? [] : groups.map((group) => ({ group, member: { kind: 'person' as const, externalId } })),
      );
  const peopleGone = touched.filter(({ gone }) => gone).map(({ externalId }) => externalId);
  return { kind: 'push', connection, at, people, groups: [], joins, leaves: [], peopleGone, groupsGone: [] };
}

async function groupsSaid(db: Database, ref: PlanRef, complete: boolean): Promise<GroupsSaid> {
  const groups = (await stagedGroups(db, ref.id)).map((group) => ({ ...group, members: 'unknown' as const }));
  const nesting = (await stagedNesting(db, ref.id)).map(({ group, member, there }) => ({
    link: { group, member: { kind: 'group' as const, externalId: member } },
    there,
  }));
  const joins = nesting.filter(({ there }) => there).map(({ link }) => link);
  const leaves = nesting.filter(({ there }) => complete && !there).map(({ link }) => link);
  return { groups, joins, leaves, groupsGone: await groupsGone(db, ref.id) };
}

/** People in groups that the groups' own changes regroup. */
async function peopleOfChanged(
  db: Database,
  { connection, at }: DirectoryReading,
  changed: GroupsSaid,
  { landscape, domains }: { readonly landscape: Landscape; readonly domains: Domains },
): Promise<string[]> {
  const reading = { kind: 'push' as const, connection, at, people: [], peopleGone: [], ...changed };
  const prepared = await prepare(db, { landscape, domains, reading });
  const differing = groupsThatDiffer(viewOf(landscape, connection), viewOf(prepared.landscape, connection));
  return peopleInGroups(db, connection, differing);
}

/** An observed connection is planned as if it counted, so that people see what it would do. */
function asIfActive(landscape: Landscape, id: ConnectionId): Landscape {
  const view = viewOf(landscape, id);
  const connection: Connection = { ...view.connection, state: 'active' };
  return withView(landscape, viewConnection(connection, view.mappings, view.groups, view.parents));
}

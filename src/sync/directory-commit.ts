// The last part of a directory run: the stored plan is committed piece by piece, facts and memberships of the same
// people in the same transaction, so that at any instant planning anew gives nothing (law 13).
import type { Landscape } from '../core/plan.ts';
import { revisionOf } from '../store/database.ts';
import type { Database } from '../store/database.ts';
import { hasSuspectHold } from '../store/holds.ts';
import { commitWithoutWaiting } from '../store/haste.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { loadDomains } from '../store/organizations.ts';
import { rowsOfAccounts, setPlanState } from '../store/plans.ts';
import { saveReference } from '../store/read-references.ts';
import { setRunState } from '../store/runs.ts';
import { unstage } from '../store/staging.ts';
import { countAnew } from '../store/statistics.ts';
import { containersOf, touchedInPiece } from '../store/staged-pieces.ts';
import type { TouchedPerson } from '../store/staged-pieces.ts';
import { recognizeStrangers, strangersInPiece, writeStrangers } from '../store/strangers.ts';
import type { RunRef, Sync } from './context.ts';
import type { DirectoryPlan } from './directory-plan.ts';
import { readingOfPiece } from './directory-pieces.ts';
import type { Beat } from './directory-read.ts';
import { Addresses } from './addresses.ts';
import { accountsOf } from './draft.ts';
import { loadLandscape, mappedGroups, viewOf } from './landscape.ts';
import { organizationsById } from './outline.ts';
import { rememberMatches } from './matches.ts';
import { prepare } from './prepare.ts';
import { settle } from './settle.ts';
import { tellRunEnded } from './tell.ts';
import { writePrepared } from './write-prepared.ts';

/** So many pieces change tables so much that what the database knows of them is no longer true. */
const MANY_PIECES = 8;

export async function commitPlan(
  sync: Sync,
  ref: RunRef,
  plan: DirectoryPlan,
  from: number,
  beat: Beat,
): Promise<void> {
  const seen: Seen = { landscape: null, revision: -1, mapped: null, addresses: new Addresses() };
  let last = Promise.resolve();
  try {
    for (let piece = from; piece <= plan.pieces; piece += 1) {
      const turn = piece === from ? last : last.then(() => beat('committing', piece - 1, plan.pieces));
      // Strangers hang on nobody: those of one piece may be written while the piece before is still worked on.
      const ahead = { work: (trx: Database) => strangersAhead(trx, ref, plan, piece), turn };
      last = inLeasedTransaction(sync.db, ref.lease, (trx) => commitPiece(sync, trx, ref, plan, piece, seen), ahead);
      // What it met is told where it is waited for.
      last.catch(() => undefined);
      await turn;
    }
  } finally {
    // However the commit ends, nothing is written after it.
    await last.catch(() => undefined);
  }
  await last;
  await beat('committing', plan.pieces, plan.pieces);
  await inLeasedTransaction(sync.db, ref.lease, async (trx) => {
    const suspect = plan.suspect && (await hasSuspectHold(trx, plan.connection));
    if (plan.complete) await saveReference(trx, plan.connection, suspect ? 'suspect' : 'good', plan.reference);
    await unstage(trx, ref.id);
    await setPlanState(trx, ref.id, plan.observed ? 'preview' : 'done');
    await setRunState(trx, ref.run, 'done', sync.now(), plan);
    const failure = { outcome: 'incomplete' as const, reason: plan.reason ?? 'the read was not complete' };
    await tellRunEnded(sync, trx, ref, plan.connection, plan.complete ? null : failure);
  });
  if (plan.pieces >= MANY_PIECES) await countAnew(sync.db, 'external_people', 'external_groups', 'links');
}

/** What one piece leaves for the next: the landscape, good for as long as nobody else writes. */
interface Seen {
  landscape: Landscape | null;
  revision: number;
  /** Groups that a mapping reaches by now and did not when the plan was made, in these connections. */
  mapped: { readonly connections: Landscape['connections']; readonly since: readonly string[] } | null;
  readonly addresses: Addresses;
}

async function commitPiece(
  sync: Sync,
  trx: Database,
  ref: RunRef,
  plan: DirectoryPlan,
  piece: number,
  seen: Seen,
): Promise<void> {
  const revision = await revisionOf(trx);
  const unchanged = seen.landscape !== null && revision === seen.revision + 1;
  const landscape =
    unchanged && seen.landscape !== null
      ? // A seat may have changed hands in the piece before.
        { ...seen.landscape, organizations: await organizationsById(trx) }
      : await loadLandscape(trx);
  const strangers = await strangersInPiece(trx, { plan: ref.id, piece, connection: plan.connection });
  if (strangers !== null) await recognizeStrangers(trx, strangers, mappedSince(plan, landscape, seen));
  const touched = await touchedInPiece(trx, ref.id, piece);
  // Nothing is told of strangers alone, nor is there anything to settle.
  const areStrangers = strangers !== null && touched.length === 0;
  seen.landscape = areStrangers
    ? landscape
    : await commitPeople(sync, trx, ref, plan, { piece, touched, landscape, addresses: seen.addresses });
  if (areStrangers) await commitWithoutWaiting(trx);
  await setPlanState(trx, ref.id, 'committing', piece + 1);
  seen.revision = revision;
}

interface People {
  readonly piece: number;
  readonly touched: readonly TouchedPerson[];
  readonly landscape: Landscape;
  readonly addresses: Addresses;
}

/** Gives the landscape as the piece leaves it. */
async function commitPeople(
  sync: Sync,
  trx: Database,
  ref: RunRef,
  plan: DirectoryPlan,
  { piece, touched, landscape, addresses }: People,
): Promise<Landscape> {
  const { connection } = plan;
  const planned = new Map(
    touched.flatMap(({ externalId, account }) => (account === null ? [] : [[externalId, account] as const])),
  );
  const reading = await readingOfPiece(trx, ref, plan, piece, touched);
  const prepared = await prepare(trx, { landscape, domains: await loadDomains(trx), reading, planned, addresses });
  const ids = touched.map(({ externalId }) => externalId);
  await writePrepared(trx, connection, prepared, sync.now(), await containersOf(trx, ref.id, ids));
  await settle(sync, trx, {
    plan: ref,
    landscape: prepared.landscape,
    dossiers: prepared.dossiers,
    before: prepared.before,
    organizations: prepared.organizations,
    speakers: new Set([connection]),
    planned: plan.observed ? [] : await rowsOfAccounts(trx, ref.id, accountsOf(prepared.dossiers)),
    suspect: plan.suspect,
  });
  if (piece === 0) await rememberMatches(trx, prepared.landscape, connection);
  return prepared.landscape;
}

async function strangersAhead(trx: Database, ref: RunRef, plan: DirectoryPlan, piece: number): Promise<void> {
  const strangers = await strangersInPiece(trx, { plan: ref.id, piece, connection: plan.connection });
  if (strangers !== null) await writeStrangers(trx, strangers, plan.at);
}

function mappedSince({ connection, mapped }: DirectoryPlan, landscape: Landscape, seen: Seen): readonly string[] {
  const { connections } = landscape;
  if (seen.mapped?.connections !== connections) {
    const before = new Set(mapped);
    const since = mappedGroups(viewOf(landscape, connection)).filter((group) => !before.has(group));
    seen.mapped = { connections, since };
  }
  return seen.mapped.since;
}

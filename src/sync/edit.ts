// An edit: connections, mappings or an organization's rules change at once, and the memberships with them, in one
// transaction. It is judged whole; only membership rows are held. A preview is the same edit, rolled back.
import type { AccountId, ConnectionId, PlanId } from '../core/ids.ts';
import { counts } from '../core/connection.ts';
import { serves } from '../core/grant.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { Organization } from '../core/organization.ts';
import type { Block } from '../core/membership.ts';
import { membershipIn, saysOf } from '../core/plan.ts';
import type { Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { inGroups, inTransaction, ROWS_PER_STATEMENT } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { presentPeople } from '../store/external-people.ts';
import { memberAccounts, suspendedAccounts, writeBlock } from '../store/memberships.ts';
import { loadDomains } from '../store/organizations.ts';
import type { PackedRows } from '../store/packed-rows.ts';
import { addPackedRows, packRows } from '../store/packed-rows.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { addPlans, rowsOfAccounts, rowsOfPlan } from '../store/plans.ts';
import type { RunKind } from '../store/runs.ts';
import { addRuns } from '../store/runs.ts';
import type { PlanRef, Sync } from './context.ts';
import type { Scope } from './edit-scope.ts';
import { scopeOf } from './edit-scope.ts';
import { foresee } from './foresee.ts';
import { writeJoining } from './join.ts';
import { loadLandscape } from './landscape.ts';
import { rememberMatches } from './matches.ts';
import { prepare } from './prepare.ts';
import { beginPlan } from './push.ts';
import { settle } from './settle.ts';

export interface EditResult<T> {
  readonly ref: PlanRef;
  /** What `write` gave back. */
  readonly value: T;
  readonly landscape: Landscape;
}

/** Carries the result of a preview out of the transaction that is rolled back. */
class RolledBack<T> extends Error {
  readonly result: EditResult<T>;
  readonly rows: readonly PackedRows[];
  constructor(result: EditResult<T>, rows: readonly PackedRows[]) {
    super('preview');
    this.result = result;
    this.rows = rows;
  }
}

/**
 * Runs `write` and brings the memberships after it.
 * @param options.kind how the run is recorded.
 * @param options.preview roll everything back and store the plan as shown.
 */
export async function edit<T>(
  sync: Sync,
  options: { readonly kind: RunKind; readonly connection?: ConnectionId; readonly preview: boolean },
  write: (db: Database, plan: PlanRef) => Promise<T>,
): Promise<EditResult<T>> {
  const { kind, connection = null, preview } = options;
  try {
    return await inTransaction(sync.db, async (db) => {
      const ref = await beginPlan(sync, db, connection, kind);
      const before = await loadLandscape(db);
      const domainsBefore = await loadDomains(db);
      const value = await write(db, ref);
      const after = await loadLandscape(db);
      const blocked = await keepSuspended(db, before, after);
      const scope = await scopeOf(db, { before, after, domainsBefore }, blocked);
      const foreseen = await bringAbout(sync, db, ref, { before, after, preview }, scope);
      for (const { connection } of after.connections) await rememberMatches(db, after, connection.id);
      const result = { ref, value, landscape: after };
      if (preview) throw new RolledBack(result, [...foreseen, ...(await packedRowsOf(db, ref.id))]);
      return result;
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    const result = error.result as EditResult<T>;
    const { run } = result.ref;
    const at = sync.now();
    await inTransaction(sync.db, async (db) => {
      await addRuns(db, [run], { connection, kind, state: 'done' }, at);
      await addPlans(db, [result.ref], { connection, state: 'preview' }, at);
      await addPackedRows(db, error.rows);
    });
    return result;
  }
}

/** The rows of a preview that were stored on the way, as they are shown: planned, or stopped by a brake. */
async function packedRowsOf(db: Database, plan: PlanId): Promise<PackedRows[]> {
  const packed: PackedRows[] = [];
  let page: PlanRow[] = [];
  for await (const row of rowsOfPlan(db, plan)) {
    if (row.state === 'moot') continue;
    page.push({ ...row, hold: null, state: row.state === 'held' ? 'stopped' : 'planned' });
    if (page.length < ROWS_PER_STATEMENT) continue;
    packed.push(packRows(page));
    page = [];
  }
  return page.length === 0 ? packed : [...packed, packRows(page)];
}

/**
 * Joins whoever may be joined now, plans everybody concerned, judges the whole, and writes it.
 * @returns the rows of a preview that need not be written to be known.
 */
async function bringAbout(
  sync: Sync,
  db: Database,
  ref: PlanRef,
  {
    before,
    after: landscape,
    preview,
  }: { readonly before: Landscape; readonly after: Landscape; readonly preview: boolean },
  scope: Scope,
): Promise<PackedRows[]> {
  const accounts = new Set<AccountId>(scope.accounts);
  const domains = await loadDomains(db);
  for (const { connection, groups } of scope.people) {
    for await (const people of presentPeople(db, connection, groups)) {
      for (const { account } of people) if (account !== null) accounts.add(account);
      // Whoever is nobody's yet may be joined now.
      const also = people.filter(({ account }) => account === null).map(({ externalId }) => externalId);
      if (also.length === 0) continue;
      const reading = {
        kind: 'push' as const,
        connection,
        at: sync.now(),
        people: [],
        groups: [],
        joins: [],
        leaves: [],
        peopleGone: [],
        groupsGone: [],
      };
      const prepared = await prepare(db, { landscape, domains, reading, also });
      await writeJoining(db, prepared.joining, sync.now());
      for (const { account } of prepared.dossiers) accounts.add(account);
    }
  }
  for (const organization of scope.members) {
    for await (const page of memberAccounts(db, organization, 500)) for (const account of page) accounts.add(account);
  }
  const { organizations, speakers } = scope;
  const whole = { before, after: landscape, accounts: [...accounts], organizations, speakers, preview };
  const known: PackedRows[] = [];
  for (const { accounts: group, foreseen } of await foresee(sync, db, ref, whole)) {
    if (foreseen !== null) {
      known.push(foreseen);
      continue;
    }
    const dossiers = await loadDossiers(db, group);
    await settle(sync, db, {
      plan: ref,
      landscape,
      dossiers,
      before: { landscape: before, dossiers },
      organizations,
      speakers,
      planned: await rowsOfAccounts(db, ref.id, group),
    });
  }
  return known;
}

/**
 * Nobody comes back by an edit: whom a connection had suspended, and no longer does because it was closed, observed,
 * lost its authority or serves the organization no more, is blocked, naming the cause.
 */
async function keepSuspended(db: Database, before: Landscape, after: Landscape): Promise<Block[]> {
  const blocked: Block[] = [];
  for (const view of before.connections) {
    if (!view.connection.lifecycle || !counts(view.connection)) continue;
    const now = after.connections.find((one) => one.connection.id === view.connection.id);
    for (const organization of before.organizations.values()) {
      if (!serves(view, organization) || stillSuspends(now, organization)) continue;
      for (const group of inGroups(await suspendedAccounts(db, organization.id))) {
        for (const dossier of await loadDossiers(db, group)) {
          const report = saysOf(before, organization, dossier).find(
            ({ connection }) => connection === view.connection.id,
          )?.report;
          const suspension = membershipIn(dossier, organization.id)?.suspendedBy;
          if (report === undefined || (report.kind !== 'inactive' && report.kind !== 'gone') || suspension === null)
            continue;
          const cause = report.kind === 'gone' ? 'had let the person go' : 'had reported the person inactive';
          const reason = `${view.connection.id} ${cause} when it stopped counting here`;
          const key = { organization: organization.id, account: dossier.account };
          const block = { ...key, connection: view.connection.id, reason, since: report.since };
          await writeBlock(db, block);
          blocked.push(block);
        }
      }
    }
  }
  return blocked;
}

function stillSuspends(view: ConnectionView | undefined, organization: Organization): boolean {
  return view !== undefined && view.connection.lifecycle && counts(view.connection) && serves(view, organization);
}

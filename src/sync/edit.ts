// An edit: connections, mappings or an organization's rules change at once, and the memberships with them, in one
// transaction. It is judged whole; only membership rows are held. A preview is the same edit, rolled back.
import type { AccountId, ConnectionId, OrganizationId } from '../core/ids.ts';
import { counts } from '../core/connection.ts';
import { serves } from '../core/grant.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { Organization } from '../core/organization.ts';
import type { Block } from '../core/membership.ts';
import { membershipIn, saysOf } from '../core/plan.ts';
import type { Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { inGroups, inTransaction } from '../store/database.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { presentPeople } from '../store/external-people.ts';
import { memberAccounts, suspendedAccounts, writeBlock } from '../store/memberships.ts';
import { loadDomains } from '../store/organizations.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { addRows, rowsOfDrafts, rowsOfAccounts, rowsOfPlan, storePreview } from '../store/plans.ts';
import type { RunKind } from '../store/runs.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { draft, Seats, toDraft, vanishedMappings } from './draft.ts';
import type { Domains } from './join.ts';
import { writeJoining } from './join.ts';
import { holdPlan } from './judge.ts';
import { groupsThatDiffer, loadLandscape } from './landscape.ts';
import { rememberMatches } from './matches.ts';
import { prepare } from './prepare.ts';
import { beginPlan } from './push.ts';
import { settle } from './settle.ts';

export interface EditResult<T> {
  readonly ref: PlanRef;
  readonly rows: readonly PlanRow[];
  /** What `write` gave back. */
  readonly value: T;
  readonly landscape: Landscape;
}

/** Carries the result of a preview out of the transaction that is rolled back. */
class RolledBack<T> extends Error {
  readonly result: EditResult<T>;
  constructor(result: EditResult<T>) {
    super('preview');
    this.result = result;
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
  try {
    return await inTransaction(sync.db, async (db) => {
      const ref = await beginPlan(sync, db, options.connection ?? null, options.kind);
      const before = await loadLandscape(db);
      const domainsBefore = await loadDomains(db);
      const value = await write(db, ref);
      const after = await loadLandscape(db);
      const blocked = await keepSuspended(db, before, after);
      const scope = await scopeOf(db, { before, after, domainsBefore }, blocked);
      await bringAbout(sync, db, ref, { before, after }, scope);
      for (const { connection } of after.connections) await rememberMatches(db, after, connection.id);
      const rows: PlanRow[] = [];
      for await (const row of rowsOfPlan(db, ref.id)) rows.push(row);
      const result = { ref, rows, value, landscape: after };
      if (options.preview) throw new RolledBack(result);
      return result;
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    const result = error.result as EditResult<T>;
    return inTransaction(sync.db, async (db) => {
      const ref = await beginPlan(sync, db, options.connection ?? null, options.kind);
      await storePreview(db, ref, result.rows);
      return { ...result, ref };
    });
  }
}

/** Whom an edit may concern. */
interface Scope {
  readonly people: readonly { readonly connection: ConnectionId; readonly groups: readonly string[] | undefined }[];
  readonly members: readonly OrganizationId[];
  /** Besides all these. */
  readonly accounts: readonly AccountId[];
  readonly organizations: readonly OrganizationId[];
  readonly speakers: Speakers;
}

async function scopeOf(
  db: Database,
  {
    before,
    after,
    domainsBefore,
  }: { readonly before: Landscape; readonly after: Landscape; readonly domainsBefore: Domains },
  blocked: readonly Block[],
): Promise<Scope> {
  const domainsAfter = await loadDomains(db);
  const rules = [...after.organizations.values()].filter((organization) =>
    rulesDiffer(before.organizations.get(organization.id), organization),
  );
  const proven = [...after.organizations.keys()].filter(
    (id) => [...(domainsBefore.get(id) ?? [])].sort().join() !== [...(domainsAfter.get(id) ?? [])].sort().join(),
  );
  const speakers = new Set<ConnectionId | null>(rules.length > 0 ? [null] : []);
  const people: Scope['people'][number][] = [];
  const members = new Set(rules.map(({ id }) => id));
  const organizations = new Set([...members, ...blocked.map(({ organization }) => organization)]);
  for (const view of after.connections) {
    const was = before.connections.find((one) => one.connection.id === view.connection.id);
    const served = [...after.organizations.values()].filter(
      (organization) => serves(view, organization) || (was !== undefined && serves(was, organization)),
    );
    const whole =
      was === undefined ||
      JSON.stringify(was.connection) !== JSON.stringify(view.connection) ||
      served.some(({ id }) => members.has(id) || proven.includes(id));
    const differing = was === undefined ? [] : groupsThatDiffer(was, view);
    if (!whole && differing.length === 0) continue;
    people.push({ connection: view.connection.id, groups: whole ? undefined : differing });
    for (const { id } of served) organizations.add(id);
    // Whoever was suspended by a connection that no longer serves is not among its people's groups.
    if (whole) for (const { id } of served) members.add(id);
    speakers.add(view.connection.id);
  }
  const accounts = blocked.map(({ account }) => account);
  return { people, members: [...members], accounts, organizations: [...organizations], speakers };
}

function rulesDiffer(before: Organization | undefined, after: Organization): boolean {
  const rules = ({ roleAuthority, defaultRole, seats, open }: Organization): string =>
    JSON.stringify([roleAuthority, defaultRole, seats, open]);
  return before === undefined || rules(before) !== rules(after);
}

/** Joins whoever may be joined now, plans everybody concerned, judges the whole, and writes it. */
async function bringAbout(
  sync: Sync,
  db: Database,
  ref: PlanRef,
  { before, after: landscape }: { readonly before: Landscape; readonly after: Landscape },
  scope: Scope,
): Promise<void> {
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
  const seats = await Seats.load(db, landscape);
  const vanished = new Set(vanishedMappings(landscape).keys());
  const options = { organizations: scope.organizations, seats, now: sync.now() };
  for (const group of inGroups([...accounts])) {
    const { changes } = await draft(db, landscape, await loadDossiers(db, group), options);
    const drafts = changes.map((change) => toDraft(change, scope.speakers, vanished));
    await addRows(db, rowsOfDrafts(ref, drafts, sync.now()));
  }
  await holdPlan(sync, db, ref, {
    suspect: false,
    preview: false,
    speakers: scope.speakers,
    landscape: before,
  });
  for (const group of inGroups([...accounts])) {
    const dossiers = await loadDossiers(db, group);
    await settle(sync, db, {
      plan: ref,
      landscape,
      dossiers,
      before: { landscape: before, dossiers },
      organizations: scope.organizations,
      speakers: scope.speakers,
      planned: await rowsOfAccounts(db, ref.id, group),
    });
  }
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

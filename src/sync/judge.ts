// The brake on stored plan rows: judged on the whole plan, per connection and organization, in the transaction that
// charges the budget. What is held is put into the one open hold, with the mask that leaves the member as they were.
import type { Brake, BrakedChange, BrakeInput } from '../core/brake.ts';
import { applyBrake, braked, isRunning, NEVER_EMPTIED_FROM } from '../core/brake.ts';
import type { AccountId, ConnectionId, HoldId, Instant, OrganizationId } from '../core/ids.ts';
import { holdMask } from '../core/mask.ts';
import type { Mask } from '../core/mask.ts';
import type { Dossier, Landscape } from '../core/plan.ts';
import { heardBy, membershipIn } from '../core/plan.ts';
import { chargeWindow, loadWindow } from '../store/brakes.ts';
import type { Database } from '../store/database.ts';
import { inGroups } from '../store/database.ts';
import { holdRows, openHold } from '../store/holds.ts';
import { countActive, countGranted } from '../store/memberships.ts';
import { loadDossiers } from '../store/dossiers.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { rowsOfAccounts, rowsOfPlan, setRowState } from '../store/plans.ts';
import type { PlanRef, Speakers, Sync } from './context.ts';
import { tellHoldOpened } from './tell.ts';

const NONE: ReadonlySet<string> = new Set();

/** What the brake says of one organization's rows for which one connection answers. */
export interface Verdict {
  readonly connection: ConnectionId | null;
  readonly organization: OrganizationId;
  readonly held: ReadonlyMap<AccountId, Brake>;
}

export interface JudgeOptions {
  /** Connections whose read proves no absence: all their removals are held. */
  readonly suspect: boolean;
  /** False for a preview: it says what would be held, and charges nothing. */
  readonly charge: boolean;
}

/** The part of the membership rows that a brake looks at; rows without it never need to be in memory. */
export async function judge(
  sync: Sync,
  db: Database,
  rows: AsyncIterable<PlanRow> | Iterable<PlanRow>,
  options: JudgeOptions,
): Promise<Verdict[]> {
  const groups = new Map<
    string,
    { connection: ConnectionId | null; organization: OrganizationId; changes: BrakedChange[] }
  >();
  for await (const row of rows) {
    if (row.target !== 'organization') continue;
    // Whether a group vanished was decided when the row was planned.
    const change = { ...braked(row, NONE), vanishedGroup: row.vanishedGroup };
    if (!change.removal && !change.newAdministrator && !change.arrival) continue;
    const key = `${row.connection ?? ''} ${row.organization}`;
    const group = groups.get(key) ?? { connection: row.connection, organization: row.organization, changes: [] };
    group.changes.push(change);
    groups.set(key, group);
  }
  const inputs: { key: Omit<Verdict, 'held'>; input: BrakeInput }[] = [];
  const leaversOf = removalsByOrganization([...groups.values()]);
  for (const { connection, organization, changes } of groups.values()) {
    const key = { connection, organization };
    const leavers = changes.flatMap(({ removal, account }) => (removal ? [account] : []));
    const removals = leavers.length > 0;
    const now = sync.now();
    const window = removals ? await loadWindow(db, key, leavers) : null;
    // More than these need not be counted: they are not emptied by all of them together.
    const most = (leaversOf.get(organization) ?? 0) + NEVER_EMPTIED_FROM;
    const input = {
      settings: sync.brake,
      now,
      changes,
      window,
      // Of a window that runs the count is known: the members of a large organization are not looked through for each.
      granted: removals && !isRunning(sync.brake, window, now) ? await countGranted(db, organization, connection) : 0,
      active: removals ? await countActive(db, organization, most) : 0,
      leavingOtherwise: 0,
      suspect: options.suspect,
    };
    inputs.push({ key, input });
  }
  const leavingOf = leavingByOrganization(inputs);
  const verdicts: Verdict[] = [];
  for (const { key, input } of inputs) {
    const leavingOtherwise = leavingOf(key.organization, input);
    const verdict = applyBrake({ ...input, leavingOtherwise });
    if (options.charge && verdict.charged.length > 0) await chargeWindow(db, key, verdict.window, verdict.charged);
    verdicts.push({ ...key, held: verdict.held });
  }
  return verdicts;
}

function removalsByOrganization(
  groups: readonly { readonly organization: OrganizationId; readonly changes: readonly BrakedChange[] }[],
): ReadonlyMap<OrganizationId, number> {
  const counted = new Map<OrganizationId, number>();
  for (const { organization, changes } of groups) {
    counted.set(organization, (counted.get(organization) ?? 0) + changes.filter(({ removal }) => removal).length);
  }
  return counted;
}

/** What the others of the organization take; a push has no others, and is judged once. */
function leavingByOrganization(
  inputs: readonly { readonly key: Pick<Verdict, 'organization'>; readonly input: BrakeInput }[],
): (organization: OrganizationId, own: BrakeInput) => number {
  if (inputs.length < 2) return () => 0;
  const each = new Map(inputs.map(({ input }) => [input, leaving(input)]));
  const whole = new Map<OrganizationId, number>();
  for (const { key, input } of inputs)
    whole.set(key.organization, (whole.get(key.organization) ?? 0) + (each.get(input) ?? 0));
  return (organization, own) => (whole.get(organization) ?? 0) - (each.get(own) ?? 0);
}

/** How many fewer are active once the rest of these changes is done. */
function leaving(input: BrakeInput): number {
  const { held } = applyBrake(input);
  const free = input.changes.filter(({ account }) => !held.has(account));
  return free.filter(({ removal }) => removal).length - free.filter(({ arrival }) => arrival).length;
}

/** Everything as it was before the plan: what a held change leaves standing. */
export interface Before {
  readonly landscape: Landscape;
  readonly dossiers: readonly Dossier[];
}

/** Whether a brake may stop the change: what it never stops need not be stored before it is judged. */
export function isStoppable(row: PlanRow): boolean {
  const { removal, newAdministrator } = braked(row, NONE);
  return row.target === 'organization' && (removal || newAdministrator);
}

/** Judges a plan whole and holds what the brake stops. A preview marks those rows; it charges and holds nothing. */
export async function holdPlan(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  options: {
    readonly suspect: boolean;
    readonly preview: boolean;
    readonly speakers: Speakers;
    /** As it was before whatever is judged. */
    readonly landscape: Landscape;
    /** The rows of the plan where not all are stored; those that a brake may stop are, once the last one is given. */
    readonly rows?: AsyncIterable<PlanRow>;
  },
): Promise<void> {
  const rows = options.rows ?? rowsOfPlan(db, plan.id, { target: 'organization', states: ['planned', 'stopped'] });
  for (const verdict of await judge(sync, db, rows, { suspect: options.suspect, charge: !options.preview })) {
    if (verdict.held.size === 0) continue;
    let opened: HoldId | null = null;
    for (const accounts of inGroups([...verdict.held.keys()])) {
      const held = (await rowsOfAccounts(db, plan.id, accounts)).filter(
        ({ organization, state }) =>
          organization === verdict.organization && (state === 'planned' || state === 'stopped'),
      );
      if (options.preview) {
        await setRowState(
          db,
          held.map(({ id }) => id),
          'stopped',
          sync.now(),
        );
        continue;
      }
      const before = { landscape: options.landscape, dossiers: await loadDossiers(db, accounts) };
      opened = (await putIntoHold(sync, db, verdict, held, before, options.speakers)) ?? opened;
    }
    // Told once all of it is in: it says how many are held.
    if (opened !== null) await tellHoldOpened(sync, db, opened);
  }
}

/** Puts all rows that the verdict stops into the hold, and tells of it. */
export async function hold(
  sync: Sync,
  db: Database,
  verdict: Verdict,
  rows: readonly PlanRow[],
  before: Before,
  speakers: Speakers,
): Promise<void> {
  const opened = await putIntoHold(sync, db, verdict, rows, before, speakers);
  if (opened !== null) await tellHoldOpened(sync, db, opened);
}

/** Puts rows of some people in one organization into the hold, the places beside the memberships. */
async function putIntoHold(
  sync: Sync,
  db: Database,
  verdict: Verdict,
  rows: readonly PlanRow[],
  before: Before,
  speakers: Speakers,
): Promise<HoldId | null> {
  if (rows.length === 0) return null;
  const at = sync.now();
  const brakes = [...new Set(verdict.held.values())];
  const id = await openHold(db, verdict, brakes, at);
  const dossiers = new Map(before.dossiers.map((dossier) => [dossier.account, dossier]));
  const held = rows.map((row) => {
    if (row.target !== 'organization') return { id: row.id, masks: null };
    const dossier = dossiers.get(row.account) ?? null;
    return {
      id: row.id,
      masks: [...speakers].map((speaker) => maskOfRow(row, dossier, before.landscape, speaker, at)),
    };
  });
  await holdRows(db, id, held, at);
  return id;
}

function maskOfRow(
  { id, organization: at, account }: PlanRow,
  dossier: Dossier | null,
  landscape: Landscape,
  connection: ConnectionId | null,
  since: Instant,
): Mask {
  const organization = landscape.organizations.get(at);
  const heard = dossier === null || organization === undefined ? [] : heardBy(landscape, organization, dossier);
  const wasActive = dossier !== null && membershipIn(dossier, at)?.status === 'active';
  const said = heard.find((say) => say.connection === connection) ?? null;
  return holdMask({ organization: at, account, connection, row: id }, said, wasActive, since);
}

// The brake on stored plan rows: judged on the whole plan, per connection and organization, in the transaction that
// charges the budget. What is held is put into the one open hold, with the mask that leaves the member as they were.
import type { Brake, BrakedChange } from '../core/brake.ts';
import { applyBrake, braked } from '../core/brake.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../core/ids.ts';
import { maskOf } from '../core/mask.ts';
import type { Mask } from '../core/mask.ts';
import type { Membership } from '../core/membership.ts';
import { membershipIn } from '../core/plan.ts';
import { chargeWindow, loadWindow } from '../store/brakes.ts';
import type { Database } from '../store/database.ts';
import { holdRows, openHold } from '../store/holds.ts';
import { countActive, countGranted } from '../store/memberships.ts';
import { loadDossiers } from '../store/dossiers.ts';
import type { PlanRow } from '../store/plans.ts';
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
  const verdicts: Verdict[] = [];
  for (const { connection, organization, changes } of groups.values()) {
    const key = { connection, organization };
    const removals = changes.some(({ removal }) => removal);
    const verdict = applyBrake({
      settings: sync.brake,
      now: sync.now(),
      changes,
      window: removals ? await loadWindow(db, key) : null,
      granted: removals ? await countGranted(db, organization, connection) : 0,
      active: removals ? await countActive(db, organization) : 0,
      suspect: options.suspect,
    });
    if (options.charge && verdict.charged.length > 0) await chargeWindow(db, key, verdict.window, verdict.charged);
    verdicts.push({ ...key, held: verdict.held });
  }
  return verdicts;
}

/** Judges a stored plan whole and holds what the brake stops. A preview marks those rows; it charges and holds nothing. */
export async function holdPlan(
  sync: Sync,
  db: Database,
  plan: PlanRef,
  options: { readonly suspect: boolean; readonly preview: boolean; readonly speakers: Speakers },
): Promise<void> {
  const rows = rowsOfPlan(db, plan.id, { target: 'organization', states: ['planned', 'stopped'] });
  for (const verdict of await judge(sync, db, rows, { suspect: options.suspect, charge: !options.preview })) {
    if (verdict.held.size === 0) continue;
    const accounts: AccountId[] = [...verdict.held.keys()];
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
    const dossiers = await loadDossiers(db, accounts);
    const before = new Map(dossiers.map((dossier) => [dossier.account, membershipIn(dossier, verdict.organization)]));
    await hold(sync, db, verdict, held, before, options.speakers);
  }
}

/** Puts rows of one person in one organization into the hold, the places beside the membership. */
export async function hold(
  sync: Sync,
  db: Database,
  verdict: Verdict,
  rows: readonly PlanRow[],
  memberships: ReadonlyMap<AccountId, Membership | null>,
  speakers: Speakers,
): Promise<Mask[]> {
  if (rows.length === 0) return [];
  const at = sync.now();
  const brakes = [...new Set(verdict.held.values())];
  const id = await openHold(db, verdict, brakes, at);
  const masks: Mask[] = [];
  const held = rows.map((row) => {
    if (row.target !== 'organization') return { id: row.id, masks: null };
    const own = [...speakers].map((connection) => ({
      ...maskOf(
        'hold',
        { organization: row.organization, account: row.account, connection },
        memberships.get(row.account) ?? null,
        at,
      ),
      row: row.id,
    }));
    masks.push(...own);
    return { id: row.id, masks: own };
  });
  await holdRows(db, id, held, at);
  await tellHoldOpened(sync, db, id);
  return masks;
}

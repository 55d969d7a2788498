// What becomes of a held row when its account is planned again: it stands, it is restated, or it is moot and struck
// out (organizations.md section 4, "Held changes").
import type { ConnectionId, OrganizationId } from './ids.ts';
import type { Change, Dossier, Landscape, PlanOptions, Standing } from './plan.ts';
import { planAccount } from './plan.ts';

/** The membership row of a held change; places held with it share its fate. */
export interface HeldRow {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly connection: ConnectionId | null;
  readonly before: Standing | null;
  readonly after: Standing | null;
  readonly kind: Change['kind'];
}

export interface Review {
  /** Rows that planning no longer gives; without them the account is planned as everybody else. */
  readonly moot: readonly HeldRow[];
  /** Still a removal, but to another end: the row says so from now on, and stays held. */
  readonly restated: readonly { readonly row: HeldRow; readonly change: Change }[];
  /** The dossier without the masks of moot rows. */
  readonly dossier: Dossier;
}

export function reviewHeld(
  landscape: Landscape,
  dossier: Dossier,
  held: readonly HeldRow[],
  options: PlanOptions,
): Review {
  const moot: HeldRow[] = [];
  const restated: { row: HeldRow; change: Change }[] = [];
  for (const row of held) {
    const unmasked = withoutRows(dossier, [row]);
    const change = planAccount(landscape, unmasked, {
      ...options,
      organizations: [row.organization],
      seatFree: () => true,
    }).find(({ target, kind }) => target === 'organization' && kind !== 'reason');
    if (change === undefined) moot.push(row);
    else if (sameStanding(change.before, row.before) && sameStanding(change.after, row.after)) continue;
    // Another connection may have changed the role underneath: it stays in its hold and is not counted again.
    else if (change.kind === 'removed' && row.kind === 'removed') restated.push({ row, change });
    else if (newlyAdministrator(change) && newlyAdministrator(row)) restated.push({ row, change });
    else moot.push(row);
  }
  return { moot, restated, dossier: withoutRows(dossier, moot) };
}

function newlyAdministrator({ before, after }: Pick<HeldRow, 'before' | 'after'>): boolean {
  const isOne = (standing: Standing | null): boolean =>
    standing?.role === 'administrator' && standing.status === 'active';
  return isOne(after) && !isOne(before);
}

/** The dossier as if these rows were not held. */
export function withoutRows(dossier: Dossier, rows: readonly HeldRow[]): Dossier {
  const ids = new Set<string | null>(rows.map(({ id }) => id));
  return { ...dossier, masks: dossier.masks.filter(({ row }) => row === null || !ids.has(row)) };
}

export function sameStanding(a: Standing | null, b: Standing | null): boolean {
  return a?.role === b?.role && a?.status === b?.status;
}

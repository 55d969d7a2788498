// Drafting: planning dossiers without writing, held rows reviewed, seats dealt in the order of arrival.
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Change, Dossier, Landscape } from '../core/plan.ts';
import { planAccount } from '../core/plan.ts';
import type { HeldRow, Review } from '../core/review.ts';
import { reviewHeld } from '../core/review.ts';
import type { Database } from '../store/database.ts';
import { heldRows } from '../store/holds.ts';
import { countActive, waitingAccounts } from '../store/memberships.ts';
import type { Draft } from '../store/plans.ts';
import type { Speakers } from './context.ts';
import { limitedOrganizations } from './apply-change.ts';

/** Seats left in each limited organization, those who already wait counted before newcomers. */
export class Seats {
  readonly #free: Map<OrganizationId, number>;

  private constructor(free: Map<OrganizationId, number>) {
    this.#free = free;
  }

  /** @param among the organizations that will be planned; of all others none is left. Not given: all that there are. */
  static async load(db: Database, landscape: Landscape, among?: ReadonlySet<OrganizationId>): Promise<Seats> {
    const free = new Map<OrganizationId, number>();
    for (const id of limitedOrganizations(landscape)) {
      if (among?.has(id) === false) {
        free.set(id, 0);
        continue;
      }
      const seats = landscape.organizations.get(id)?.seats ?? 0;
      const left = seats - (await countActive(db, id));
      const waiting = left > 0 ? (await waitingAccounts(db, id, left)).length : 0;
      free.set(id, left - waiting);
    }
    return new Seats(free);
  }

  /** For accounts that were counted before they are planned: the longest waiting, no more than there are seats. */
  static unlimited(): Seats {
    return new Seats(new Map());
  }

  /** Takes a seat if one is left. */
  readonly take = (organization: OrganizationId): boolean => {
    const free = this.#free.get(organization) ?? Number.POSITIVE_INFINITY;
    if (free <= 0) return false;
    this.#free.set(organization, free - 1);
    return true;
  };
}

export interface Drafted {
  readonly changes: readonly Change[];
  readonly reviews: readonly Review[];
  /** Dossiers with the masks of moot rows taken off. */
  readonly dossiers: readonly Dossier[];
}

export async function draft(
  db: Database,
  landscape: Landscape,
  dossiers: readonly Dossier[],
  options: { readonly organizations: readonly OrganizationId[]; readonly seats: Seats; readonly now: Instant },
): Promise<Drafted> {
  const held = await heldRows(
    db,
    dossiers.map(({ account }) => account),
  );
  const changes: Change[] = [];
  const reviews: Review[] = [];
  const plan = { now: options.now, organizations: options.organizations, seatFree: options.seats.take };
  const reviewed = dossiers.map((dossier) => {
    const rows = held.get(dossier.account) ?? [];
    const review = rows.length === 0 ? null : reviewHeld(landscape, dossier, rows, plan);
    if (review !== null) reviews.push(review);
    const planned = review?.dossier ?? dossier;
    // A hold reviewed as moot is planned at once, also where the speaker has no word.
    const organizations = new Set([...options.organizations, ...(review?.moot ?? []).map(organizationOf)]);
    changes.push(...planAccount(landscape, planned, { ...plan, organizations }));
    return planned;
  });
  return { changes, reviews, dossiers: reviewed };
}

function organizationOf({ organization }: HeldRow): OrganizationId {
  return organization;
}

/** The change with who answers for it, and whether it stems from a group that is no longer there under its name. */
export function toDraft(change: Change, speakers: Speakers, vanished: ReadonlySet<string>): Draft {
  return {
    change,
    connection: speakerOf(change, speakers),
    vanishedGroup: change.because.some(({ mappingId }) => mappingId !== null && vanished.has(mappingId)),
  };
}

/** One speaker answers for everything; of several, the one whose grant came or went, else the organization's settings. */
function speakerOf(change: Change, speakers: Speakers): ConnectionId | null {
  const [only] = speakers;
  if (speakers.size === 1 && only !== undefined) return only;
  const suspending = change.membership?.after.suspendedBy?.connection ?? null;
  const concerned = [...change.because.map(({ connection }) => connection), suspending];
  return concerned.find((connection) => connection !== null && speakers.has(connection)) ?? null;
}

/**
 * Name mappings that brought people and now match no group, with what those groups are called now; whoever loses a
 * grant by that is held (organizations.md section 4, "Names and ids").
 */
export function vanishedMappings(landscape: Landscape): ReadonlyMap<string, readonly string[]> {
  const vanished = new Map<string, readonly string[]>();
  for (const view of landscape.connections) {
    // Groups that nothing was asked of were not read; of those that a mapping matched once, gone ones are known too.
    if (view.groups.size === 0) continue;
    const names = new Set([...view.groups.values()].filter(({ present }) => present).map(({ nameKey }) => nameKey));
    for (const mapping of view.mappings) {
      if (mapping.groupBy !== 'name' || mapping.lastMatched.length === 0 || names.has(mapping.groupKey)) continue;
      const now = mapping.lastMatched.flatMap((id) => {
        const group = view.groups.get(id);
        return group?.present === true ? [group.name] : [];
      });
      vanished.set(mapping.id, now);
    }
  }
  return vanished;
}

/** Accounts of the changes, each once. */
export function accountsOf(changes: readonly { readonly account: AccountId }[]): AccountId[] {
  return [...new Set(changes.map(({ account }) => account))];
}

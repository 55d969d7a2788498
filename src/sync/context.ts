// What every act of the sync layer is given: the database, the brake's settings and the clock.
import type { BrakeSettings } from '../core/brake.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import type { Lease } from '../store/leases.ts';
import type { PlanRef } from '../store/plans.ts';

export type { PlanRef };

export interface Sync {
  readonly db: Database;
  readonly brake: BrakeSettings & { readonly deadlineMs: number | null };
  readonly now: () => Instant;
}

/** The plan of a directory run, and the lease without which nothing of it may be written. */
export interface RunRef extends PlanRef {
  readonly lease: Lease;
}

/** Whose word changed: connections, or null for people and the organization's own settings. */
export type Speakers = ReadonlySet<ConnectionId | null>;

// A plan's row in the program and in the table `changes`.
import type { Grant } from '../core/grant.ts';
import type { AccountId, ConnectionId, HoldId, Instant, OrganizationId, PlanId, RunId } from '../core/ids.ts';
import type { Place } from '../core/placement.ts';
import type { Change, Standing } from '../core/plan.ts';
import type { Row } from './bulk.ts';
import { fromJson } from './database.ts';

/** `stopped`: planned only, and a brake would hold it; `moot`: struck out, planning no longer gives it. */
export type RowState = 'planned' | 'stopped' | 'applied' | 'held' | 'rejected' | 'moot';

/** A stored plan row. */
export interface PlanRow
  extends Pick<
    Change,
    | 'organization'
    | 'account'
    | 'email'
    | 'target'
    | 'before'
    | 'after'
    | 'because'
    | 'reason'
    | 'kind'
    | 'seat'
    | 'needsSeat'
  > {
  readonly id: string;
  readonly plan: PlanId;
  readonly run: RunId;
  readonly hold: HoldId | null;
  /** Who answers for it before the brake; null for people and the organization's own settings. */
  readonly connection: ConnectionId | null;
  readonly vanishedGroup: boolean;
  readonly state: RowState;
  readonly at: Instant;
}

export interface ChangeRow extends Row {
  id: string;
  plan: PlanId;
  run: RunId;
  hold: HoldId | null;
  connection: ConnectionId | null;
  organization: OrganizationId;
  account: AccountId;
  email: string;
  target_kind: 'organization' | 'workspace' | 'project';
  target: string;
  before_standing: string | null;
  after_standing: string | null;
  because: string;
  reason: string;
  kind: Change['kind'];
  seat: Change['seat'];
  needs_seat: number;
  vanished_group: number;
  state: RowState;
  at: Instant;
}

/** The columns of a row. */
export const CHANGE = `id, plan, run, hold, connection, organization, account, email, target_kind, target,
  before_standing, after_standing, because, reason, kind, seat, needs_seat, vanished_group, state, at`;

export function fromRow(row: ChangeRow): PlanRow {
  return {
    id: row.id,
    plan: row.plan,
    run: row.run,
    hold: row.hold,
    connection: row.connection,
    organization: row.organization,
    account: row.account,
    email: row.email,
    target: targetOf(row),
    before: row.before_standing === null ? null : fromJson<Standing>(row.before_standing),
    after: row.after_standing === null ? null : fromJson<Standing>(row.after_standing),
    because: fromJson<Grant[]>(row.because),
    reason: row.reason,
    kind: row.kind,
    seat: row.seat,
    needsSeat: row.needs_seat === 1,
    vanishedGroup: row.vanished_group === 1,
    state: row.state,
    at: row.at,
  };
}

function targetOf(row: ChangeRow): 'organization' | Place {
  if (row.target_kind === 'organization') return 'organization';
  return row.target_kind === 'workspace' ? { workspace: row.target } : { project: row.target };
}

export function toRow(row: PlanRow): ChangeRow {
  return {
    id: row.id,
    plan: row.plan,
    run: row.run,
    hold: row.hold,
    connection: row.connection,
    organization: row.organization,
    account: row.account,
    email: row.email,
    ...targetColumns(row.target),
    before_standing: row.before === null ? null : JSON.stringify(row.before),
    after_standing: row.after === null ? null : JSON.stringify(row.after),
    because: JSON.stringify(row.because),
    reason: row.reason,
    kind: row.kind,
    seat: row.seat,
    needs_seat: row.needsSeat ? 1 : 0,
    vanished_group: row.vanishedGroup ? 1 : 0,
    state: row.state,
    at: row.at,
  };
}

function targetColumns(target: 'organization' | Place): Pick<ChangeRow, 'target_kind' | 'target'> {
  if (target === 'organization') return { target_kind: 'organization', target: '' };
  return 'workspace' in target
    ? { target_kind: 'workspace', target: target.workspace }
    : { target_kind: 'project', target: target.project };
}

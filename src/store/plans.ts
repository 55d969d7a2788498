// Plans and their rows. A row is written when it is planned and keeps its id while it is held, applied or struck
// out: what was shown is what was done (law 11), and the applied rows are the history (law 10).
import type { AccountId, ConnectionId, HoldId, Instant, OrganizationId, PlanId, RunId } from '../core/ids.ts';
import type { Change } from '../core/plan.ts';
import { insertRows } from './bulk.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';
import { newId } from './ids.ts';
import type { ChangeRow, PlanRow, RowState } from './plan-rows.ts';
import { CHANGE, fromRow, toRow } from './plan-rows.ts';
import { execute, oneOf, rowsOf } from './statement.ts';

/** A plan that rows are added to. */
export interface PlanRef {
  readonly id: PlanId;
  readonly run: RunId;
  /** Where several are settled in one go: the plan of each account. */
  readonly each?: ReadonlyMap<AccountId, PlanRef>;
}

/** The plan that the account's rows belong to. */
export function planOf(plan: PlanRef, account: AccountId): PlanRef {
  return plan.each?.get(account) ?? plan;
}

export async function addPlans(
  db: Database,
  plans: readonly PlanRef[],
  options: { readonly connection: ConnectionId | null; readonly state: 'planning' | 'preview' | 'done' },
  at: Instant,
): Promise<void> {
  const { connection, state } = options;
  await insertRows(
    db,
    'plans',
    plans.map(({ id, run }) => ({ id, run, connection, state, piece: 0, created_at: at })),
  );
}

export async function setPlanState(
  db: Database,
  id: PlanId,
  state: 'preview' | 'committing' | 'done',
  piece?: number,
): Promise<void> {
  await db('plans')
    .where({ id })
    .update(piece === undefined ? { state } : { state, piece });
}

/** A change on its way into a plan. */
export interface Draft {
  readonly change: Change;
  readonly connection: ConnectionId | null;
  readonly vanishedGroup: boolean;
}

/** The drafts as rows of the plan, in the order given, each with its id. */
export function rowsOfDrafts(plan: PlanRef, drafts: readonly Draft[], at: Instant): PlanRow[] {
  return drafts.map(({ change, connection, vanishedGroup }): PlanRow => {
    const own = planOf(plan, change.account);
    return {
      id: newId(),
      plan: own.id,
      run: own.run,
      hold: null,
      connection,
      organization: change.organization,
      account: change.account,
      email: change.email,
      target: change.target,
      before: change.before,
      after: change.after,
      because: change.because,
      reason: change.reason,
      kind: change.kind,
      seat: change.seat,
      needsSeat: change.needsSeat,
      vanishedGroup,
      state: 'planned',
      at,
    };
  });
}

export async function addRows(db: Database, rows: readonly PlanRow[]): Promise<void> {
  await insertRows(db, 'changes', rows.map(toRow));
}

/** The rows of a plan for these accounts, in the order planned. */
export async function rowsOfAccounts(db: Database, plan: PlanId, accounts: readonly AccountId[]): Promise<PlanRow[]> {
  // Sorted here: in the order of their ids a database would look through the whole plan for them.
  const rows = await rowsOf<ChangeRow>(db, `SELECT ${CHANGE} FROM changes WHERE plan = ? AND ${oneOf(db, 'account')}`, [
    plan,
    accounts,
  ]);
  return rows.map(fromRow).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** All rows of a plan in the order planned, in pages, so that a plan of any length can be streamed. */
export async function* rowsOfPlan(
  db: Database,
  plan: PlanId,
  only: { readonly target?: 'organization'; readonly states?: readonly RowState[] } = {},
): AsyncGenerator<PlanRow> {
  let after = '';
  for (;;) {
    const query = db('changes').where({ plan }).where('id', '>', after).orderBy('id').limit(500);
    if (only.target !== undefined) void query.where({ target_kind: only.target });
    if (only.states !== undefined) void query.whereIn('state', [...only.states]);
    const rows: ChangeRow[] = await query;
    for (const row of rows) yield fromRow(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** Rows of a plan that are alike in what is told of them. */
export interface RowCount extends Pick<PlanRow, 'kind' | 'state'> {
  readonly isMembership: boolean;
  /** Nothing was there before. */
  readonly isNew: boolean;
  /** The organization whose seat they empty. */
  readonly vacates: OrganizationId | null;
  readonly rows: number;
}

/** What a plan comes to, counted by the database: nobody reads a hundred thousand rows to know how many there are. */
export async function countRows(db: Database, plan: PlanId): Promise<RowCount[]> {
  const rows = await rowsOf<
    Pick<RowCount, 'kind' | 'state' | 'vacates'> & { member: number; fresh: number; n: number }
  >(
    db,
    `SELECT kind, state, CASE WHEN target_kind = 'organization' THEN 1 ELSE 0 END AS member,
       CASE WHEN before_standing IS NULL THEN 1 ELSE 0 END AS fresh,
       CASE WHEN seat = 'vacates' THEN organization END AS vacates, count(*) AS n
     FROM changes WHERE plan = ? GROUP BY 1, 2, 3, 4, 5 ORDER BY min(id)`,
    [plan],
  );
  return rows.map(({ kind, state, vacates, member, fresh, n }) => ({
    kind,
    state,
    vacates,
    isMembership: member === 1,
    isNew: fresh === 1,
    rows: n,
  }));
}

export async function setRowState(db: Database, ids: readonly string[], state: RowState, at: Instant): Promise<void> {
  if (ids.length === 0) return;
  await execute(db, `UPDATE changes SET state = ?, at = ? WHERE ${oneOf(db, 'id')}`, [state, at, ids]);
}

export async function rowsById(db: Database, ids: readonly string[]): Promise<PlanRow[]> {
  const rows: ChangeRow[] = [];
  for (const group of inGroups(ids)) {
    rows.push(
      ...((await db('changes')
        .whereIn('id', [...group])
        .orderBy('id')) as ChangeRow[]),
    );
  }
  return rows.map(fromRow);
}

/** Rows of a hold, or those of one account in it. */
export async function rowsOfHold(db: Database, hold: HoldId, state?: RowState): Promise<PlanRow[]> {
  const query = db('changes').where({ hold }).orderBy('id');
  if (state !== undefined) void query.where({ state });
  return ((await query) as ChangeRow[]).map(fromRow);
}

/** Applied rows of one account in one organization, oldest first. */
export async function historyOf(db: Database, organization: OrganizationId, account: AccountId): Promise<PlanRow[]> {
  const rows: ChangeRow[] = await db('changes')
    .where({ organization, account, state: 'applied', target_kind: 'organization' })
    .orderBy(['at', 'id']);
  return rows.map(fromRow);
}

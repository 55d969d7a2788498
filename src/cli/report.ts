// What a run or an edit did, in the shape of the contract (design.md section 5) and as a table for people.
import type { Grant } from '../core/grant.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { Standing } from '../core/plan.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import type { RowCount } from '../store/plans.ts';
import type { PlanRef } from '../sync/context.ts';
import { EXIT } from './command.ts';
import type { Output } from './output.ts';

export interface Report {
  readonly ref: PlanRef;
  readonly connection: ConnectionId | null;
  readonly complete: boolean;
  readonly reason: string | null;
  readonly read: { readonly people: number; readonly groups: number; readonly links: number; readonly skipped: number };
  readonly warnings: readonly string[];
  /** Membership rows that the run looked at, changed or not; those added among them only once they are there. */
  readonly members: number;
  readonly preview: boolean;
  readonly rows: () => AsyncIterable<PlanRow>;
  /** The same rows, counted. */
  readonly counted: readonly RowCount[];
  /** Organizations without an Owner once all is done: a successor may have taken the seat in the same run. */
  readonly vacant: ReadonlySet<string>;
  /** Fields beside those of the contract. */
  readonly extra?: Record<string, unknown>;
}

/** Prints the report and gives the exit code: 4 wins over 3. */
export async function printReport(out: Output, report: Report): Promise<number> {
  const counts = { added: 0, changed: 0, removed: 0, held: 0, unchanged: 0 };
  const vacancies: string[] = [];
  let known = 0;
  let told = 0;
  for (const row of report.counted.filter(isTold)) {
    told += row.rows;
    if (!row.isMembership) continue;
    if (!row.isNew || !report.preview) known += isHeld(row) && row.isNew ? 0 : row.rows;
    if (isHeld(row)) counts.held += row.rows;
    else if (row.kind !== 'reason') counts[row.kind] += row.rows;
    if (row.vacates !== null && !isHeld(row) && (report.preview || report.vacant.has(row.vacates)))
      vacancies.push(row.vacates);
  }
  counts.unchanged = Math.max(0, report.members - known);
  const { ref, connection, complete, reason, read, warnings } = report;
  const head = { run: ref.run, plan: ref.id, connection, complete, reason, read, counts, warnings, ...report.extra };
  await out.stream(head, 'changes', changesOf(report), { vacancies });
  for (const warning of warnings) out.warn(warning);
  await printPeople(out, report, counts, vacancies, told);
  if (!complete) return EXIT.incomplete;
  return counts.held > 0 ? EXIT.held : EXIT.done;
}

/** Struck-out rows and rows that change only why a role is held are not changes of role or status. */
function isTold(row: Pick<PlanRow, 'kind' | 'state'>): boolean {
  return row.kind !== 'reason' && row.state !== 'moot' && row.state !== 'rejected';
}

function isHeld(row: Pick<PlanRow, 'state'>): boolean {
  return row.state === 'held' || row.state === 'stopped';
}

async function* changesOf(report: Report): AsyncGenerator {
  for await (const row of report.rows()) if (isTold(row)) yield changeJson(row);
}

/** One row, as in `changes`. */
export function changeJson(row: PlanRow): Record<string, unknown> {
  return {
    id: row.id,
    organization: row.organization,
    email: row.email,
    target: row.target,
    before: row.before ?? { role: null, status: null },
    after: row.after ?? { role: null, status: null },
    because: row.because.map(becauseJson),
    reason: row.reason,
    held: isHeld(row),
    state: row.state,
  };
}

/** One grant, as in every `because`. */
export function becauseJson({ source, connection, group, mapping, since, kept }: Grant): Record<string, unknown> {
  return { source, connection, group, mapping, since, ...(kept === null ? {} : { kept }) };
}

export function standingText(standing: Standing | null): string {
  return standing === null
    ? '–'
    : standing.status === 'active'
      ? standing.role
      : `${standing.role} (${standing.status})`;
}

export function targetText(row: Pick<PlanRow, 'target'>): string {
  if (row.target === 'organization') return '';
  return 'workspace' in row.target ? `workspace ${row.target.workspace}` : `project ${row.target.project}`;
}

/** More rows than this are summed up for people; --json lists them all. */
const ROWS_SHOWN = 60;

async function printPeople(
  out: Output,
  report: Report,
  counts: Record<'added' | 'changed' | 'removed' | 'held' | 'unchanged', number>,
  vacancies: readonly string[],
  told: number,
): Promise<void> {
  if (out.json) return;
  const { read } = report;
  const what = report.preview ? 'plan' : 'done';
  if (read.people + read.groups > 0) {
    out.line(`read ${read.people} people, ${read.groups} groups, ${read.links} links; skipped ${read.skipped}`);
  }
  out.line(
    `${what}: ${Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
  );
  if (!report.complete) out.line(`not complete: ${report.reason ?? ''}; nothing was taken away for being unseen`);
  for (const organization of vacancies)
    out.line(
      report.preview
        ? `vacancy: ${organization} would have no Owner`
        : `vacancy: ${organization} has no Owner; rollcall vacancies`,
    );
  const shown: string[][] = [];
  for await (const row of report.rows()) {
    if (shown.length === ROWS_SHOWN) break;
    if (!isTold(row)) continue;
    shown.push([
      isHeld(row) ? 'held' : row.kind,
      row.organization,
      row.email,
      targetText(row),
      standingText(row.before),
      standingText(row.after),
      row.reason,
    ]);
  }
  const more = told - shown.length;
  if (shown.length > 0) {
    out.line();
    out.table(['', 'ORGANIZATION', 'EMAIL', 'IN', 'BEFORE', 'AFTER', 'WHY'], shown);
  }
  if (more > 0) out.line(`… and ${more} more; --json lists them all`);
  if (counts.held > 0 && !report.preview) out.line('\nA brake held changes: rollcall holds');
}

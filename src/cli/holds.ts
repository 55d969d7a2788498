// `holds`: what a brake stopped, shown and decided.
import { RollcallError } from '../errors.ts';
import { decideHold } from '../sync/decide-hold.ts';
import { findHold, loadHolds } from '../store/holds.ts';
import type { Hold } from '../store/holds.ts';
import type { Database } from '../store/database.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { rowsOfHold } from '../store/plans.ts';
import type { Command } from './command.ts';
import { EXIT, text } from './command.ts';
import { changeJson, standingText, targetText } from './report.ts';

export const holds: Command = {
  name: 'holds',
  summary: 'what a brake stopped: holds [list | show ID | approve ID | reject ID] [--only EMAIL]',
  args: ['[action]', '[id]'],
  options: [{ flags: '--only <email>', summary: "decide this person's changes only" }],
  examples: ['rollcall holds', 'rollcall holds show ID', 'rollcall holds approve ID --only anna@acme.example'],
  async run({ out, sync }, input) {
    const [action = 'list', id = ''] = input.args;
    const store = await sync();
    if (action === 'list') {
      const all = await loadHolds(store.db);
      const told = [];
      for (const hold of all) told.push({ hold, rows: await ownerFirst(store.db, hold) });
      out.document({ holds: told.map(({ hold, rows }) => holdJson(hold, rows)) });
      if (all.length === 0) out.line('nothing is held');
      else {
        out.table(
          ['ID', 'STATE', 'CONNECTION', 'ORGANIZATION', 'BRAKE', 'HELD', 'SINCE'],
          told.map(({ hold, rows }) => [
            hold.id,
            hold.state,
            hold.connection ?? '–',
            hold.organization,
            hold.brakes.join(', '),
            heldText(rows),
            hold.createdAt,
          ]),
        );
      }
      return EXIT.done;
    }
    if (action === 'show') {
      const hold = await findHold(store.db, id);
      if (hold === null) throw new RollcallError('not_found', `there is no hold ${id}: \`rollcall holds\` lists them`);
      const rows = await ownerFirst(store.db, hold);
      out.document({ holds: [holdJson(hold, rows)] });
      out.line(
        `hold ${hold.id} (${hold.state}): ${hold.connection ?? 'settings'} in ${hold.organization}, stopped by ${hold.brakes.join(', ')}`,
      );
      if (rows.some(({ seat }) => seat === 'vacates')) out.line('the Owner is among the held');
      out.table(['EMAIL', 'IN', 'BEFORE', 'AFTER', 'WHY', 'STATE'], rows.map(rowCells));
      return EXIT.done;
    }
    if (action !== 'approve' && action !== 'reject') {
      throw new RollcallError('input_invalid', `holds knows list, show, approve and reject, not ${action}`);
    }
    const decided = await decideHold(store, id, action === 'approve' ? 'approved' : 'rejected', text(input, 'only'));
    const rows = await ownerFirst(store.db, decided.hold);
    out.document({ holds: [holdJson(decided.hold, rows)] });
    out.line(`hold ${id} is ${decided.hold.state}`);
    out.table(['EMAIL', 'IN', 'BEFORE', 'AFTER', 'WHY', 'STATE'], decided.rows.map(rowCells));
    return EXIT.done;
  },
};

/** If the Owner is among the held, that comes first (law 6). */
async function ownerFirst(db: Database, hold: Hold): Promise<PlanRow[]> {
  const rows = await rowsOfHold(db, hold.id);
  return rows.sort((a, b) => Number(b.seat === 'vacates') - Number(a.seat === 'vacates'));
}

function holdJson(hold: Hold, rows: readonly PlanRow[]): Record<string, unknown> {
  return {
    id: hold.id,
    connection: hold.connection,
    organization: hold.organization,
    brake: hold.brakes[0],
    brakes: hold.brakes,
    owner_held: rows.some(({ seat, state }) => seat === 'vacates' && state === 'held'),
    changes: rows.map(changeJson),
    created_at: hold.createdAt,
    state: hold.state,
  };
}

function heldText(rows: readonly PlanRow[]): string {
  const held = rows.filter(({ state, target }) => state === 'held' && target === 'organization');
  return held.some(({ seat }) => seat === 'vacates') ? `the Owner, and ${held.length - 1} more` : `${held.length}`;
}

function rowCells(row: PlanRow): string[] {
  return [row.email, targetText(row), standingText(row.before), standingText(row.after), row.reason, row.state];
}

// `recompute --check`: law 13 on the live store.
import { RollcallError } from '../errors.ts';
import { inSnapshot } from '../store/database.ts';
import { recompute } from '../sync/recompute.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';

export const recomputeCommand: Command = {
  name: 'recompute',
  summary: 'plan everybody anew from the stored facts and say what differs',
  options: [{ flags: '--check', summary: 'only say it; nothing is changed' }],
  examples: ['rollcall recompute --check'],
  async run({ out, sync }, input) {
    if (input.options['check'] !== true) {
      throw new RollcallError(
        'input_invalid',
        'recompute only checks: give --check. What differs is brought about by the next run or apply',
      );
    }
    const live = await sync();
    // Others may write meanwhile: what is compared must be of one instant.
    const { checked, differences } = await inSnapshot(live.db, (db) =>
      recompute({ ...live, db }, (done) => out.progress(`checked ${done}`)),
    );
    out.progressDone();
    out.document({ ok: differences.length === 0, checked, differences });
    out.line(`${checked} accounts checked, ${differences.length} differ`);
    if (differences.length > 0) {
      out.table(
        ['ORGANIZATION', 'EMAIL', 'WHAT'],
        differences.map(({ organization, email, what }) => [organization, email ?? '–', what]),
      );
    }
    return differences.length === 0 ? EXIT.done : EXIT.unforeseen;
  },
};

// `apply`: what the file declares becomes so, and the memberships after it.
import { declare } from '../organization/declare.ts';
import { applyExpiredHolds } from '../sync/decide-hold.ts';
import { countMembers } from '../store/memberships.ts';
import { countRows, rowsOfPlan } from '../store/plans.ts';
import { vacantOrganizations } from '../store/vacancies.ts';
import type { Command } from './command.ts';
import { collectEarly } from './heap.ts';
import { printReport } from './report.ts';

const NOTHING_READ = { people: 0, groups: 0, links: 0, skipped: 0 };

export const apply: Command = {
  name: 'apply',
  summary: 'make organizations, connections and mappings what the file declares; prints the membership plan',
  options: [{ flags: '--plan', summary: 'show what would happen and change nothing' }],
  examples: ['rollcall apply --plan', 'rollcall apply'],
  async run({ out, config, sync }, input) {
    const declared = config();
    collectEarly();
    const store = await sync();
    const preview = input.options['plan'] === true;
    if (!preview) await applyExpiredHolds(store);
    const result = await declare(store, declared, { preview });
    const base = declared.server.publicUrl.replace(/\/$/, '');
    const links = preview
      ? []
      : result.value.activations.map(({ email, token }) => ({ email, url: `${base}/user/activate?token=${token}` }));
    for (const { email, url } of links) out.notice(`one-time link for ${email}: ${url}`);
    return printReport(out, {
      ref: result.ref,
      connection: null,
      complete: true,
      reason: null,
      read: NOTHING_READ,
      warnings: [...declared.warnings.map(({ at, message }) => `${at}: ${message}`), ...result.value.warnings],
      members: await countMembers(store.db, null),
      vacant: await vacantOrganizations(store.db),
      preview,
      rows: () => rowsOfPlan(store.db, result.ref.id),
      counted: await countRows(store.db, result.ref.id),
    });
  },
};

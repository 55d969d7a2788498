// `conflicts`: external people who could not be joined to an account.
import { RollcallError } from '../errors.ts';
import { decide } from '../organization/decide-conflict.ts';
import { loadAccounts } from '../store/accounts.ts';
import { loadConflicts } from '../store/conflicts.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';
import { remedies } from './unjoined.ts';

const DECISIONS = new Map<string, 'linked' | 'discarded'>([
  ['link', 'linked'],
  ['discard', 'discarded'],
]);

export const conflicts: Command = {
  name: 'conflicts',
  summary: 'external people who could not be joined to an account: conflicts [list | link ID | discard ID]',
  args: ['[action]', '[id]'],
  examples: ['rollcall conflicts', 'rollcall conflicts link ID', 'rollcall conflicts discard ID'],
  async run({ out, sync }, input) {
    const [action = 'list', id = ''] = input.args;
    if (action !== 'list') {
      const decision = DECISIONS.get(action);
      if (decision === undefined)
        throw new RollcallError('input_invalid', `conflicts knows list, link and discard, not ${action}`);
      if (id === '')
        throw new RollcallError('input_invalid', `conflicts ${action} needs an ID: \`rollcall conflicts\` lists them`);
      const { connection, externalId, email } = await decide(await sync(), id, decision);
      out.line(`${decision}: ${email ?? externalId} of ${connection}`);
    }
    const store = await sync();
    const open = await loadConflicts(store.db);
    const accounts = await loadAccounts(
      store.db,
      open.flatMap(({ account }) => (account === null ? [] : [account])),
    );
    const told = open.map((one) => ({
      id: one.id,
      connection: one.connection,
      external_id: one.externalId,
      email: one.email,
      reason: one.reason,
      account: one.account === null ? null : (accounts.get(one.account)?.email ?? null),
    }));
    out.document({ conflicts: told });
    if (told.length === 0) out.line('no conflicts');
    else {
      out.table(
        ['ID', 'CONNECTION', 'EXTERNAL ID', 'EMAIL', 'REASON', 'ACCOUNT'],
        told.map((one) => [one.id, one.connection, one.external_id, one.email ?? '–', one.reason, one.account ?? '–']),
      );
      out.line('');
      for (const line of remedies(told.map(({ reason }) => reason))) out.line(line);
    }
    return EXIT.done;
  },
};

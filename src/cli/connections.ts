// `connections`: their states, and changing them.
import { RollcallError } from '../errors.ts';
import { setConnectionState } from '../organization/set-connection-state.ts';
import { loadConnections } from '../store/connections.ts';
import { countMembers } from '../store/memberships.ts';
import { countRows, rowsOfPlan } from '../store/plans.ts';
import { vacantOrganizations } from '../store/vacancies.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';
import { printReport } from './report.ts';

const STATES = { observe: 'observe', activate: 'active', pause: 'paused' } as const;

export const connections: Command = {
  name: 'connections',
  summary: "a connection's state: connections [list | observe ID | activate ID | pause ID]",
  args: ['[action]', '[id]'],
  examples: ['rollcall connections', 'rollcall connections observe corp'],
  async run({ out, sync }, input) {
    const [action = 'list', id = ''] = input.args;
    const store = await sync();
    if (action === 'list') {
      const all = await loadConnections(store.db);
      out.document({
        connections: all.map(({ id: name, kind, organization, state, lifecycle }) => ({
          id: name,
          kind,
          organization,
          state,
          lifecycle,
        })),
      });
      if (all.length === 0) out.line('no connections: declare one and run rollcall apply');
      else
        out.table(
          ['ID', 'KIND', 'ORGANIZATION', 'STATE'],
          all.map((one) => [one.id, one.kind, one.organization ?? '(operator)', one.state]),
        );
      return EXIT.done;
    }
    if (!Object.hasOwn(STATES, action)) {
      throw new RollcallError('input_invalid', `connections knows list, observe, activate and pause, not ${action}`);
    }
    const state = STATES[action as keyof typeof STATES];
    const result = await setConnectionState(store, id, state);
    out.line(`${id} is ${state}`);
    return printReport(out, {
      ref: result.ref,
      connection: result.landscape.connections.find(({ connection }) => connection.id === id)?.connection.id ?? null,
      complete: true,
      reason: null,
      read: { people: 0, groups: 0, links: 0, skipped: 0 },
      warnings: [],
      members: await countMembers(store.db, null),
      vacant: await vacantOrganizations(store.db),
      preview: false,
      rows: () => rowsOfPlan(store.db, result.ref.id),
      counted: await countRows(store.db, result.ref.id),
      extra: { state },
    });
  },
};

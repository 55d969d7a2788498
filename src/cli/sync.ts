// `sync CONNECTION`: one run of an LDAP connection.
import { readExport } from '../ldap/export.ts';
import { RollcallError } from '../errors.ts';
import { loadConflicts } from '../store/conflicts.ts';
import { countMembers } from '../store/memberships.ts';
import { countRows, rowsOfPlan } from '../store/plans.ts';
import { applyExpiredHolds } from '../sync/decide-hold.ts';
import { runDirectory } from '../sync/directory-run.ts';
import { vacantOrganizations } from '../store/vacancies.ts';
import type { Command } from './command.ts';
import { text } from './command.ts';
import type { OnStep } from '../ldap/session.ts';
import { collectEarly, collectNow } from './heap.ts';
import { readingOf } from './readings.ts';
import { printReport } from './report.ts';
import { unjoinedWarnings } from './unjoined.ts';

export const syncCommand: Command = {
  name: 'sync',
  summary: 'read an LDAP connection once and bring memberships after it',
  args: ['<connection>'],
  options: [
    { flags: '--plan', summary: 'show what would happen and change nothing' },
    { flags: '--ldif <file>', summary: 'read an exported directory instead of the server; base and filters apply' },
  ],
  examples: ['rollcall sync corp --plan', 'rollcall sync corp', 'rollcall sync corp --ldif export.ldif --plan'],
  async run({ out, config, sync, env }, input) {
    const id = input.args[0] ?? '';
    const file = text(input, 'ldif');
    // An exported file needs no password; a live server only its own.
    const declared = config(file === null ? [id] : 'none');
    const connection = declared.connections.find((one) => one.id === id);
    if (connection === undefined) {
      const known = declared.connections.map((one) => one.id).join(', ');
      throw new RollcallError(
        'not_found',
        `there is no connection ${id} in ${declared.file}; it declares ${known || 'none'}`,
      );
    }
    if (connection.kind !== 'ldap') {
      throw new RollcallError(
        'input_invalid',
        `connection ${id} is a ${connection.kind} connection: only LDAP connections are read; the others come by themselves`,
      );
    }
    collectEarly();
    const store = await sync();
    const preview = input.options['plan'] === true;
    if (!preview) await applyExpiredHolds(store);
    const told: Parameters<OnStep>[0][] = [];
    const reading =
      file === null
        ? readingOf(connection, env, store.now(), { onStep: (step) => told.push(step) })
        : readExport({ connection: connection.id, settings: connection.settings, file, at: store.now() });
    const result = await runDirectory(store, reading, {
      preview,
      forgotten: collectNow,
      progress: (step, done, of) => out.progress(`${step} ${done}${of === null ? '' : ` of ${of}`}`),
    });
    out.progressDone();
    const unjoined = preview
      ? result.unjoined
      : (await loadConflicts(store.db)).filter((one) => one.connection === connection.id).map(({ reason }) => reason);
    if (preview) for (const { step, found } of told) out.line(`${step.padEnd(8)} ${found}`);
    return printReport(out, {
      ref: result.ref,
      connection: connection.id,
      complete: result.complete,
      reason: result.reason,
      read: result.read,
      warnings: [...result.warnings, ...unjoinedWarnings(unjoined, { preview })],
      members: await countMembers(store.db, connection.id),
      vacant: await vacantOrganizations(store.db),
      preview: result.preview || result.observed,
      rows: () => rowsOfPlan(store.db, result.ref.id),
      counted: await countRows(store.db, result.ref.id),
      extra: { observed: result.observed, suspect: result.suspect, ...(preview ? { steps: told } : {}) },
    });
  },
};

// `requests`: what a SCIM client sent, what it was answered, and which plan came of it.
import { RollcallError } from '../errors.ts';
import { findConnection } from '../store/connections.ts';
import { loadScimRequests } from '../store/scim-requests.ts';
import type { Command } from './command.ts';
import { EXIT, text } from './command.ts';

const MOST = 10_000;

/** A filter may have thousands of characters, and then no line of the table could be read; `--json` has them all. */
const PATH_SHOWN = 100;

export const requests: Command = {
  name: 'requests',
  summary: 'the latest requests of a SCIM connection, newest first, each with its answer and what it changed',
  args: ['<connection>'],
  options: [{ flags: '--limit <number>', summary: 'how many (100 unless stated)' }],
  examples: ['rollcall requests acme-scim', 'rollcall requests acme-scim --limit 1 --json'],
  async run({ out, sync }, input) {
    const [id = ''] = input.args;
    const limit = Number(text(input, 'limit') ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
      throw new RollcallError('input_invalid', `--limit is a whole number from 1 to ${MOST}`);
    }
    const { db } = await sync();
    const connection = await findConnection(db, id);
    if (connection?.kind !== 'scim') {
      throw new RollcallError('not_found', `there is no SCIM connection ${id}: \`rollcall connections\` lists them`);
    }
    const all = await loadScimRequests(db, connection.id, limit);
    out.document({
      requests: all.map(({ tookMs, ...one }) => ({ ...one, took_ms: tookMs })),
    });
    if (all.length === 0) out.line(`${id} has sent nothing yet`);
    else {
      out.table(
        ['AT', 'METHOD', 'PATH', 'STATUS', 'PLAN'],
        all.map(({ at, method, path, status, plan }) => [at, method, shortened(path), String(status), plan ?? '–']),
      );
    }
    return EXIT.done;
  },
};

function shortened(path: string): string {
  return path.length <= PATH_SHOWN ? path : `${path.slice(0, PATH_SHOWN - 1)}…`;
}

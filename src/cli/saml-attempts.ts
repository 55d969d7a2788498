// `saml attempts`: who tried to sign in, and the true reason that the visitor was not told.
import { RollcallError } from '../errors.ts';
import { loadAccounts } from '../store/accounts.ts';
import { findConnection } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { rowsOfPlan } from '../store/plans.ts';
import type { SamlAttempt } from '../store/saml-attempts.ts';
import { findAttempt, loadAttempts } from '../store/saml-attempts.ts';
import { EXIT } from './command.ts';
import { changeJson, standingText, targetText } from './report.ts';
import type { Output } from './output.ts';
import type { SamlSubject } from './saml-desk.ts';

const MOST = 10_000;

/** As a visitor reads it out: its letters in any case. */
const REFERENCE = /^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/i;

export const attempts: SamlSubject = async ({ out, sync }, { connection: named, options }) => {
  const limit = Number(options['limit'] ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new RollcallError('input_invalid', `--limit is a whole number from 1 to ${MOST}`);
  }
  const { db } = await sync();
  const one = REFERENCE.test(named) ? await findAttempt(db, named.toUpperCase()) : null;
  if (one !== null) return show(db, out, one);
  const connection = await findConnection(db, named);
  if (connection?.kind !== 'saml') {
    const what = REFERENCE.test(named)
      ? `no attempt ${named}: it was never made here, or is forgotten by now`
      : `no SAML connection ${named}: \`rollcall connections\` lists them, and a reference looks like K7QX-2M9P-4TUV`;
    throw new RollcallError('not_found', `there is ${what}`);
  }
  const all = await loadAttempts(db, connection.id, limit);
  out.document({ attempts: await attemptsJson(db, all) });
  if (all.length === 0) out.line(`nobody has tried to sign in through ${named} yet`);
  else {
    out.table(
      ['REFERENCE', 'AT', 'OUTCOME', 'EMAIL', 'RULE', 'REASON'],
      all.map((it) => [it.reference, it.at, it.outcome, it.email ?? '–', it.rule ?? '–', it.reason]),
    );
  }
  return EXIT.done;
};

async function show(db: Database, out: Output, attempt: SamlAttempt): Promise<number> {
  const rows: PlanRow[] = [];
  if (attempt.plan !== null) for await (const row of rowsOfPlan(db, attempt.plan)) rows.push(row);
  const [told] = await attemptsJson(db, [attempt]);
  out.document({ attempts: [{ ...told, changes: rows.map(changeJson) }] });
  out.line(`${attempt.reference}: ${attempt.outcome} at ${attempt.at}, through ${attempt.connection}`);
  out.line(attempt.rule === null ? attempt.reason : `${attempt.rule}: ${attempt.reason}`);
  out.line(`e-mail: ${attempt.email ?? 'none'}; from ${attempt.clientAddress ?? 'an unknown address'}`);
  out.line(`signed by: ${attempt.certificate ?? 'nothing was verified'}`);
  out.line(rows.length === 0 ? 'it changed nothing' : 'it changed:');
  for (const row of rows) {
    const where = [row.organization, targetText(row)].filter((part) => part !== '').join(' ');
    out.line(`  ${row.email} in ${where}: ${standingText(row.before)} → ${standingText(row.after)} (${row.state})`);
  }
  if (attempt.assertion !== null) out.line(JSON.stringify(JSON.parse(attempt.assertion), null, 2));
  return EXIT.done;
}

async function attemptsJson(db: Database, all: readonly SamlAttempt[]): Promise<Record<string, unknown>[]> {
  const ids = all.flatMap(({ account }) => (account === null ? [] : [account]));
  const accounts = await loadAccounts(db, [...new Set(ids)]);
  return all.map(({ clientAddress, assertion, account, ...rest }) => ({
    ...rest,
    account: account === null ? null : (accounts.get(account)?.email ?? account),
    assertion: assertion === null ? null : (JSON.parse(assertion) as unknown),
    client_address: clientAddress,
  }));
}

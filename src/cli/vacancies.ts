// `vacancies`: the support desk's view, and the assignment of a new Owner.
import { RollcallError } from '../errors.ts';
import { assignOwner } from '../organization/assign-owner.ts';
import { findAccount, loadAccounts } from '../store/accounts.ts';
import { loadCredentials } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { loadCandidates, loadVacancies } from '../store/vacancies.ts';
import type { Command } from './command.ts';
import { EXIT, text } from './command.ts';

/** Somebody chose a password under the address, and followed no link that was mailed there. */
async function isClaimedOnly(db: Database, email: string): Promise<boolean> {
  const account = await findAccount(db, email);
  if (account === null) return false;
  const { password, provenAt } = await loadCredentials(db, account.id);
  return password !== null && provenAt === null;
}

export const vacancies: Command = {
  name: 'vacancies',
  summary: 'list vacant Owner seats, or assign an Owner: vacancies [list | assign ORG --to EMAIL --reason TEXT]',
  args: ['[action]', '[organization]'],
  options: [
    { flags: '--to <email>', summary: 'the active member who becomes Owner' },
    { flags: '--reason <text>', summary: 'why; kept in the history' },
  ],
  examples: ['rollcall vacancies', 'rollcall vacancies assign acme --to anna@acme.example --reason "case 4711"'],
  async run({ out, sync }, input) {
    const [action = 'list', organization] = input.args;
    const store = await sync();
    if (action === 'assign') {
      const to = text(input, 'to');
      const reason = text(input, 'reason');
      if (organization === undefined || to === null || reason === null) {
        throw new RollcallError('input_invalid', 'vacancies assign needs ORG, --to EMAIL and --reason TEXT');
      }
      await assignOwner(store, { organization, to, reason });
      out.line(`${to} is the Owner of ${organization}`);
      if (await isClaimedOnly(store.db, to)) {
        out.warn(`whoever signed up as ${to} has never shown that the address is theirs: make sure who it is`);
      }
    } else if (action !== 'list')
      throw new RollcallError('input_invalid', `vacancies knows list and assign, not ${action}`);
    const all = await loadVacancies(store.db);
    const accounts = await loadAccounts(
      store.db,
      all.map(({ formerOwner }) => formerOwner),
    );
    const told = [];
    for (const one of all) {
      told.push({
        id: one.id,
        organization: one.organization,
        state: one.state,
        former_owner: accounts.get(one.formerOwner)?.email ?? null,
        opened_at: one.openedAt,
        cause: one.cause.text,
        candidates: one.state === 'resolved' ? [] : await loadCandidates(store.db, one.organization),
        case: one.supportCase,
        resolution: one.resolution,
      });
    }
    out.document({ vacancies: told });
    if (told.length === 0) out.line('no vacancies: every organization has its Owner');
    else {
      out.table(
        ['ORGANIZATION', 'STATE', 'FORMER OWNER', 'OPENED', 'CAUSE', 'CANDIDATES'],
        told.map((one) => [
          one.organization,
          one.state,
          one.former_owner ?? '',
          one.opened_at,
          one.cause,
          one.candidates.map(({ email }) => email).join(', '),
        ]),
      );
    }
    return EXIT.done;
  },
};

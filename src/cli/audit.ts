// `audit`: what was done to sign-in itself, by people, commands and connections. Memberships have a history of their own: `explain`.
import type { AccountId, OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { listEvents } from '../store/account-events.ts';
import { findAccount, loadAccounts } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import { findSummary } from '../store/own-memberships.ts';
import type { Command, Input } from './command.ts';
import { EXIT, text } from './command.ts';

const MOST = 10_000;

export const audit: Command = {
  name: 'audit',
  summary:
    'what was done to sign-in, newest first: sign-ins, passwords, tokens, invitations, switches, moved addresses, domains',
  options: [
    { flags: '--organization <id>', summary: 'only what concerns this organization' },
    { flags: '--account <email>', summary: 'only what this person did, or what befell their account' },
    { flags: '--limit <number>', summary: 'how many (100 unless stated)' },
  ],
  examples: [
    'rollcall audit',
    'rollcall audit --organization acme',
    'rollcall audit --account anna@acme.example --json',
  ],
  async run({ out, sync }, input) {
    const limit = Number(text(input, 'limit') ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
      throw new RollcallError('input_invalid', `--limit is a whole number from 1 to ${MOST}`);
    }
    const { db } = await sync();
    const events = await listEvents(db, await wanted(db, input), limit);
    const ids = events.flatMap(({ account }) => (account === null ? [] : [account]));
    const accounts = await loadAccounts(db, [...new Set(ids)]);
    const told = events.map((event) => ({
      ...event,
      // Of a deleted account an opaque id is left.
      account: event.account === null ? null : (accounts.get(event.account)?.email ?? event.account),
    }));
    out.document({ events: told });
    if (told.length === 0) out.line('nothing yet');
    else {
      out.table(
        ['AT', 'EVENT', 'ACCOUNT', 'ORGANIZATION', 'DETAIL'],
        told.map(({ at, kind, account, organization, detail }) => [
          at,
          kind,
          account ?? '–',
          organization ?? '–',
          detail,
        ]),
      );
    }
    return EXIT.done;
  },
};

/** @throws RollcallError `not_found` for an organization or a person that is not here: an empty list would say that nothing happened. */
async function wanted(db: Database, input: Input): Promise<{ organization?: OrganizationId; account?: AccountId }> {
  const [id, email] = [text(input, 'organization'), text(input, 'account')];
  const organization = id === null ? null : await findSummary(db, id);
  const account = email === null ? null : await findAccount(db, email);
  if (id !== null && organization === null) throw new RollcallError('not_found', `there is no organization ${id}`);
  if (email !== null && account === null) throw new RollcallError('not_found', `nobody here has the address ${email}`);
  return {
    ...(organization === null ? {} : { organization: organization.organization }),
    ...(account === null ? {} : { account: account.id }),
  };
}

// `explain EMAIL`: why this person has this role, or why not.
import { emailKey } from '../core/fact.ts';
import { whyNot } from '../core/explain.ts';
import type { OrganizationId } from '../core/ids.ts';
import { shown } from '../core/membership.ts';
import { membershipIn } from '../core/plan.ts';
import { RollcallError } from '../errors.ts';
import { findAccount } from '../store/accounts.ts';
import { conflictsOfAddress } from '../store/conflicts.ts';
import { loadDossiers } from '../store/dossiers.ts';
import { unlinkedByEmail } from '../store/external-people.ts';
import { historyOf } from '../store/plans.ts';
import type { Sync } from '../sync/context.ts';
import { loadOutline } from '../sync/outline.ts';
import { peopleOf, withGroupsOf } from '../sync/surroundings.ts';
import type { Command } from './command.ts';
import { EXIT, text } from './command.ts';
import { becauseJson, standingText } from './report.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'why this person has this role, or why not',
  args: ['<email>'],
  options: [{ flags: '--organization <id>', summary: 'the organization', required: true }],
  examples: ['rollcall explain olga@acme.example --organization acme'],
  async run({ out, sync }, input) {
    const email = input.args[0] ?? '';
    const store = await sync();
    const { landscape: outline } = await loadOutline(store.db);
    const id = (text(input, 'organization') ?? '') as OrganizationId;
    const organization = outline.organizations.get(id);
    if (organization === undefined) throw new RollcallError('not_found', `there is no organization ${id}`);
    const account = await findAccount(store.db, email);
    const [dossier] = account === null ? [] : await loadDossiers(store.db, [account.id]);
    // Only the groups around this person: a connection may have ten thousand more.
    const landscape = dossier === undefined ? outline : await withGroupsOf(store.db, outline, peopleOf([dossier]));
    const membership = dossier === undefined ? null : membershipIn(dossier, id);
    const standing = membership === null ? null : shown(membership, organization.owner === membership.account);
    const not = dossier === undefined ? await whyNoAccount(store, email) : whyNot(landscape, organization, dossier);
    const history = account === null ? [] : await historyOf(store.db, id, account.id);
    out.document({
      email,
      organization: id,
      role: standing?.role ?? null,
      status: standing?.status ?? null,
      grants: (membership?.because ?? []).map((grant) => ({
        ...becauseJson(grant),
        role: grant.role,
        workspace: grant.workspace,
        project: grant.project,
      })),
      suspended_by: membership?.suspendedBy ?? null,
      not,
      history: history.map(({ at, before, after, because, run, reason }) => ({
        at,
        before,
        after,
        because: because.map(becauseJson),
        run,
        reason,
      })),
    });
    out.line(`${email} in ${id}: ${standing === null ? 'no member' : standingText(standing)}`);
    if (membership !== null && membership.because.length > 0) {
      out.line('\nbecause');
      out.table(
        ['ROLE', 'SOURCE', 'CONNECTION', 'GROUP', 'SINCE'],
        membership.because.map(({ role, source, connection, group, fallback, since, kept }) => [
          role ?? '–',
          source,
          connection ?? '–',
          (group ?? (fallback ? 'default role' : 'given by a person')) + (kept === null ? '' : ' (kept)'),
          since,
        ]),
      );
    }
    if (not.length > 0) {
      out.line('\nwhy not more');
      out.table(
        ['RULE', 'REASON'],
        not.map(({ rule, reason }) => [rule, reason]),
      );
    }
    if (history.length > 0) {
      out.line('\nhistory');
      out.table(
        ['AT', 'BEFORE', 'AFTER', 'WHY'],
        history.map(({ at, before, after, reason }) => [at, standingText(before), standingText(after), reason]),
      );
    }
    return EXIT.done;
  },
};

async function whyNoAccount(store: Sync, email: string): Promise<{ rule: string; reason: string }[]> {
  const conflicts = await conflictsOfAddress(store.db, emailKey(email));
  const people = await unlinkedByEmail(store.db, [emailKey(email)]);
  const listed = new Set(conflicts.map(({ connection, externalId }) => `${connection} ${externalId}`));
  return [
    { rule: 'no account', reason: `no account has the address ${email}` },
    ...conflicts.map(({ connection, reason }) => ({
      rule: 'link conflict',
      reason: `${connection} names the address, and could not join it: ${reason}`,
    })),
    ...people
      .filter((one) => !listed.has(`${one.connection} ${one.externalId}`))
      .map(({ connection, active }) => ({
        rule: 'no grant',
        reason: `${connection} knows the person${active ? '' : ' as inactive'}, and no mapping gives them anything`,
      })),
  ];
}

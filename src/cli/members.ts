// `members`: the membership list of an organization, deactivated rows with their last role too.
import type { OrganizationId } from '../core/ids.ts';
import { shown } from '../core/membership.ts';
import { RollcallError } from '../errors.ts';
import { loadAccounts } from '../store/accounts.ts';
import { listMembers } from '../store/memberships.ts';
import { loadOrganizations } from '../store/organizations.ts';
import { describeGrant, describeSuspension } from '../core/reason.ts';
import type { Command } from './command.ts';
import { EXIT, text } from './command.ts';
import { becauseJson } from './report.ts';

export const members: Command = {
  name: 'members',
  summary: 'list the members of an organization',
  options: [{ flags: '--organization <id>', summary: 'the organization', required: true }],
  examples: ['rollcall members --organization acme', 'rollcall members --organization acme --json'],
  async run({ out, sync }, input) {
    const { db } = await sync();
    const id = (text(input, 'organization') ?? '') as OrganizationId;
    const [organization] = await loadOrganizations(db, [id]);
    if (organization === undefined) throw new RollcallError('not_found', `there is no organization ${id}`);
    const owner =
      organization.owner === null
        ? null
        : ((await loadAccounts(db, [organization.owner])).get(organization.owner)?.email ?? null);
    async function* rows(): AsyncGenerator {
      for await (const member of listMembers(db, id)) {
        const name = [member.firstName, member.lastName].filter(Boolean).join(' ');
        yield {
          user: member.account,
          email: member.email,
          name,
          ...shown(member, member.account === organization?.owner),
          role_source: member.source,
          because: member.because.map(becauseJson),
          suspended_by: member.suspendedBy,
          waiting_since: member.waitingSince,
        };
      }
    }
    await out.stream({ organization: id, owner }, 'members', rows());
    if (out.json) return EXIT.done;
    const lines: string[][] = [];
    for await (const member of listMembers(db, id)) {
      const { role, status } = shown(member, member.account === organization.owner);
      const top = member.because[0];
      const why =
        member.suspendedBy === null
          ? top === undefined
            ? '–'
            : describeGrant(top)
          : describeSuspension(member.suspendedBy);
      lines.push([
        member.email,
        [member.firstName, member.lastName].filter(Boolean).join(' '),
        role,
        status,
        member.source,
        why,
      ]);
    }
    out.line(`${organization.title} (${id}), Owner: ${owner ?? 'vacant'}\n`);
    out.table(['EMAIL', 'NAME', 'ROLE', 'STATUS', 'SOURCE', 'WHY'], lines);
    return EXIT.done;
  },
};

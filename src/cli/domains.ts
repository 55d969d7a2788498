// `domains`: which domains are an organization's, so that its connections may speak for their addresses, and proving one.
import { RollcallError } from '../errors.ts';
import type { OrganizationId } from '../core/ids.ts';
import { checkDomain, claimDomain, recordName, verifyByOperator, withdrawDomain } from '../organization/domains.ts';
import type { Database } from '../store/database.ts';
import type { DomainClaim, VerifiedDomain } from '../store/domain-claims.ts';
import { loadClaims, verifiedDomains } from '../store/domain-claims.ts';
import { loadOrganizations } from '../store/organizations.ts';
import type { Command, Context, Input } from './command.ts';
import { EXIT, text } from './command.ts';
import { txtResolver } from './txt-resolver.ts';

const ACTIONS = ['list', 'claim', 'verify', 'withdraw'];

export const domains: Command = {
  name: 'domains',
  summary:
    "an organization's domains: domains [list | claim DOMAIN | verify DOMAIN [--by-operator] | withdraw DOMAIN] [--organization ID]",
  args: ['[action]', '[domain]'],
  options: [
    { flags: '--organization <id>', summary: 'whose domain it is; for list, all of them unless stated' },
    { flags: '--by-operator', summary: 'verify it by your own word, without a record in DNS' },
  ],
  examples: [
    'rollcall domains',
    'rollcall domains claim acme.example --organization acme',
    'rollcall domains verify acme.example --organization acme',
  ],
  async run(context, input) {
    const [action = 'list', domain] = input.args;
    if (!ACTIONS.includes(action)) {
      throw new RollcallError('input_invalid', `domains knows ${ACTIONS.join(', ')}, not ${action}`);
    }
    const { db } = await context.sync();
    const named = text(input, 'organization');
    const organization = named === null ? null : await needOrganization(db, named);
    if (action === 'list') return list(context, db, organization);
    if (domain === undefined || organization === null) {
      throw new RollcallError('input_invalid', `domains ${action} needs a DOMAIN and --organization ID`);
    }
    await act(context, input, action, organization, domain);
    return list(context, db, organization);
  },
};

async function act(
  { sync, out, env }: Context,
  input: Input,
  action: string,
  organization: OrganizationId,
  domain: string,
): Promise<void> {
  const store = await sync();
  if (action === 'withdraw') return withdrawDomain(store, organization, domain);
  if (action === 'verify' && input.options['byOperator'] === true) return verifyByOperator(store, organization, domain);
  // Whoever verifies claims it: the record is told where it is missing.
  const claim = await claimDomain(store, organization, domain);
  const state = action === 'verify' ? await checkDomain(store, claim, txtResolver(env)) : claim.state;
  const name = recordName(claim.domain);
  if (action === 'verify' && state !== 'verified') {
    throw new RollcallError(
      'input_invalid',
      `no resolver told of this record; publish it: ${name}. TXT "${claim.proof}"`,
    );
  }
  if (state === 'verified') return;
  out.line(`publish this record, then \`rollcall domains verify ${claim.domain} --organization ${organization}\`:`);
  out.line(`${name}. TXT "${claim.proof}"`);
}

async function needOrganization(db: Database, id: string): Promise<OrganizationId> {
  const [found] = await loadOrganizations(db, [id as OrganizationId]);
  if (found !== undefined) return found.id;
  throw new RollcallError('not_found', `there is no organization ${id}`);
}

async function list({ out }: Context, db: Database, organization: OrganizationId | null): Promise<number> {
  const only = organization ?? undefined;
  const told = merged(await verifiedDomains(db, only), await loadClaims(db, only));
  out.document({ domains: told });
  if (told.length === 0) out.line('no domains: `rollcall domains claim DOMAIN --organization ID` claims one');
  else {
    out.table(
      ['ORGANIZATION', 'DOMAIN', 'STATE', 'BY', 'LOOKED AT', 'RECORD'],
      told.map((one) => [
        one.organization,
        one.domain,
        one.state,
        one.by ?? '–',
        one.checked_at ?? '–',
        one.record === null || one.state === 'verified' ? '–' : `${one.record.name} TXT "${one.record.text}"`,
      ]),
    );
  }
  return EXIT.done;
}

interface ToldDomain {
  readonly organization: string;
  readonly domain: string;
  readonly state: string;
  /** `file`, `dns` or `command`; null where nobody's word stands. */
  readonly by: string | null;
  readonly verified_at: string | null;
  readonly checked_at: string | null;
  /** Looks in a row at which the record was missing. */
  readonly missed: number;
  readonly record: { readonly name: string; readonly text: string } | null;
}

function merged(verified: readonly VerifiedDomain[], claims: readonly DomainClaim[]): ToldDomain[] {
  const keyOf = (one: { readonly organization: string; readonly domain: string }): string =>
    `${one.organization} ${one.domain}`;
  const stands = new Map(verified.map((one) => [keyOf(one), one]));
  const claimed = new Map(claims.map((one) => [keyOf(one), one]));
  return [...new Set([...stands.keys(), ...claimed.keys()])].sort().flatMap((key): ToldDomain[] => {
    const word = stands.get(key) ?? null;
    const claim = claimed.get(key) ?? null;
    const one = word ?? claim;
    if (one === null) return [];
    return [
      {
        organization: one.organization,
        domain: one.domain,
        state: word === null ? (claim?.state ?? '') : 'verified',
        by: word === null ? null : word.verifiedBy === 'operator' ? 'file' : word.verifiedBy,
        verified_at: word?.verifiedAt ?? null,
        checked_at: claim?.checkedAt ?? null,
        missed: claim?.missed ?? 0,
        record: claim === null ? null : { name: recordName(claim.domain), text: claim.proof },
      },
    ];
  });
}

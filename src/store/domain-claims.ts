// Domains that organizations claim: what they are to publish, whether it was there when last looked at, and who said that
// a domain is theirs.
import type { Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';

export type ClaimState = 'claimed' | 'verified' | 'lost';

export interface DomainClaim {
  readonly organization: OrganizationId;
  readonly domain: string;
  /** The text of the TXT record. */
  readonly proof: string;
  readonly state: ClaimState;
  readonly claimedAt: Instant;
  readonly checkedAt: Instant | null;
  /** Looks in a row at which the record was not there. */
  readonly missed: number;
}

interface ClaimRow {
  organization: OrganizationId;
  domain: string;
  proof: string;
  state: ClaimState;
  claimed_at: Instant;
  checked_at: Instant | null;
  missed: number;
}

function fromRow(row: ClaimRow): DomainClaim {
  return {
    organization: row.organization,
    domain: row.domain,
    proof: row.proof,
    state: row.state,
    claimedAt: row.claimed_at,
    checkedAt: row.checked_at,
    missed: row.missed,
  };
}

/** All claims, or those of one organization. */
export async function loadClaims(db: Database, organization?: OrganizationId): Promise<DomainClaim[]> {
  const query = db('domain_claims').orderBy(['organization', 'domain']);
  const rows: ClaimRow[] = await (organization === undefined ? query : query.where({ organization }));
  return rows.map(fromRow);
}

export async function saveClaim(db: Database, claim: DomainClaim): Promise<void> {
  const fields = { proof: claim.proof, state: claim.state, checked_at: claim.checkedAt, missed: claim.missed };
  await db('domain_claims')
    .insert({ organization: claim.organization, domain: claim.domain, claimed_at: claim.claimedAt, ...fields })
    .onConflict(['organization', 'domain'])
    .merge(fields);
}

/**
 * Whose word it is that the domain is the organization's: the configuration file, a record in DNS, or an operator's
 * command.
 */
export type VerifiedBy = 'operator' | 'dns' | 'command';

export interface VerifiedDomain {
  readonly organization: OrganizationId;
  readonly domain: string;
  readonly verifiedBy: VerifiedBy;
  readonly verifiedAt: Instant;
}

/** All verified domains, or those of one organization. */
export async function verifiedDomains(db: Database, organization?: OrganizationId): Promise<VerifiedDomain[]> {
  const query = db('domains').orderBy(['organization', 'domain']);
  const rows: { organization: OrganizationId; domain: string; verified_by: VerifiedBy; verified_at: Instant }[] =
    await (organization === undefined ? query : query.where({ organization }));
  return rows.map(({ verified_by: verifiedBy, verified_at: verifiedAt, ...row }) => ({
    ...row,
    verifiedBy,
    verifiedAt,
  }));
}

type Domain = Pick<DomainClaim, 'organization' | 'domain'>;

/** Verified from now on; whoever said so before stays the one who did. */
export async function addVerified(
  db: Database,
  { organization, domain }: Domain,
  verifiedBy: Exclude<VerifiedBy, 'operator'>,
  at: Instant,
): Promise<void> {
  await db('domains')
    .insert({ organization, domain, verified_by: verifiedBy, verified_at: at })
    .onConflict(['organization', 'domain'])
    .ignore();
}

/** No longer verified, as far as one of these said so; a domain that the file declares is left as it is. */
export async function dropVerified(
  db: Database,
  { organization, domain }: Domain,
  by: readonly Exclude<VerifiedBy, 'operator'>[],
): Promise<void> {
  await db('domains')
    .where({ organization, domain })
    .whereIn('verified_by', [...by])
    .delete();
}

export async function dropClaim(db: Database, { organization, domain }: Domain): Promise<void> {
  await db('domain_claims').where({ organization, domain }).delete();
}

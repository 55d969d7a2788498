// Domains that organizations claim: what they are to publish, and whether it was there when last looked at.
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

/** What the organization proved itself; a domain that the operator declared is left as it is. */
export async function setProvenDomain(
  db: Database,
  { organization, domain }: DomainClaim,
  proven: boolean,
  at: Instant,
): Promise<void> {
  if (proven) {
    await db('domains')
      .insert({ organization, domain, verified_by: 'dns', verified_at: at })
      .onConflict(['organization', 'domain'])
      .ignore();
  } else await db('domains').where({ organization, domain, verified_by: 'dns' }).delete();
}

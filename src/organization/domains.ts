// An organization claims a domain and proves it by a TXT record, each organization for itself: a company with several
// shares its domain. A proof that is gone for good is lost, and with it the word of the connections about its addresses.
import { randomBytes } from 'node:crypto';
import { RollcallError } from '../errors.ts';
import type { OrganizationId } from '../core/ids.ts';
import { noteEvent } from '../store/account-events.ts';
import type { Database } from '../store/database.ts';
import type { ClaimState, DomainClaim } from '../store/domain-claims.ts';
import {
  addVerified,
  dropClaim,
  dropVerified,
  loadClaims,
  saveClaim,
  verifiedDomains,
} from '../store/domain-claims.ts';
import type { Sync } from '../sync/context.ts';
import { edit } from '../sync/edit.ts';

/** `resolveTxt` of node:dns/promises fits: the record's strings, each in its pieces. */
export type TxtResolver = (name: string) => Promise<readonly (readonly string[])[]>;

const PREFIX = '_rollcall-challenge';

/** A record may be away while a zone is moved; so many looks in a row, a day each, are no accident. */
const LOST_AFTER = 3;

/** Where the record is to stand. */
export function recordName(domain: string): string {
  return `${PREFIX}.${domain}`;
}

/**
 * Claims the domain; a claim that stands already keeps its proof.
 * @throws RollcallError `input_invalid` for what is no domain.
 */
export async function claimDomain(sync: Sync, organization: OrganizationId, written: string): Promise<DomainClaim> {
  const domain = domainOf(written);
  const known = (await loadClaims(sync.db, organization)).find((claim) => claim.domain === domain);
  if (known !== undefined) return known;
  const claim: DomainClaim = {
    organization,
    domain,
    proof: `rollcall-verification=${randomBytes(20).toString('base64url')}`,
    state: 'claimed',
    claimedAt: sync.now(),
    checkedAt: null,
    missed: 0,
  };
  await saveClaim(sync.db, claim);
  return claim;
}

/** @throws RollcallError `input_invalid` for what is no domain. */
function domainOf(written: string): string {
  const domain = written.trim().toLowerCase().replace(/\.$/, '');
  if (domain.length <= 230 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(domain))
    return domain;
  throw new RollcallError('input_invalid', `${written} is no domain: write it like acme.example`);
}

/** The operator answers for it: no record is looked for. */
export async function verifyByOperator(sync: Sync, organization: OrganizationId, written: string): Promise<void> {
  const domain = domainOf(written);
  await edit(sync, { kind: 'people', preview: false }, async (db) => {
    // Else it would be lost with its record.
    await dropVerified(db, { organization, domain }, ['dns']);
    await addVerified(db, { organization, domain }, 'command', sync.now());
    await note(sync, db, 'domain_verified', { organization, domain }, 'command');
  });
}

/**
 * Takes a claim and its proof back, whoever gave it: connections no longer speak for these addresses. Who is joined
 * already stays joined.
 * @throws RollcallError `not_found`; `declared_in_file` for a domain that the configuration file states.
 */
export async function withdrawDomain(sync: Sync, organization: OrganizationId, written: string): Promise<void> {
  const domain = domainOf(written);
  const verified = (await verifiedDomains(sync.db, organization)).find((one) => one.domain === domain);
  const claim = (await loadClaims(sync.db, organization)).find((one) => one.domain === domain);
  if (verified?.verifiedBy === 'operator') {
    throw new RollcallError('declared_in_file', `the configuration file states ${domain}: take it out there`);
  }
  if (verified === undefined && claim === undefined) {
    throw new RollcallError('not_found', `${organization} has no domain ${domain}: \`rollcall domains\` lists them`);
  }
  await edit(sync, { kind: 'people', preview: false }, async (db) => {
    await dropClaim(db, { organization, domain });
    await dropVerified(db, { organization, domain }, ['dns', 'command']);
    await note(sync, db, 'domain_withdrawn', { organization, domain }, 'command');
  });
}

/** Looks the record up, and makes the domain verified or lost. A resolver that fails has said nothing. */
export async function checkDomain(sync: Sync, claim: DomainClaim, resolve: TxtResolver): Promise<ClaimState> {
  const found = await isPublished(claim, resolve);
  if (found === null) return claim.state;
  const missed = found ? 0 : claim.missed + 1;
  const lost = claim.state === 'verified' && missed >= LOST_AFTER;
  const state: ClaimState = found ? 'verified' : lost ? 'lost' : claim.state;
  const checked: DomainClaim = { ...claim, state, missed, checkedAt: sync.now() };
  if (state === claim.state) await saveClaim(sync.db, checked);
  else {
    // What connections may speak for changes: people are joined, or no longer, through the one door.
    await edit(sync, { kind: 'people', preview: false }, async (db) => {
      await saveClaim(db, checked);
      if (state === 'verified') await addVerified(db, checked, 'dns', sync.now());
      else await dropVerified(db, checked, ['dns']);
      await note(sync, db, state === 'verified' ? 'domain_verified' : 'domain_lost', checked, 'dns');
    });
  }
  return state;
}

/** All claims, one after the other: for a daily look. @returns those that were lost now. */
export async function checkDomains(sync: Sync, resolve: TxtResolver): Promise<DomainClaim[]> {
  const lost: DomainClaim[] = [];
  for (const claim of await loadClaims(sync.db)) {
    const state = await checkDomain(sync, claim, resolve);
    if (state === 'lost' && claim.state !== 'lost') lost.push(claim);
  }
  return lost;
}

/** Whose word counts for whose addresses is for somebody to read afterwards. */
async function note(
  { now }: Sync,
  db: Database,
  kind: 'domain_verified' | 'domain_withdrawn' | 'domain_lost',
  { organization, domain }: Pick<DomainClaim, 'organization' | 'domain'>,
  by: string,
): Promise<void> {
  await noteEvent(db, { kind, account: null, organization, detail: `${domain}, by ${by}` }, now());
}

/** Null when the resolver could not tell. */
async function isPublished({ domain, proof }: DomainClaim, resolve: TxtResolver): Promise<boolean | null> {
  try {
    return (await resolve(recordName(domain))).some((pieces) => pieces.join('').trim() === proof);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOTFOUND' || code === 'ENODATA' ? false : null;
  }
}

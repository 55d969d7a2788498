// Why a membership changes, in one line for people; the rows carry the same as grants for programs (law 10).
import type { Grant } from './grant.ts';
import type { Membership, Suspension } from './membership.ts';
import type { Organization } from './organization.ts';

/** The grants that were there and are no longer; where none was lost, those that a suspension puts to sleep. */
export function withdrawn(before: Membership | null, after: Membership): readonly Grant[] {
  const lost = lostGrants(before, after);
  return lost.length > 0 ? lost : (before?.because ?? []);
}

function lostGrants(before: Membership | null, after: Membership): Grant[] {
  const left = new Set(after.because.map(identity));
  return (before?.because ?? []).filter((grant) => !left.has(identity(grant)));
}

function identity({ connection, mappingId, groupId, fallback, role }: Grant): string {
  return JSON.stringify([connection, mappingId, groupId, fallback, role]);
}

export function describeReason(
  before: Membership | null,
  after: Membership,
  organization: Organization,
  seatReturns: boolean,
): string {
  if (seatReturns) return 'back before the vacancy was resolved: the seat is theirs';
  if (after.suspendedBy !== null) return describeSuspension(after.suspendedBy);
  if (after.waitingSince !== null) return `waits for a seat: all ${organization.seats ?? 0} are taken`;
  const top = after.because.find((grant) => grant.role !== null);
  if (after.status !== 'deactivated' && top !== undefined) {
    const lost = lostGrants(before, after).find((grant) => grant.role !== null);
    const given = describeGrant(top);
    return lost === undefined ? given : `${given}; no longer ${describeGrant(lost)}`;
  }
  const lost = lostGrants(before, after)[0];
  if (lost !== undefined) return `no longer ${describeGrant(lost)}`;
  return organization.roleAuthority === 'directory' ? 'in no mapped role group' : 'no grant is left';
}

/** "by group X through corp", "set by hand", "default role". */
export function describeGrant(grant: Grant): string {
  if (grant.fallback) return `default role, as one of ${grant.connection ?? 'nobody'}'s people`;
  if (grant.group !== null) return `in ${grant.group} (${grant.connection ?? ''})`;
  return grant.source === 'manual' ? 'set by hand' : grant.source === 'api' ? 'set by a token' : 'invited';
}

export function describeSuspension({ reason, connection }: Suspension): string {
  switch (reason) {
    case 'block':
      return connection === null ? 'blocked by an Administrator' : `blocked: ${connection} had let the person go`;
    case 'inactive':
      return `reported inactive by ${connection ?? ''}`;
    case 'gone':
      return `gone from ${connection ?? ''}`;
  }
}

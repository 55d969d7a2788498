// A mask: what a connection said before, standing in for what it says now. A hold not yet decided masks the change
// that a brake stopped; a keep masks it for good once a person refused it. Everybody else's word still counts, so a
// held removal by one directory never shields anybody from another's.
import type { Grant, Report, Say } from './grant.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from './ids.ts';
import type { Membership } from './membership.ts';

export interface Mask {
  readonly kind: 'hold' | 'keep';
  /** The held plan row that it belongs to; null for a keep. */
  readonly row: string | null;
  readonly organization: OrganizationId;
  readonly account: AccountId;
  /** Whose word it stands for; null for the organization's own rules (a role authority that was switched). */
  readonly connection: ConnectionId | null;
  readonly grants: readonly Grant[];
  readonly report: Report;
  readonly since: Instant;
}

/** The mask that leaves the membership as it was before `connection` spoke. */
export function maskOf(
  kind: Mask['kind'],
  key: { readonly organization: OrganizationId; readonly account: AccountId; readonly connection: ConnectionId | null },
  before: Membership | null,
  since: Instant,
): Mask {
  const said = (before?.because ?? []).filter((grant) => grant.connection === key.connection);
  // A keep says so in the membership's because; a hold leaves the membership exactly as it was.
  const grants = kind === 'keep' ? said.map((grant) => ({ ...grant, kept: grant.kept ?? since })) : said;
  return { kind, row: null, ...key, grants, report: reportBefore(key.connection, before), since };
}

function reportBefore(connection: ConnectionId | null, before: Membership | null): Report {
  // An active membership was suspended by nobody: the connection counts as vouching for the person, as it did.
  if (before?.status === 'active') return { kind: 'active' };
  const suspension = before?.suspendedBy ?? null;
  if (suspension === null || suspension.reason === 'block' || suspension.connection !== connection)
    return { kind: 'none' };
  return { kind: suspension.reason, since: suspension.since };
}

/**
 * The Says with each masked connection's word replaced. A connection without lifecycle authority vouches for nobody,
 * held or not: its mask keeps grants only.
 */
export function applyMasks(
  says: readonly Say[],
  masks: readonly Mask[],
  hasLifecycle: (connection: ConnectionId) => boolean,
): Say[] {
  const masked = new Map(masks.flatMap((mask) => (mask.connection === null ? [] : [[mask.connection, mask]])));
  return [
    ...says.filter((say) => !masked.has(say.connection)),
    ...[...masked].map(([connection, { grants, report }]) => ({
      connection,
      grants,
      dormant: grants,
      report: hasLifecycle(connection) ? report : ({ kind: 'none' } as const),
    })),
  ];
}

// A mask: what a connection said before, standing in for what it says now. A hold not yet decided masks the change
// that a brake stopped; a keep masks it for good once a person refused it. Everybody else's word still counts, so a
// held removal by one directory never shields anybody from another's.
import type { Grant, Report, Say } from './grant.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from './ids.ts';

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

/**
 * The mask of a held row: what the connection said until now goes on to count.
 * @param before the connection's word before this plan, masks of that time included; null where it had none.
 * @param wasActive whether the member was active; then nothing that the connection said suspended them.
 */
export function holdMask(
  key: Pick<Mask, 'organization' | 'account' | 'connection' | 'row'>,
  before: Say | null,
  wasActive: boolean,
  since: Instant,
): Mask {
  const said = before?.report ?? { kind: 'none' };
  const report: Report = wasActive && said.kind !== 'active' ? { kind: 'none' } : said;
  return { kind: 'hold', ...key, grants: before?.grants ?? [], report, since };
}

/** The same once a person refused the change; the grants that it keeps alive say so in every because. */
export function keepMask(mask: Mask, since: Instant): Mask {
  const grants = mask.grants.map((grant) => ({ ...grant, kept: grant.kept ?? since }));
  return { ...mask, kind: 'keep', row: null, grants, since };
}

/** The Says with each masked connection's word replaced. */
export function applyMasks(says: readonly Say[], masks: readonly Mask[]): Say[] {
  const masked = new Map(masks.flatMap((mask) => (mask.connection === null ? [] : [[mask.connection, mask]])));
  return [
    ...says.filter((say) => !masked.has(say.connection)),
    ...[...masked].map(([connection, { grants, report }]) => ({ connection, grants, dormant: grants, report })),
  ];
}

// The fold: what a membership ought to be, from what every connection says, what people gave, and what suspends it
// (organizations.md sections 3 and 4). Pure, so that the order in which anybody spoke cannot matter (law 1).
import type { Grant, RoleSource, Say } from './grant.ts';
import { byStrength } from './grant.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from './ids.ts';
import type { Organization } from './organization.ts';
import type { GrantableRole, Role, Status } from './role.ts';
import { statusOf } from './role.ts';

export interface Membership {
  readonly organization: OrganizationId;
  readonly account: AccountId;
  /** What the grants give: the last role while deactivated, the role underneath while Owner. */
  readonly role: GrantableRole;
  readonly status: Status;
  readonly source: RoleSource;
  /** Every live grant, strongest first. */
  readonly because: readonly Grant[];
  readonly suspendedBy: Suspension | null;
  /** Since when it waits for a seat; null when it does not. */
  readonly waitingSince: Instant | null;
}

export interface Suspension {
  readonly reason: 'inactive' | 'gone' | 'block';
  readonly connection: ConnectionId | null;
  readonly since: Instant;
}

/** A role that a person gave: by hand, by token, by invitation. One per membership at most. */
export interface PersonGrant {
  readonly organization: OrganizationId;
  readonly account: AccountId;
  readonly role: GrantableRole;
  readonly source: 'manual' | 'api' | 'invitation';
  readonly since: Instant;
}

/** An Administrator's deactivation, or a suspension that outlived its connection; stays until a person lifts it. */
export interface Block {
  readonly organization: OrganizationId;
  readonly account: AccountId;
  readonly connection: ConnectionId | null;
  readonly reason: string;
  readonly since: Instant;
}

export interface FoldInput {
  readonly organization: Organization;
  readonly account: AccountId;
  readonly says: readonly Say[];
  readonly personGrant: PersonGrant | null;
  readonly block: Block | null;
  /** Person grants and default roles count although the authority is `directory`: a switch that is held or refused. */
  readonly authorityMasked: boolean;
  readonly current: Membership | null;
}

/** What ought to be; `owner` is the seat. Null: no membership at all. */
export interface Ought extends Membership {
  readonly owner: boolean;
}

export function foldMembership(input: FoldInput): Ought | null {
  const { organization, account, current } = input;
  const shared = organization.roleAuthority === 'shared' || input.authorityMasked;
  const given = input.personGrant === null ? [] : [personalGrant(input.personGrant)];
  const live = [...input.says.flatMap((say) => say.grants), ...given];
  if (current === null && live.length === 0) return null;

  const because = effective(live, shared);
  const suspension = suspensionOf(input);
  const base = { organization: organization.id, account, because, suspendedBy: suspension, waitingSince: null };
  if (suspension !== null) {
    const dormant = effective([...input.says.flatMap((say) => say.dormant), ...given], shared);
    const last = strongest(dormant);
    return {
      ...base,
      owner: false,
      role: last?.role ?? current?.role ?? 'not_activated',
      source: last?.source ?? current?.source ?? 'manual',
      status: 'deactivated',
    };
  }
  const top = strongest(because);
  const role = top?.role ?? current?.role ?? 'not_activated';
  const source = top?.source ?? current?.source ?? 'manual';
  // A former owner who is back before the vacancy was resolved has the seat again; an Owner never loses it to a mapping (law 8).
  const owner = organization.owner === account || organization.vacancy?.formerOwner === account;
  if (owner) return { ...base, owner, role, source, status: 'active' };
  return { ...base, owner, role, source, status: top === null ? 'deactivated' : statusOf(top.role) };
}

/** The grants that count now: under `directory` authority only mapped ones, and a default role only where no role is given. */
function effective(grants: readonly Grant[], shared: boolean): Grant[] {
  const counted = shared ? grants : grants.filter((grant) => grant.connection !== null && !grant.fallback);
  const roleGiven = counted.some((grant) => grant.role !== null && !grant.fallback);
  return counted.filter((grant) => !(grant.fallback && roleGiven)).sort(byStrength);
}

function strongest(grants: readonly Grant[]): { role: GrantableRole; source: RoleSource } | null {
  for (const { role, source } of grants) if (role !== null) return { role, source };
  return null;
}

/** A person's grant in the form of every other; its role came from nobody's directory. */
export function personalGrant(grant: PersonGrant): Grant {
  return {
    source: grant.source,
    connection: null,
    group: null,
    groupId: null,
    mapping: null,
    mappingId: null,
    role: grant.role,
    workspace: null,
    project: null,
    projectRole: null,
    since: grant.since,
    fallback: false,
    kept: null,
  };
}

function suspensionOf({ says, personGrant, block }: FoldInput): Suspension | null {
  if (block !== null) return { reason: 'block', connection: block.connection, since: block.since };
  // A grant that a person made after the departure re-admits (organizations.md section 4, "gone").
  const lifted = (since: Instant): boolean => personGrant !== null && personGrant.since > since;
  const reports = says.flatMap(({ connection, report }) =>
    report.kind === 'inactive' || report.kind === 'gone'
      ? [{ reason: report.kind, connection, since: report.since }]
      : [],
  );
  const inactive = reports.filter(({ reason, since }) => reason === 'inactive' && !lifted(since));
  if (inactive.length > 0) return latest(inactive);
  if (says.some(({ report }) => report.kind === 'active')) return null;
  const gone = reports.filter(({ reason }) => reason === 'gone');
  const departure = gone.length === 0 ? null : latest(gone);
  return departure === null || lifted(departure.since) ? null : departure;
}

/** The latest, ties by connection, so that the one named does not depend on the order of the Says. */
function latest(suspensions: readonly Suspension[]): Suspension | null {
  return suspensions.reduce<Suspension | null>((best, next) => {
    if (best === null || next.since > best.since) return next;
    return next.since === best.since && (next.connection ?? '') < (best.connection ?? '') ? next : best;
  }, null);
}

/** The role and status that everybody sees: the seat before the grant, and nobody acts in a role they wait for. */
export function shown(membership: Membership, owner: boolean): { role: Role; status: Status } {
  if (owner) return { role: 'owner', status: membership.status };
  return { role: membership.waitingSince === null ? membership.role : 'not_activated', status: membership.status };
}

// The planner: for one account, what each membership and place ought to be, against what is. Planning what is
// already so gives nothing (law 2). Every door, every edit and every preview ends here.
import type { Grant, LinkedPerson, Say } from './grant.ts';
import { sayOf } from './grant.ts';
import type { ConnectionView } from './group-graph.ts';
import type { AccountId, Instant, OrganizationId } from './ids.ts';
import type { Mask } from './mask.ts';
import { applyMasks } from './mask.ts';
import type { Block, Membership, Ought, PersonGrant } from './membership.ts';
import { foldMembership, shown } from './membership.ts';
import type { Organization } from './organization.ts';
import type { Place, Placement } from './placement.ts';
import { placeKey, placementsOf } from './placement.ts';
import { describeReason, withdrawn } from './reason.ts';
import type { ProjectRole, Role, Status } from './role.ts';

/** What a plan is made in. */
export interface Landscape {
  readonly organizations: ReadonlyMap<OrganizationId, Organization>;
  readonly connections: readonly ConnectionView[];
}

/** Everything known of one account. */
export interface Dossier {
  readonly account: AccountId;
  readonly email: string;
  readonly people: readonly LinkedPerson[];
  readonly personGrants: readonly PersonGrant[];
  readonly blocks: readonly Block[];
  readonly masks: readonly Mask[];
  readonly memberships: readonly Membership[];
  readonly placements: readonly Placement[];
}

/** A role and status as everybody sees them. In a workspace the role is `member`, in a project the project role. */
export interface Standing {
  readonly role: Role | 'member' | ProjectRole;
  readonly status: Status;
}

/** One row of a plan. */
export interface Change {
  readonly organization: OrganizationId;
  readonly account: AccountId;
  readonly email: string;
  readonly target: 'organization' | Place;
  /** Null: not there. */
  readonly before: Standing | null;
  readonly after: Standing | null;
  /** The grants that give it; for what is taken away, the grants that were withdrawn. */
  readonly because: readonly Grant[];
  /** The because in one line for people. */
  readonly reason: string;
  /** `reason`: role and status stay, but not why. */
  readonly kind: 'added' | 'changed' | 'removed' | 'reason';
  /** What it does to the Owner's seat. */
  readonly seat: 'vacates' | 'returns' | null;
  /** It would take one more of the organization's limited seats. */
  readonly needsSeat: boolean;
  /** The membership as it was and as it will be; null for places. */
  readonly membership: { readonly before: Membership | null; readonly after: Membership } | null;
  /** The place as it will be; null where it ends, and for memberships. */
  readonly placement: Placement | null;
}

export interface PlanOptions {
  readonly now: Instant;
  /** Organizations to plan; an account's other memberships are not looked at. */
  readonly organizations: Iterable<OrganizationId>;
  /** Whether one more member may be active; asked only of organizations with a limit. */
  readonly seatFree: (organization: OrganizationId) => boolean;
}

/** Plans one account. Closed organizations are left as they are. */
export function planAccount(landscape: Landscape, dossier: Dossier, options: PlanOptions): Change[] {
  const changes: Change[] = [];
  for (const id of options.organizations) {
    const organization = landscape.organizations.get(id);
    if (organization?.open !== true) continue;
    changes.push(...planMembership(landscape, organization, dossier, options));
  }
  return changes;
}

/** What the account's membership in the organization ought to be, masks applied; before seats are dealt out. */
export function oughtOf(landscape: Landscape, organization: Organization, dossier: Dossier): Ought | null {
  const masks = dossier.masks.filter((mask) => mask.organization === organization.id);
  return foldMembership({
    organization,
    account: dossier.account,
    says: heardBy(landscape, organization, dossier),
    personGrant: dossier.personGrants.find((grant) => grant.organization === organization.id) ?? null,
    block: dossier.blocks.find((block) => block.organization === organization.id) ?? null,
    authorityMasked: masks.some((mask) => mask.connection === null),
    current: membershipIn(dossier, organization.id),
  });
}

/** What counts of what every connection says of the account to the organization: masks stand in for what is held. */
export function heardBy(landscape: Landscape, organization: Organization, dossier: Dossier): Say[] {
  const masks = dossier.masks.filter((mask) => mask.organization === organization.id);
  return applyMasks(saysOf(landscape, organization, dossier), masks);
}

/** What every connection says of the account to the organization, unmasked. */
export function saysOf(landscape: Landscape, organization: Organization, dossier: Dossier): Say[] {
  return landscape.connections.flatMap((view) => sayOf(view, organization, dossier.people) ?? []);
}

export function membershipIn(dossier: Dossier, organization: OrganizationId): Membership | null {
  return dossier.memberships.find((membership) => membership.organization === organization) ?? null;
}

function planMembership(
  landscape: Landscape,
  organization: Organization,
  dossier: Dossier,
  options: PlanOptions,
): Change[] {
  const ought = oughtOf(landscape, organization, dossier);
  if (ought === null) return [];
  const current = membershipIn(dossier, organization.id);
  const needsSeat =
    organization.seats !== null && ought.status === 'active' && !ought.owner && current?.status !== 'active';
  const seated = !needsSeat || options.seatFree(organization.id);
  const { owner, ...fields } = ought;
  const next: Membership = seated
    ? fields
    : { ...fields, status: 'pending', waitingSince: current?.waitingSince ?? options.now };
  const places =
    next.status === 'active'
      ? placementsOf(organization.id, dossier.account, owner ? 'owner' : next.role, next.because)
      : [];
  return [
    ...membershipChange(organization, dossier, current, next, owner, needsSeat && seated),
    ...placeChanges(organization, dossier, places, next),
  ];
}

function membershipChange(
  organization: Organization,
  dossier: Dossier,
  current: Membership | null,
  next: Membership,
  owner: boolean,
  needsSeat: boolean,
): Change[] {
  const wasOwner = organization.owner === dossier.account;
  const before = current === null ? null : shown(current, wasOwner);
  const after = shown(next, owner);
  const same = before !== null && before.role === after.role && before.status === after.status;
  if (same && current !== null && unchanged(current, next)) return [];
  const removal = before?.status === 'active' && after.status !== 'active';
  const takes = before !== null && (removal || after.status === 'deactivated');
  return [
    {
      organization: organization.id,
      account: dossier.account,
      email: dossier.email,
      target: 'organization',
      before,
      after,
      because: takes ? withdrawn(current, next) : next.because,
      reason: describeReason(current, next, organization, owner && !wasOwner),
      kind: before === null ? 'added' : same ? 'reason' : removal ? 'removed' : 'changed',
      seat: wasOwner && !owner ? 'vacates' : owner && !wasOwner ? 'returns' : null,
      needsSeat,
      membership: { before: current, after: next },
      placement: null,
    },
  ];
}

function placeChanges(
  organization: Organization,
  dossier: Dossier,
  places: readonly Placement[],
  next: Membership,
): Change[] {
  const current = new Map(
    dossier.placements.filter((old) => old.organization === organization.id).map((old) => [placeKey(old.place), old]),
  );
  const ought = new Map(places.map((place) => [placeKey(place.place), place]));
  const changes: Change[] = [];
  for (const key of new Set([...current.keys(), ...ought.keys()])) {
    const old = current.get(key) ?? null;
    const fresh = ought.get(key) ?? null;
    const place = (fresh ?? old)?.place;
    if (place === undefined) continue;
    const same = old !== null && fresh !== null && old.role === fresh.role;
    if (same && JSON.stringify(old.because) === JSON.stringify(fresh.because)) continue;
    const source = fresh ?? old;
    changes.push({
      organization: organization.id,
      account: dossier.account,
      email: dossier.email,
      target: place,
      before: old === null ? null : { role: old.role, status: 'active' },
      after: fresh === null ? null : { role: fresh.role, status: 'active' },
      because: source?.because ?? [],
      reason: fresh === null ? `no longer given (${next.status})` : (fresh.because[0]?.mapping ?? ''),
      kind: old === null ? 'added' : fresh === null ? 'removed' : same ? 'reason' : 'changed',
      seat: null,
      needsSeat: false,
      membership: null,
      placement: fresh,
    });
  }
  return changes;
}

/** Whether the row would be written as it stands. */
function unchanged(current: Membership, next: Membership): boolean {
  return (
    current.role === next.role &&
    current.status === next.status &&
    current.source === next.source &&
    current.waitingSince === next.waitingSince &&
    JSON.stringify(current.suspendedBy) === JSON.stringify(next.suspendedBy) &&
    JSON.stringify(current.because) === JSON.stringify(next.because)
  );
}

// Where in its organization a membership stands: workspaces and projects, with the project role that replaces an
// Annotator's or Reviewer's own inside one project (organizations.md section 2).
import type { Grant } from './grant.ts';
import type { AccountId, OrganizationId } from './ids.ts';
import type { GrantableRole, ProjectRole } from './role.ts';
import { level } from './role.ts';

export type Place = { readonly workspace: string } | { readonly project: string };

export interface Placement {
  readonly organization: OrganizationId;
  readonly account: AccountId;
  readonly place: Place;
  /** `member` of a workspace; in a project the role held there. */
  readonly role: 'member' | ProjectRole;
  readonly because: readonly Grant[];
}

/** One text per place, for maps and comparisons. */
export function placeKey(place: Place): string {
  return 'workspace' in place ? `workspace ${place.workspace}` : `project ${place.project}`;
}

/** The places that these live grants give to somebody with this organization role. */
export function placementsOf(
  organization: OrganizationId,
  account: AccountId,
  role: GrantableRole | 'owner',
  grants: readonly Grant[],
): Placement[] {
  const places = new Map<string, { place: Place; because: Grant[] }>();
  for (const grant of grants) {
    for (const place of placesOf(grant)) {
      const entry = places.get(placeKey(place)) ?? { place, because: [] };
      entry.because.push(grant);
      places.set(placeKey(place), entry);
    }
  }
  return [...places.values()].map(({ place, because }) => ({
    organization,
    account,
    place,
    role: 'workspace' in place ? 'member' : projectRole(role, because),
    because,
  }));
}

function placesOf(grant: Grant): Place[] {
  return [
    ...(grant.workspace === null ? [] : [{ workspace: grant.workspace }]),
    ...(grant.project === null ? [] : [{ project: grant.project }]),
  ];
}

/** The strongest of what the grants give here, `inherit` counting as the organization role; it lapses from Manager up. */
function projectRole(role: GrantableRole | 'owner', because: readonly Grant[]): ProjectRole {
  if (level(role) >= level('manager')) return 'inherit';
  const given = because.flatMap(({ projectRole: own }) => (own === null ? [] : [own]));
  const explicit = given.includes('reviewer') ? 'reviewer' : given.includes('annotator') ? 'annotator' : null;
  if (explicit === null) return 'inherit';
  return given.includes('inherit') && level(role) >= level(explicit) ? 'inherit' : explicit;
}

// The roles of organizations.md section 2, their order, and the status that a role gives.

export const ROLES = ['not_activated', 'annotator', 'reviewer', 'manager', 'administrator', 'owner'] as const;

/** A role in an organization. `owner` is the seat on the organization, never a grant. */
export type Role = (typeof ROLES)[number];

/** A role that a mapping, a person or a default can give. */
export type GrantableRole = Exclude<Role, 'owner'>;

export const GRANTABLE_ROLES = ROLES.filter((role): role is GrantableRole => role !== 'owner');

/** What a project may hold for an Annotator or Reviewer; `inherit` is "in the project with no role of its own". */
export const PROJECT_ROLES = ['inherit', 'annotator', 'reviewer'] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];

export type Status = 'active' | 'pending' | 'deactivated';

/** 0 for not_activated up to 5 for the Owner. */
export function level(role: Role): number {
  return ROLES.indexOf(role);
}

/** The stronger of two roles; null is weaker than every role. */
export function stronger<R extends Role>(a: R | null, b: R | null): R | null {
  if (a === null) return b;
  if (b === null) return a;
  return level(a) >= level(b) ? a : b;
}

/** Active from Annotator up; not_activated waits as pending (organizations.md section 4). */
export function statusOf(role: Role): 'active' | 'pending' {
  return role === 'not_activated' ? 'pending' : 'active';
}

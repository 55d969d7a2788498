// What the core needs to know of an organization: its seat, its rules, its limit (organizations.md sections 1 to 4).
import type { AccountId, Instant, OrganizationId } from './ids.ts';
import type { GrantableRole } from './role.ts';

export interface Organization {
  readonly id: OrganizationId;
  readonly title: string;
  /** The one Owner; null exactly while `vacancy` is not. */
  readonly owner: AccountId | null;
  readonly vacancy: OpenVacancy | null;
  /** Who takes the seat when the Owner leaves, if the organization chose somebody beforehand. */
  readonly successor: AccountId | null;
  readonly roleAuthority: 'shared' | 'directory';
  readonly defaultRole: GrantableRole;
  /** The most active members it may have; null for no limit. */
  readonly seats: number | null;
  readonly open: boolean;
}

export interface OpenVacancy {
  readonly id: string;
  readonly formerOwner: AccountId;
  readonly openedAt: Instant;
}

// What the core needs to know of a connection and its mappings. Settings of a kind live in src/connection.
import type { ConnectionId, Instant, MappingId, OrganizationId } from './ids.ts';
import type { GrantableRole, ProjectRole } from './role.ts';

export type ConnectionKind = 'scim' | 'ldap' | 'saml';
export type ConnectionState = 'observe' | 'active' | 'paused' | 'closed';

export interface Connection {
  readonly id: ConnectionId;
  readonly kind: ConnectionKind;
  /** The owning organization; null for an operator's connection, which serves every organization its mappings name. */
  readonly organization: OrganizationId | null;
  readonly state: ConnectionState;
  /** Whether its "inactive" and "gone" suspend memberships. SAML never has it. */
  readonly lifecycle: boolean;
  /** `any`: the operator trusts every address it names; `verified`: only domains verified for its organization. */
  readonly trustEmail: 'any' | 'verified';
}

/** This connection, this group → this organization and a role, a workspace, or a project: at least one of them. */
export interface Mapping {
  readonly id: MappingId;
  readonly connection: ConnectionId;
  readonly organization: OrganizationId;
  /** By present name (an LDAP DN), or by the stable id that survives renames. */
  readonly groupBy: 'name' | 'id';
  /** As written. */
  readonly group: string;
  /** What is compared: `groupKey` of `group`. */
  readonly groupKey: string;
  readonly role: GrantableRole | null;
  /** Present title of the workspace; made when first needed, then bound by id in the store. */
  readonly workspace: string | null;
  readonly project: string | null;
  readonly projectRole: ProjectRole | null;
  readonly open: boolean;
  /** Stable ids of the groups that it matched when it last brought people; a name that matches nothing is looked up here. */
  readonly lastMatched: readonly string[];
  readonly createdAt: Instant;
}

/** Whether the connection's word counts: observed and closed connections are stored, planned and shown, and count for nothing. */
export function counts(connection: Connection): boolean {
  return connection.state === 'active' || connection.state === 'paused';
}

/**
 * Whether the mapping gives anything. A connection that an organization owns reaches that organization only
 * (law 9), whatever a mapping says.
 */
export function reaches(mapping: Mapping, connection: Connection): boolean {
  return mapping.open && (connection.organization === null || connection.organization === mapping.organization);
}

// Grants: facts that met a mapping, each with its because. What one connection says of one account to one
// organization is a Say; a Membership is folded from the Says of all connections (organizations.md section 4).
import type { Connection, Mapping } from './connection.ts';
import { counts } from './connection.ts';
import type { Person } from './fact.ts';
import type { ConnectionView } from './group-graph.ts';
import type { ConnectionId, Instant, MappingId } from './ids.ts';
import type { Organization } from './organization.ts';
import type { GrantableRole, ProjectRole } from './role.ts';
import { level } from './role.ts';

/** Where a role comes from; the order decides ties (organizations.md section 4, "Role source"). */
export const ROLE_SOURCES = ['scim', 'ldap', 'saml', 'manual', 'api', 'invitation'] as const;
export type RoleSource = (typeof ROLE_SOURCES)[number];

/** Names and texts are copies: a grant still explains itself when its mapping or group is gone (law 10). */
export interface Grant {
  readonly source: RoleSource;
  readonly connection: ConnectionId | null;
  /** Name of the mapped group (an LDAP DN); null for people's grants and default roles. */
  readonly group: string | null;
  readonly groupId: string | null;
  readonly mapping: string | null;
  readonly mappingId: MappingId | null;
  readonly role: GrantableRole | null;
  readonly workspace: string | null;
  readonly project: string | null;
  readonly projectRole: ProjectRole | null;
  /** When the fact behind it was learned. */
  readonly since: Instant;
  /** The organization's default role: counts only where no mapping and no person gives a role. */
  readonly fallback: boolean;
  /** Set when the source has withdrawn it and a person, or a hold not yet decided, keeps it. */
  readonly kept: Instant | null;
}

/** What a connection with lifecycle authority reports of the person. */
export type Report =
  | { readonly kind: 'active' }
  | { readonly kind: 'inactive' | 'gone'; readonly since: Instant }
  | { readonly kind: 'none' };

/** What one connection says of one account to one organization. */
export interface Say {
  readonly connection: ConnectionId;
  /** Live: the person is present and active. */
  readonly grants: readonly Grant[];
  /** The same as if the person were active: what a suspended membership would come back to. */
  readonly dormant: readonly Grant[];
  readonly report: Report;
}

/** An external person together with the groups that they are directly in. */
export interface LinkedPerson {
  readonly person: Person;
  readonly groups: readonly { readonly group: string; readonly since: Instant }[];
}

/** Whether the connection has a word in the organization: its own, or named in a mapping of an operator's connection. */
export function serves(view: ConnectionView, organization: Organization): boolean {
  return view.connection.organization === null
    ? view.mappings.some((mapping) => mapping.organization === organization.id)
    : view.connection.organization === organization.id;
}

/** What the connection says of the account whose external people are given. Null when it has no word here. */
export function sayOf(view: ConnectionView, organization: Organization, people: readonly LinkedPerson[]): Say | null {
  const { connection } = view;
  if (!counts(connection) || !serves(view, organization)) return null;
  const own = people.filter(({ person }) => person.connection === connection.id);
  if (own.length === 0) return null;
  const live = own.filter(({ person }) => person.present && person.active);
  const there = own.filter(({ person }) => person.present);
  return {
    connection: connection.id,
    grants: grantsOf(view, organization, live),
    dormant: grantsOf(view, organization, there),
    report: connection.lifecycle ? reportOf(own) : { kind: 'none' },
  };
}

function grantsOf(view: ConnectionView, organization: Organization, people: readonly LinkedPerson[]): Grant[] {
  const byFact = new Map<string, Grant>();
  for (const { groups } of people) {
    for (const { group, since } of groups) {
      for (const { mapping, mapped } of view.matches(group)) {
        if (mapping.organization !== organization.id) continue;
        const key = `${mapping.id} ${mapped.externalId}`;
        const earlier = byFact.get(key);
        // One fact may be reached by several paths: the first moment it was learned stands.
        if (earlier !== undefined && earlier.since <= since) continue;
        byFact.set(key, mappedGrant(view.connection, mapping, mapped.name, mapped.externalId, since));
      }
    }
  }
  const grants = [...byFact.values()];
  const assigned = view.connection.organization === null ? grants.length > 0 : people.length > 0;
  if (assigned) grants.push(defaultGrant(view.connection, organization, people));
  return grants.sort(byStrength);
}

function mappedGrant(connection: Connection, mapping: Mapping, name: string, groupId: string, since: Instant): Grant {
  return {
    source: connection.kind,
    connection: connection.id,
    group: name,
    groupId,
    mapping: describeMapping(mapping),
    mappingId: mapping.id,
    role: mapping.role,
    workspace: mapping.workspace,
    project: mapping.project,
    projectRole: mapping.projectRole,
    since,
    fallback: false,
    kept: null,
  };
}

function defaultGrant(connection: Connection, organization: Organization, people: readonly LinkedPerson[]): Grant {
  const since = people.map(({ person }) =>
    person.activeSince > person.presentSince ? person.activeSince : person.presentSince,
  );
  return {
    source: connection.kind,
    connection: connection.id,
    group: null,
    groupId: null,
    mapping: `default role of ${organization.id}: ${organization.defaultRole}`,
    mappingId: null,
    role: organization.defaultRole,
    workspace: null,
    project: null,
    projectRole: null,
    since: since.reduce((first, next) => (next < first ? next : first)),
    fallback: true,
    kept: null,
  };
}

function reportOf(people: readonly LinkedPerson[]): Report {
  const present = people.filter(({ person }) => person.present);
  if (present.some(({ person }) => person.active)) return { kind: 'active' };
  if (present.length > 0) return { kind: 'inactive', since: latest(present.map(({ person }) => person.activeSince)) };
  return { kind: 'gone', since: latest(people.map(({ person }) => person.presentSince)) };
}

function latest(instants: readonly Instant[]): Instant {
  return instants.reduce((a, b) => (a > b ? a : b));
}

/** The mapping in one line, as a person would write it; kept in every because. */
export function describeMapping(mapping: Mapping): string {
  const gives = [
    mapping.role,
    mapping.workspace === null ? null : `workspace ${mapping.workspace}`,
    mapping.project === null ? null : `project ${mapping.project} (${mapping.projectRole ?? 'inherit'})`,
  ].filter((part) => part !== null);
  const group = mapping.groupBy === 'id' ? `id ${mapping.group}` : mapping.group;
  return `${group} → ${mapping.organization}: ${gives.join(', ')}`;
}

/** Strongest first; ties by source, then by what was learned first, so that a because always lists in one order. */
export function byStrength(a: Grant, b: Grant): number {
  return (
    Number(a.fallback) - Number(b.fallback) ||
    (b.role === null ? -1 : level(b.role)) - (a.role === null ? -1 : level(a.role)) ||
    ROLE_SOURCES.indexOf(a.source) - ROLE_SOURCES.indexOf(b.source) ||
    compare(a.mappingId ?? '', b.mappingId ?? '') ||
    compare(a.groupId ?? '', b.groupId ?? '') ||
    compare(a.connection ?? '', b.connection ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

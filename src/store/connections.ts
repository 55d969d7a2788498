// Connections and mappings. Both are closed, never deleted: history and open holds still name them.
import type { Connection, ConnectionKind, ConnectionState, Mapping } from '../core/connection.ts';
import type { ConnectionId, Instant, MappingId, OrganizationId } from '../core/ids.ts';
import type { GrantableRole, ProjectRole } from '../core/role.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';

interface ConnectionRow {
  id: ConnectionId;
  kind: ConnectionKind;
  organization: OrganizationId | null;
  state: ConnectionState;
  lifecycle: number;
  trust_email: 'any' | 'verified';
  declared: number;
  declared_state: number;
}

export interface StoredConnection extends Connection {
  readonly declared: boolean;
  /** The file states its state, so that nothing else may change it. */
  readonly stateDeclared: boolean;
}

function connectionFromRow(row: ConnectionRow): StoredConnection {
  return {
    id: row.id,
    kind: row.kind,
    organization: row.organization,
    state: row.state,
    lifecycle: row.lifecycle === 1,
    trustEmail: row.trust_email,
    declared: row.declared === 1,
    stateDeclared: row.declared_state === 1,
  };
}

export async function loadConnections(db: Database): Promise<StoredConnection[]> {
  const rows: ConnectionRow[] = await db('connections').orderBy('id');
  return rows.map(connectionFromRow);
}

export async function findConnection(db: Database, id: string): Promise<StoredConnection | null> {
  const row: ConnectionRow | undefined = await db('connections').where({ id }).first();
  return row === undefined ? null : connectionFromRow(row);
}

export async function saveConnection(db: Database, connection: StoredConnection, at: Instant): Promise<void> {
  const fields = {
    kind: connection.kind,
    organization: connection.organization,
    state: connection.state,
    lifecycle: connection.lifecycle ? 1 : 0,
    trust_email: connection.trustEmail,
    declared: connection.declared ? 1 : 0,
    declared_state: connection.stateDeclared ? 1 : 0,
  };
  await db('connections')
    .insert({ id: connection.id, created_at: at, ...fields })
    .onConflict('id')
    .merge(fields);
}

interface MappingRow {
  id: MappingId;
  connection: ConnectionId;
  organization: OrganizationId;
  group_by: 'name' | 'id';
  group_text: string;
  group_key: string;
  role: GrantableRole | null;
  workspace_title: string | null;
  present_title: string | null;
  project: string | null;
  project_role: ProjectRole | null;
  open: number;
  declared: number;
  last_matched: string;
  created_at: Instant;
}

export interface StoredMapping extends Mapping {
  readonly declared: boolean;
}

function mappingFromRow(row: MappingRow): StoredMapping {
  return {
    id: row.id,
    connection: row.connection,
    organization: row.organization,
    groupBy: row.group_by,
    group: row.group_text,
    groupKey: row.group_key,
    role: row.role,
    workspace: row.present_title ?? row.workspace_title,
    project: row.project,
    projectRole: row.project_role,
    open: row.open === 1,
    declared: row.declared === 1,
    lastMatched: fromJson<string[]>(row.last_matched),
    createdAt: row.created_at,
  };
}

/** The open mappings, each with the present title of the workspace that it is bound to. */
export async function loadMappings(db: Database): Promise<StoredMapping[]> {
  const rows: MappingRow[] = await db('mappings')
    .leftJoin('workspaces', 'workspaces.id', 'mappings.workspace')
    .where({ 'mappings.open': 1 })
    .select('mappings.*', { present_title: 'workspaces.title' })
    .orderBy('mappings.id');
  return rows.map(mappingFromRow);
}

export async function addMapping(db: Database, mapping: StoredMapping): Promise<void> {
  await db('mappings').insert({
    id: mapping.id,
    connection: mapping.connection,
    organization: mapping.organization,
    group_by: mapping.groupBy,
    group_text: mapping.group,
    group_key: mapping.groupKey,
    role: mapping.role,
    workspace_title: mapping.workspace,
    workspace: null,
    project: mapping.project,
    project_role: mapping.projectRole,
    open: 1,
    declared: mapping.declared ? 1 : 0,
    last_matched: JSON.stringify(mapping.lastMatched),
    created_at: mapping.createdAt,
    closed_at: null,
  });
}

export async function closeMapping(db: Database, id: MappingId, at: Instant): Promise<void> {
  await db('mappings').where({ id }).update({ open: 0, closed_at: at });
}

/** Remembers which groups the mapping brought people through, so that a renamed one can be named. */
export async function setLastMatched(db: Database, id: MappingId, groups: readonly string[]): Promise<void> {
  await db('mappings')
    .where({ id })
    .update({ last_matched: JSON.stringify(groups) });
}

/** Binds the open mappings that name the workspace by title to its id, so that they follow its renames. */
export async function bindWorkspace(
  db: Database,
  organization: OrganizationId,
  title: string,
  workspace: string,
): Promise<void> {
  await db('mappings').where({ organization, workspace_title: title, workspace: null }).update({ workspace });
}

/** Active connections through which people of the organization can sign in without a password of their own. */
export async function signInConnections(db: Database, organization: OrganizationId): Promise<ConnectionId[]> {
  const rows: { id: ConnectionId }[] = await db('connections')
    .where({ organization, state: 'active' })
    .whereIn('kind', ['saml', 'ldap'])
    .orderBy('id')
    .select('id');
  return rows.map(({ id }) => id);
}

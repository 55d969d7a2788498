// What a mapping must be: one group of a declared connection, an organization that the connection may reach (law 9),
// and something that it gives (organizations.md section 4).
import type { ConnectionKind } from '../core/connection.ts';
import { dnKey, isAtOrUnder, tryDnKey } from '../connection/dn.ts';
import { groupKey } from '../connection/group-key.ts';
import { RollcallError } from '../errors.ts';
import { dotted } from './document.ts';
import type { Finding, Findings } from './finding.ts';
import type { ConnectionItem, Item, Parts } from './read.ts';
import type { MappingFields } from './schema.ts';
import { unknownId } from './unknown-id.ts';

export function checkMappings(parts: Parts): Findings {
  const faults: Finding[] = [];
  const warnings: Finding[] = [];
  const seen = new Map<string, Item<MappingFields>>();
  for (const mapping of parts.mappings) {
    const connection = parts.connections.find(({ named }) => named !== null && named === mapping.fields.connection);
    faults.push(...checkEnds(mapping, connection, parts), ...checkGroup(mapping, connection), ...checkGift(mapping));
    warnings.push(...warnOfProject(mapping, parts), ...warnOfBase(mapping, connection));
    const twin = firstLike(mapping, connection, seen);
    if (twin !== null) faults.push({ path: mapping.path, message: `says the same as ${dotted(twin.path, '')}` });
  }
  return { faults, warnings };
}

/** What of a group is compared. An id that is a UUID compares as one: however it is spelled, it is the same group. */
export function mappedGroupKey(kind: ConnectionKind, groupBy: 'name' | 'id', group: string): string {
  if (groupBy === 'name') return groupKey(kind, group);
  const uuid = kind === 'ldap' ? /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i.exec(group)?.[1] : undefined;
  return uuid?.toLowerCase() ?? group;
}

function checkEnds(
  { path, fields }: Item<MappingFields>,
  connection: ConnectionItem | undefined,
  parts: Parts,
): readonly Finding[] {
  const faults: Finding[] = [];
  if (fields.connection !== undefined) {
    const message = unknownId(fields.connection, 'connections', parts);
    if (message !== null) faults.push({ path: [...path, 'connection'], message });
  }
  if (fields.organization === undefined) return faults;
  const unknown = unknownId(fields.organization, 'organizations', parts);
  const owner = connection?.fields.organization;
  if (unknown !== null) {
    faults.push({ path: [...path, 'organization'], message: unknown });
  } else if (
    typeof owner === 'string' &&
    owner !== fields.organization &&
    unknownId(owner, 'organizations', parts) === null
  ) {
    faults.push({
      path: [...path, 'organization'],
      message: `must be ${owner}, to which connection ${fields.connection} belongs: an organization's own connection changes nothing in another`,
    });
  }
  return faults;
}

/** Null is a key that is not there; undefined one that cannot be read, of which its own fault tells. */
function checkGroup({ path, fields }: Item<MappingFields>, connection: ConnectionItem | undefined): readonly Finding[] {
  const { group, groupId } = fields;
  if (group === null && groupId === null) {
    return [{ path, message: 'must have group (its present name; for LDAP its DN) or groupId (its stable id)' }];
  }
  if (typeof group === 'string' && typeof groupId === 'string') {
    return [
      { path: [...path, 'groupId'], message: 'must not stand beside group: the two could come to mean two groups' },
    ];
  }
  if (typeof group !== 'string' || connection?.fields.kind !== 'ldap') return [];
  try {
    dnKey(group);
    return [];
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    const message = `must be the group's DN, such as cn=admins,ou=groups,dc=corp,dc=example: ${error.message}`;
    return [{ path: [...path, 'group'], message }];
  }
}

function checkGift({ path, fields }: Item<MappingFields>): readonly Finding[] {
  const { role, workspace, project, projectRole } = fields;
  const faults: Finding[] = [];
  if (role === null && workspace === null && project === null) {
    faults.push({ path, message: 'gives nothing: write at least one of role, workspace and project' });
  }
  if (typeof projectRole === 'string' && project === null) {
    faults.push({
      path: [...path, 'projectRole'],
      message: 'must stand beside project: the project in which it holds',
    });
  }
  return faults;
}

/** It may have been made since, and live in the store only. */
function warnOfProject({ path, fields }: Item<MappingFields>, parts: Parts): readonly Finding[] {
  const { project, organization } = fields;
  const declared = parts.organizations.find(({ named }) => named !== null && named === organization)?.fields.projects;
  if (typeof project !== 'string' || declared === undefined || declared.some(({ id }) => id === project)) return [];
  return [
    {
      path: [...path, 'project'],
      message: `is not among the projects that this file declares for ${organization}: it must be in the database`,
    },
  ];
}

function warnOfBase({ path, fields }: Item<MappingFields>, connection: ConnectionItem | undefined): readonly Finding[] {
  const groups = connection?.readable.groups;
  if (typeof fields.group !== 'string' || typeof groups !== 'object' || groups === null) return [];
  const base = 'base' in groups && typeof groups.base === 'string' ? tryDnKey(groups.base) : null;
  const key = tryDnKey(fields.group);
  if (base === null || key === null || isAtOrUnder(key, base)) return [];
  return [
    { path: [...path, 'group'], message: `is not below the groups.base of ${connection?.named}, so it is never read` },
  ];
}

/** The mapping that says the same already, or null; two of them would be one row in the store. */
function firstLike(
  mapping: Item<MappingFields>,
  connection: ConnectionItem | undefined,
  seen: Map<string, Item<MappingFields>>,
): Item<MappingFields> | null {
  const { whole } = mapping;
  const group = whole?.group ?? whole?.groupId;
  if (whole === null || typeof group !== 'string') return null;
  const isDn = connection?.fields.kind === 'ldap' && whole.group !== null;
  const key = JSON.stringify({ ...whole, group: isDn ? (tryDnKey(group) ?? group) : whole.group });
  const first = seen.get(key);
  if (first === undefined) seen.set(key, mapping);
  return first ?? null;
}

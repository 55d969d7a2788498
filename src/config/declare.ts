// The parts of a faultless file as the configuration that everything else reads, with what one part gives another.
import type { Fault } from '../errors.ts';
import type { Config, DeclaredConnection, DeclaredMapping, DeclaredOrganization } from './config.ts';
import { mappedGroupKey } from './mapping-rules.ts';
import type { ConnectionItem, Parts } from './read.ts';
import type { MappingFields, OrganizationFields } from './schema.ts';

export interface Surroundings {
  readonly file: string;
  readonly databaseUrl: string;
  readonly warnings: readonly Fault[];
}

export function declare(parts: Parts, { file, databaseUrl, warnings }: Surroundings): Config {
  const sections = sound(parts.sections);
  const { server, brake } = sections;
  return {
    file,
    server: {
      host: server.host,
      port: server.port,
      publicUrl: (server.publicUrl ?? `http://localhost:${server.port}`).replace(/\/+$/, ''),
      trustProxy: server.trustProxy,
      drainMs: server.drain,
    },
    database: { url: databaseUrl },
    mail: sections.mail,
    signup: sections.signup,
    operators: sections.operators,
    brake: { share: brake.share, people: brake.people, windowMs: brake.window, deadlineMs: brake.deadline },
    limits: sections.limits,
    organizations: parts.organizations.map(({ whole }) => declareOrganization(sound(whole))),
    connections: parts.connections.map(declareConnection),
    mappings: parts.mappings.map(({ whole }) => declareMapping(sound(whole), parts.connections)),
    escalation: parts.escalation.map(({ whole }) => sound(whole)),
    warnings,
  };
}

/** A file with a fault in it declares nothing: part of it would close what the other part was to keep. */
function sound<T>(part: T | null): T {
  if (part === null) throw new Error('a part of the configuration has faults that were not told');
  return part;
}

function declareOrganization(fields: OrganizationFields): DeclaredOrganization {
  return {
    ...fields,
    title: fields.title ?? fields.owner,
    projects: fields.projects.map((project) => ({ ...project, title: project.title ?? project.id })),
  };
}

function declareConnection({ whole, settings }: ConnectionItem): DeclaredConnection {
  const { id, organization, state, lifecycle, trustEmail } = sound(whole);
  const own = sound(settings);
  return { id, organization, state, lifecycle: own.kind !== 'saml' && (lifecycle ?? true), trustEmail, ...own };
}

function declareMapping(fields: MappingFields, connections: readonly ConnectionItem[]): DeclaredMapping {
  const { connection, organization, role, workspace, project, projectRole } = fields;
  const groupBy = fields.group === null ? 'id' : 'name';
  const group = sound(fields.group ?? fields.groupId);
  const { kind } = sound(connections.find(({ whole }) => whole?.id === connection)?.whole ?? null);
  return {
    connection,
    groupBy,
    group,
    groupKey: mappedGroupKey(kind, groupBy, group),
    organization,
    role,
    workspace,
    project,
    projectRole: project === null ? null : (projectRole ?? 'inherit'),
  };
}

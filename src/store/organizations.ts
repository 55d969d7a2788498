// Organizations, their domains, workspaces and projects.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Organization } from '../core/organization.ts';
import type { GrantableRole } from '../core/role.ts';
import type { Database } from './database.ts';
import { newId } from './ids.ts';

interface OrganizationRow {
  id: OrganizationId;
  title: string;
  owner: AccountId | null;
  vacancy: string | null;
  former_owner: AccountId | null;
  opened_at: Instant | null;
  successor: AccountId | null;
  role_authority: 'shared' | 'directory';
  default_role: GrantableRole;
  seats: number | null;
  state: 'open' | 'closed';
}

function fromRow(row: OrganizationRow): Organization {
  return {
    id: row.id,
    title: row.title,
    owner: row.owner,
    vacancy:
      row.vacancy === null || row.former_owner === null || row.opened_at === null
        ? null
        : { id: row.vacancy, formerOwner: row.former_owner, openedAt: row.opened_at },
    successor: row.successor,
    roleAuthority: row.role_authority,
    defaultRole: row.default_role,
    seats: row.seats,
    open: row.state === 'open',
  };
}

/** All organizations, or those with the given ids. */
export async function loadOrganizations(db: Database, ids?: readonly OrganizationId[]): Promise<Organization[]> {
  const query = db('organizations')
    .leftJoin('vacancies', 'vacancies.id', 'organizations.vacancy')
    .select('organizations.*', 'vacancies.former_owner', 'vacancies.opened_at')
    .orderBy('organizations.id');
  const rows: OrganizationRow[] = await (ids === undefined ? query : query.whereIn('organizations.id', [...ids]));
  return rows.map(fromRow);
}

/** Writes the settings of an organization that exists, or founds it with its Owner's seat already taken. */
export async function saveOrganization(
  db: Database,
  organization: Organization,
  options: { readonly declared: boolean; readonly at: Instant },
): Promise<void> {
  const settings = {
    title: organization.title,
    role_authority: organization.roleAuthority,
    default_role: organization.defaultRole,
    seats: organization.seats,
    successor: organization.successor,
    state: organization.open ? 'open' : 'closed',
    declared: options.declared ? 1 : 0,
  };
  const updated = await db('organizations').where({ id: organization.id }).update(settings);
  if (updated > 0) return;
  await db('organizations').insert({
    id: organization.id,
    owner: organization.owner,
    created_at: options.at,
    ...settings,
  });
}

/** The ids of the organizations that the configuration file declared. */
export async function declaredOrganizations(db: Database): Promise<OrganizationId[]> {
  const rows: { id: OrganizationId }[] = await db('organizations').where({ declared: 1 }).select('id');
  return rows.map(({ id }) => id);
}

/** Makes the declared domains of the organization what is given; domains proven in another way stay. */
export async function saveDomains(
  db: Database,
  organization: OrganizationId,
  domains: readonly string[],
  at: Instant,
): Promise<void> {
  await db('domains')
    .where({ organization, verified_by: 'operator' })
    .whereNotIn('domain', [...domains])
    .delete();
  for (const domain of domains) {
    await db('domains')
      .insert({ organization, domain: domain.toLowerCase(), verified_by: 'operator', verified_at: at })
      .onConflict(['organization', 'domain'])
      .ignore();
  }
}

/** Verified domains by organization. */
export async function loadDomains(db: Database): Promise<ReadonlyMap<OrganizationId, ReadonlySet<string>>> {
  const rows: { organization: OrganizationId; domain: string }[] = await db('domains').select('organization', 'domain');
  const byOrganization = Map.groupBy(rows, ({ organization }) => organization);
  return new Map([...byOrganization].map(([id, list]) => [id, new Set(list.map(({ domain }) => domain))]));
}

/** The workspace of that title, made now if it is not there. Titles compare ignoring case. */
export async function needWorkspace(
  db: Database,
  organization: OrganizationId,
  title: string,
  at: Instant,
): Promise<string> {
  const titleKey = title.normalize('NFC').toLowerCase();
  await db('workspaces')
    .insert({ id: newId(), organization, title, title_key: titleKey, created_at: at })
    .onConflict(['organization', 'title_key'])
    .ignore();
  const row: { id: string } | undefined = await db('workspaces')
    .where({ organization, title_key: titleKey })
    .first('id');
  if (row === undefined) throw new Error(`workspace ${title} of ${organization} was not made`);
  return row.id;
}

export interface Project {
  readonly id: string;
  readonly title: string;
  readonly workspace: string | null;
}

export async function loadProjects(db: Database, organization: OrganizationId): Promise<Project[]> {
  return db('projects')
    .leftJoin('workspaces', 'workspaces.id', 'projects.workspace')
    .where({ 'projects.organization': organization })
    .select('projects.id', 'projects.title', { workspace: 'workspaces.title' })
    .orderBy('projects.id');
}

export async function addProject(
  db: Database,
  organization: OrganizationId,
  project: { readonly id: string; readonly title: string; readonly workspace: string | null },
  at: Instant,
): Promise<void> {
  const workspace = project.workspace === null ? null : await needWorkspace(db, organization, project.workspace, at);
  await db('projects')
    .insert({ organization, id: project.id, title: project.title, workspace, created_at: at })
    .onConflict(['organization', 'id'])
    .ignore();
}

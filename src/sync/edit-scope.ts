// Whom an edit may concern: told by what differs between the landscape before and after it.
import { serves } from '../core/grant.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../core/ids.ts';
import type { Block } from '../core/membership.ts';
import type { Organization } from '../core/organization.ts';
import type { Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { loadDomains } from '../store/organizations.ts';
import type { Speakers } from './context.ts';
import type { Domains } from './join.ts';
import { groupsThatDiffer } from './landscape.ts';

export interface Scope {
  readonly people: readonly { readonly connection: ConnectionId; readonly groups: readonly string[] | undefined }[];
  readonly members: readonly OrganizationId[];
  /** Besides all these. */
  readonly accounts: readonly AccountId[];
  readonly organizations: readonly OrganizationId[];
  readonly speakers: Speakers;
}

export async function scopeOf(
  db: Database,
  {
    before,
    after,
    domainsBefore,
  }: { readonly before: Landscape; readonly after: Landscape; readonly domainsBefore: Domains },
  blocked: readonly Block[],
): Promise<Scope> {
  const domainsAfter = await loadDomains(db);
  const rules = [...after.organizations.values()].filter((organization) =>
    rulesDiffer(before.organizations.get(organization.id), organization),
  );
  const proven = [...after.organizations.keys()].filter(
    (id) => [...(domainsBefore.get(id) ?? [])].sort().join() !== [...(domainsAfter.get(id) ?? [])].sort().join(),
  );
  const speakers = new Set<ConnectionId | null>(rules.length > 0 ? [null] : []);
  const people: Scope['people'][number][] = [];
  const members = new Set(rules.map(({ id }) => id));
  const organizations = new Set([...members, ...blocked.map(({ organization }) => organization)]);
  for (const view of after.connections) {
    const was = before.connections.find((one) => one.connection.id === view.connection.id);
    const served = [...after.organizations.values()].filter(
      (organization) => serves(view, organization) || (was !== undefined && serves(was, organization)),
    );
    const whole =
      was === undefined ||
      JSON.stringify(was.connection) !== JSON.stringify(view.connection) ||
      // Where it begins or ends to have a word, what it reports of people in no mapped group counts too.
      served.some((organization) => serves(view, organization) !== serves(was, organization)) ||
      served.some(({ id }) => members.has(id) || proven.includes(id));
    const differing = was === undefined ? [] : groupsThatDiffer(was, view);
    if (!whole && differing.length === 0) continue;
    people.push({ connection: view.connection.id, groups: whole ? undefined : differing });
    for (const { id } of served) organizations.add(id);
    // Whoever was suspended by a connection that no longer serves is not among its people's groups.
    if (whole) for (const { id } of served) members.add(id);
    speakers.add(view.connection.id);
  }
  const accounts = blocked.map(({ account }) => account);
  return { people, members: [...members], accounts, organizations: [...organizations], speakers };
}

function rulesDiffer(before: Organization | undefined, after: Organization): boolean {
  const rules = ({ roleAuthority, defaultRole, seats, open }: Organization): string =>
    JSON.stringify([roleAuthority, defaultRole, seats, open]);
  return before === undefined || rules(before) !== rules(after);
}

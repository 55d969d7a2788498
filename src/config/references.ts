// What the parts of a configuration say of each other: ids that refer to something, and that name one thing only.
import { emailKey } from '../core/fact.ts';
import { dotted } from './document.ts';
import type { Finding, Findings } from './finding.ts';
import { checkMappings } from './mapping-rules.ts';
import type { ConnectionItem, Item, Parts } from './read.ts';
import type { OrganizationFields } from './schema.ts';
import { unknownId } from './unknown-id.ts';

export function checkReferences(parts: Parts): Findings {
  const organizations = parts.organizations.flatMap(checkOrganization);
  const connections = parts.connections.flatMap((connection) => checkConnection(connection, parts));
  const mappings = checkMappings(parts);
  return {
    faults: [
      ...doubledOrganizations(parts.organizations),
      ...organizations,
      ...doubled(parts.connections, 'connection'),
      ...connections,
      ...mappings.faults,
    ],
    warnings: mappings.warnings,
  };
}

function checkOrganization({ path, fields }: Item<OrganizationFields>): readonly Finding[] {
  const faults: Finding[] = [];
  const { owner, successor, projects } = fields;
  if (typeof owner === 'string' && typeof successor === 'string' && emailKey(owner) === emailKey(successor)) {
    faults.push({
      path: [...path, 'successor'],
      message: 'must be somebody else than the owner, whom they would follow',
    });
  }
  const seen = new Map<string, number>();
  for (const [index, { id }] of (projects ?? []).entries()) {
    const first = seen.get(id.toLowerCase());
    if (first === undefined) seen.set(id.toLowerCase(), index);
    else {
      const place = dotted([...path, 'projects', first], '');
      faults.push({
        path: [...path, 'projects', index, 'id'],
        message: `is the id of ${place} too: each project once`,
      });
    }
  }
  return faults;
}

function doubledOrganizations(organizations: readonly Item<OrganizationFields>[]): readonly Finding[] {
  const owners = new Map<string, Set<string>>();
  for (const { named, fields } of organizations) {
    if (named === null || fields.owner === undefined) continue;
    const key = named.toLowerCase();
    owners.set(key, (owners.get(key) ?? new Set()).add(emailKey(fields.owner)));
  }
  return doubled(organizations, 'organization').map((finding) => {
    const id = organizations[Number(finding.path[1])]?.named?.toLowerCase() ?? '';
    return (owners.get(id)?.size ?? 0) > 1
      ? { ...finding, message: `${finding.message}, with another owner, and an organization has exactly one Owner` }
      : finding;
  });
}

/** Two ids that differ in case only would be one row in the store. */
function doubled(items: readonly Item<unknown>[], noun: string): readonly Finding[] {
  const first = new Map<string, Item<unknown>>();
  return items.flatMap((item) => {
    const key = item.named?.toLowerCase();
    if (key === undefined) return [];
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, item);
      return [];
    }
    const place = dotted(before.path, '');
    return [{ path: [...item.path, 'id'], message: `is the id of ${place} too: declare each ${noun} once` }];
  });
}

function checkConnection({ path, fields }: ConnectionItem, parts: Parts): readonly Finding[] {
  const faults: Finding[] = [];
  if (typeof fields.organization === 'string') {
    const message = unknownId(fields.organization, 'organizations', parts);
    if (message !== null) faults.push({ path: [...path, 'organization'], message });
  }
  if (fields.kind === 'saml' && fields.lifecycle === true) {
    faults.push({
      path: [...path, 'lifecycle'],
      message:
        'must not be true on a SAML connection: it hears of people only when they sign in, so it can never tell that somebody left',
    });
  }
  return faults;
}

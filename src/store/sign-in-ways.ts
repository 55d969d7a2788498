// From an address to the way in: its domain's organizations, and their SAML connections. Nobody is told whether an
// address has an account; only what its domain's owner set up.
import { emailDomain } from '../core/fact.ts';
import type { ConnectionId, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface SignInWay {
  readonly connection: ConnectionId;
  readonly organization: OrganizationId;
  /** For the choice that a company with several organizations is offered. */
  readonly title: string;
}

/** Empty for a domain that nobody verified, or whose organizations have no active SAML connection. */
export async function connectionsForEmail(db: Database, email: string): Promise<SignInWay[]> {
  const domain = emailDomain(email);
  if (domain === '') return [];
  const rows: SignInWay[] = await db('domains')
    .join('organizations', 'organizations.id', 'domains.organization')
    .join('connections', 'connections.organization', 'organizations.id')
    .where({
      'domains.domain': domain,
      'organizations.state': 'open',
      'connections.kind': 'saml',
      'connections.state': 'active',
    })
    .orderBy(['organizations.title', 'connections.id'])
    .select({ connection: 'connections.id', organization: 'organizations.id', title: 'organizations.title' });
  // An operator's connection is the way into every organization that its mappings name.
  const operators: SignInWay[] = await db('domains')
    .join('organizations', 'organizations.id', 'domains.organization')
    .join('mappings', 'mappings.organization', 'organizations.id')
    .join('connections', 'connections.id', 'mappings.connection')
    .where({
      'domains.domain': domain,
      'organizations.state': 'open',
      'mappings.open': 1,
      'connections.kind': 'saml',
      'connections.state': 'active',
    })
    .whereNull('connections.organization')
    .orderBy(['organizations.title', 'connections.id'])
    .distinct({ connection: 'connections.id', organization: 'organizations.id', title: 'organizations.title' });
  return [...rows, ...operators];
}

/** A way that a browser remembers, as long as it can be gone. */
export async function findWay(db: Database, connection: string): Promise<ConnectionId | null> {
  const row: { id: ConnectionId; state: string | null } | undefined = await db('connections')
    .leftJoin('organizations', 'organizations.id', 'connections.organization')
    .where({ 'connections.id': connection, 'connections.kind': 'saml', 'connections.state': 'active' })
    .first({ id: 'connections.id', state: 'organizations.state' });
  return row === undefined || row.state === 'closed' ? null : row.id;
}

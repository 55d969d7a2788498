// What the configuration file declares becomes so: organizations are founded, connections and mappings made, changed
// or closed. The file's word is final for what it states; what it no longer states is closed, never deleted.
import { createHash, randomBytes } from 'node:crypto';
import type { Connection, ConnectionKind } from '../core/connection.ts';
import { emailKey } from '../core/fact.ts';
import type { AccountId, ConnectionId, Instant, MappingId, OrganizationId } from '../core/ids.ts';
import type { GrantableRole, ProjectRole } from '../core/role.ts';
import { RollcallError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { endUnproven } from '../store/access.ts';
import { addAccounts, addActivation, findAccount, loadAccounts } from '../store/accounts.ts';
import { addMapping, closeMapping, loadConnections, loadMappings, saveConnection } from '../store/connections.ts';
import type { StoredConnection, StoredMapping } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import {
  addProject,
  declaredOrganizations,
  loadOrganizations,
  loadProjects,
  saveDomains,
  saveOrganization,
} from '../store/organizations.ts';
import type { Sync } from '../sync/context.ts';
import type { EditResult } from '../sync/edit.ts';
import { edit } from '../sync/edit.ts';
import { mappingWarnings } from '../sync/matches.ts';
import { found } from './found.ts';

/** The declared objects, as the configuration gives them. */
export interface Declaration {
  readonly organizations: readonly {
    readonly id: OrganizationId;
    readonly title: string;
    readonly owner: string;
    readonly roleAuthority: 'shared' | 'directory';
    readonly defaultRole: GrantableRole;
    readonly seats: number | null;
    readonly domains: readonly string[];
    readonly successor: string | null;
    readonly projects: readonly { readonly id: string; readonly title: string; readonly workspace: string | null }[];
  }[];
  readonly connections: readonly {
    readonly id: ConnectionId;
    readonly kind: ConnectionKind;
    readonly organization: OrganizationId | null;
    readonly state: 'observe' | 'active' | 'paused' | null;
    readonly lifecycle: boolean;
    readonly trustEmail: Connection['trustEmail'];
  }[];
  readonly mappings: readonly DeclaredMapping[];
}

interface DeclaredMapping {
  readonly connection: ConnectionId;
  readonly groupBy: 'name' | 'id';
  readonly group: string;
  readonly groupKey: string;
  readonly organization: OrganizationId;
  readonly role: GrantableRole | null;
  readonly workspace: string | null;
  readonly project: string | null;
  readonly projectRole: ProjectRole | null;
}

export interface Declared {
  readonly warnings: readonly string[];
  /** One-time tokens of accounts that were made for Owners; shown once, stored hashed. */
  readonly activations: readonly { readonly email: string; readonly token: string }[];
}

/** What is told of a declaration while it is carried out. */
interface Telling {
  readonly warnings: string[];
  readonly activations: { email: string; token: string }[];
  readonly foundOne: (settings: Parameters<typeof found>[3], owner: Account) => Promise<void>;
}

/**
 * Makes the stored objects what the declaration says, and the memberships after them.
 * @throws RollcallError `conflict` where the declaration contradicts what can't change (a connection's kind or owner).
 */
export async function declare(
  sync: Sync,
  declaration: Declaration,
  options: { readonly preview: boolean },
): Promise<EditResult<Declared>> {
  const result = await edit(sync, { kind: 'apply', preview: options.preview }, async (db, plan) => {
    const at = sync.now();
    const warnings: string[] = [];
    const activations: { email: string; token: string }[] = [];
    const foundOne: Telling['foundOne'] = async (settings, owner) => found(sync, db, plan, settings, owner);
    await declareOrganizations(db, declaration, at, { warnings, activations, foundOne });
    await declareConnections(db, declaration, at);
    await declareMappings(db, declaration, at);
    return { warnings, activations };
  });
  const unmatched = result.landscape.connections
    .filter(({ connection, groups }) => connection.state !== 'closed' && groups.size > 0)
    .flatMap((view) => mappingWarnings(view));
  return { ...result, value: { ...result.value, warnings: [...result.value.warnings, ...unmatched] } };
}

async function declareOrganizations(
  db: Database,
  { organizations }: Declaration,
  at: Instant,
  { warnings, activations, foundOne }: Telling,
): Promise<void> {
  const stored = new Map((await loadOrganizations(db)).map((one) => [one.id, one]));
  for (const declared of organizations) {
    const known = stored.get(declared.id);
    const { id, title, roleAuthority, defaultRole, seats } = declared;
    const successor = declared.successor === null ? null : await accountFor(db, declared.successor, at);
    // Named only now: whoever signed up under that address before has not shown that it is theirs.
    if (successor !== null && known?.successor !== successor.id)
      await endUnproven(db, successor.id, `named the successor of ${id}`, at);
    const settings = { id, title, roleAuthority, defaultRole, seats, successor: successor?.id ?? null, open: true };
    if (known === undefined) {
      const owner = await ownerFor(db, declared.owner, at, activations);
      await foundOne({ ...settings, declared: true, at }, owner);
      for (const project of declared.projects) await addProject(db, id, project, at);
    } else {
      await saveOrganization(db, { ...settings, owner: known.owner, vacancy: known.vacancy }, { declared: true, at });
      await reportOnce(db, declared, known.owner, warnings);
    }
    await saveDomains(db, id, declared.domains, at);
  }
  const named = new Set(organizations.map(({ id }) => id));
  for (const id of await declaredOrganizations(db)) {
    const known = stored.get(id);
    if (named.has(id) || known === undefined || !known.open) continue;
    await saveOrganization(db, { ...known, open: false }, { declared: true, at });
    warnings.push(`organization ${id} is no longer in the file: it is closed`);
  }
}

/** A successor may be named before anybody has met them: the account waits for its person. */
async function accountFor(db: Database, email: string, at: Instant): Promise<Account> {
  const known = await findAccount(db, email);
  if (known !== null) return known;
  const account: Account = { id: newId<AccountId>(), email, firstName: null, lastName: null };
  await addAccounts(db, [account], at);
  return account;
}

/** Whoever signed up under the address and never proved it loses the account to whom the one-time link is given. */
async function ownerFor(
  db: Database,
  email: string,
  at: Instant,
  activations: { email: string; token: string }[],
): Promise<Account> {
  const known = await findAccount(db, email);
  if (known !== null && !(await endUnproven(db, known.id, 'named an Owner by the configuration', at))) return known;
  const account = known ?? (await accountFor(db, email, at));
  const token = randomBytes(32).toString('base64url');
  await addActivation(db, account.id, createHash('sha256').update(token).digest('hex'), at);
  activations.push({ email, token });
  return account;
}

/** `owner` and `projects` are used once; a later difference is reported, never applied. */
async function reportOnce(
  db: Database,
  declared: Declaration['organizations'][number],
  owner: AccountId | null,
  warnings: string[],
): Promise<void> {
  const present = owner === null ? null : ((await loadAccounts(db, [owner])).get(owner)?.email ?? null);
  if (present !== null && emailKey(present) !== emailKey(declared.owner)) {
    warnings.push(
      `organizations.${declared.id}.owner: the Owner is ${present}; the file's ${declared.owner} was used once, at the founding`,
    );
  }
  const known = new Set((await loadProjects(db, declared.id)).map(({ id }) => id));
  for (const { id } of declared.projects.filter((project) => !known.has(project.id))) {
    warnings.push(`organizations.${declared.id}.projects: ${id} was added after the founding and is not made`);
  }
}

async function declareConnections(db: Database, { connections }: Declaration, at: Instant): Promise<void> {
  const stored = new Map((await loadConnections(db)).map((one) => [one.id, one]));
  for (const declared of connections) {
    const known = stored.get(declared.id);
    if (known !== undefined && (known.kind !== declared.kind || known.organization !== declared.organization)) {
      throw new RollcallError(
        'conflict',
        `connections.${declared.id}: its kind and organization can't change, since its people belong to it; give the new connection an id of its own`,
      );
    }
    const kept = known === undefined || known.state === 'closed' ? 'active' : known.state;
    const next: StoredConnection = {
      id: declared.id,
      kind: declared.kind,
      organization: declared.organization,
      lifecycle: declared.lifecycle,
      trustEmail: declared.trustEmail,
      state: declared.state ?? kept,
      declared: true,
      stateDeclared: declared.state !== null,
    };
    await saveConnection(db, next, at);
  }
  const named = new Set(connections.map(({ id }) => id));
  for (const known of stored.values()) {
    if (!known.declared || named.has(known.id) || known.state === 'closed') continue;
    await saveConnection(db, { ...known, state: 'closed', stateDeclared: false }, at);
  }
}

async function declareMappings(db: Database, { mappings }: Declaration, at: Instant): Promise<void> {
  const stored = (await loadMappings(db)).filter(({ declared }) => declared);
  const known = new Map(stored.map((mapping) => [mappingKey(mapping), mapping]));
  for (const declared of mappings) {
    if (known.delete(mappingKey(declared))) continue;
    const fresh: StoredMapping = {
      ...declared,
      id: newId<MappingId>(),
      open: true,
      lastMatched: [],
      createdAt: at,
      declared: true,
    };
    await addMapping(db, fresh);
  }
  for (const { id } of known.values()) await closeMapping(db, id, at);
}

function mappingKey(mapping: DeclaredMapping): string {
  const { connection, groupBy, groupKey, organization, role, workspace, project, projectRole } = mapping;
  return JSON.stringify([connection, groupBy, groupKey, organization, role, workspace, project, projectRole]);
}

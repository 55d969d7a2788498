// What every plan is made in beside groups: organizations with their domains, connections, mappings. It changes seldom
// and is read at each push, so what was read last is kept for as long as the database says that it still stands.
import { viewConnection } from '../core/group-graph.ts';
import type { ConnectionId, OrganizationId } from '../core/ids.ts';
import type { Mapping } from '../core/connection.ts';
import type { Landscape } from '../core/plan.ts';
import { loadConnections, loadMappings } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import { loadDomains, loadOrganizations } from '../store/organizations.ts';
import { outlineMark } from '../store/outline-mark.ts';

export interface Outline {
  /** Organizations, connections and mappings; no groups yet. */
  readonly landscape: Landscape;
  /** Verified domains by organization. */
  readonly domains: ReadonlyMap<OrganizationId, ReadonlySet<string>>;
}

interface Kept {
  readonly mark: string;
  readonly outline: Outline;
}

const kept = new WeakMap<object, Kept>();

export async function loadOutline(db: Database): Promise<Outline> {
  const mark = await outlineMark(db);
  // Transactions have clients of their own, with the settings of the pool.
  const { config } = db.client as { readonly config: object };
  const last = kept.get(config);
  if (last?.mark === mark) return last.outline;
  // The mark was read before: what is read now is at least as new.
  const outline = { landscape: await readLandscape(db), domains: await loadDomains(db) };
  kept.set(config, { mark, outline });
  return outline;
}

async function readLandscape(db: Database): Promise<Landscape> {
  const organizations = await organizationsById(db);
  const mappings = Map.groupBy<ConnectionId, Mapping>(await loadMappings(db), ({ connection }) => connection);
  const connections = (await loadConnections(db)).map((connection) =>
    viewConnection(connection, mappings.get(connection.id) ?? [], new Map(), new Map()),
  );
  return { organizations, connections };
}

export async function organizationsById(db: Database): Promise<Landscape['organizations']> {
  return new Map((await loadOrganizations(db)).map((organization) => [organization.id, organization]));
}

// A server with the SAML door in this process, its store, two organizations, and sessions of the tests' own.
import { randomBytes } from 'node:crypto';
import { sealingKey } from '../../src/store/sealed.ts';
import type { SamlSettings } from '../../src/connection/saml.ts';
import { samlSettings } from '../../src/connection/saml.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import { createApp } from '../../src/http/app.ts';
import type { Listening } from '../../src/http/listen.ts';
import { listen } from '../../src/http/listen.ts';
import type { SamlDoor } from '../../src/http/saml-door.ts';
import { samlRouter } from '../../src/http/saml.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { VerifyingLanes } from '../../src/saml/verifying-lanes.ts';
import type { Database } from '../../src/store/database.ts';
import type { Said } from './idp.ts';
import { Browser } from './saml-browser.ts';
import { TestSessions } from './sessions.ts';
import type { TestStore } from './store.ts';
import { openTestStore } from './store.ts';

export const acme = 'acme' as OrganizationId;
export const beta = 'beta' as OrganizationId;
export const acmeSaml = 'acme-saml' as ConnectionId;
export const acmeScim = 'acme-scim' as ConnectionId;
export const betaSaml = 'beta-saml' as ConnectionId;

export interface ServerOptions {
  readonly settings: Readonly<Record<string, Record<string, unknown>>>;
  /** With a SCIM connection of acme. */
  readonly scim?: boolean;
  readonly state?: 'observe' | 'active' | 'paused';
  /** `localhost` is another site than a provider on 127.0.0.1: its posts are cross-site ones. */
  readonly host?: 'localhost';
}

export class SamlServer {
  readonly url: string;
  readonly store: TestStore;
  readonly sessions: TestSessions;
  readonly door: SamlDoor;
  readonly log: readonly string[];
  readonly #listening: Listening;

  private constructor(store: TestStore, sessions: TestSessions, door: SamlDoor, log: string[], listening: Listening) {
    this.url = door.publicUrl;
    this.store = store;
    this.sessions = sessions;
    this.door = door;
    this.log = log;
    this.#listening = listening;
  }

  static async start(options: ServerOptions): Promise<SamlServer> {
    const store = await openTestStore(declaration(options));
    const sessions = new TestSessions();
    const log: string[] = [];
    const settings = new Map<string, SamlSettings>(
      Object.entries(options.settings).map(([id, written]) => [id, samlSettings.parse(written)]),
    );
    const door = {
      // Providers' clocks are real ones.
      sync: { ...store.sync, now: () => new Date().toISOString() },
      publicUrl: '',
      settingsOf: async (id: ConnectionId) => settings.get(id) ?? null,
      sealingKey: sealingKey(randomBytes(32)),
      verifier: new VerifyingLanes(),
      sessions,
      mayTry: async () => true,
      log: (line: string) => log.push(line),
    };
    const app = createApp({ routers: [samlRouter(door), sessions.router()], log: (line) => log.push(line) });
    const listening = await listen(app, '127.0.0.1', 0);
    door.publicUrl = options.host === undefined ? listening.url : listening.url.replace('127.0.0.1', options.host);
    return new SamlServer(store, sessions, door, log, listening);
  }

  async stop(): Promise<void> {
    await this.door.verifier.close();
    await this.#listening.stop();
    await this.store.close();
  }

  browser(): Browser {
    return new Browser(this.url);
  }

  addresses(connection: string): Pick<Said, 'acsUrl' | 'audience'> {
    const base = `${this.url}/saml/${connection}`;
    return { acsUrl: `${base}/acs`, audience: `${base}/metadata` };
  }

  async everything(): Promise<string> {
    return everything(this.store.sync.db);
  }
}

/**
 * Everything that is stored, but for the traces, the counts of failures, what a sign-in under way has of its own, and what
 * a serving process does by itself.
 */
export async function everything(db: Database): Promise<string> {
  const embedded = db.client.config.client === 'better-sqlite3';
  const tables: { name: string }[] = embedded
    ? await db('sqlite_master').where({ type: 'table' }).orderBy('name').select('name')
    : await db('information_schema.tables')
        .where({ table_schema: 'public' })
        .orderBy('table_name')
        .select({ name: 'table_name' });
  const kept: Record<string, unknown> = {};
  for (const { name } of tables) {
    if (LEFT_OUT.test(name)) continue;
    const rows: Record<string, unknown>[] = await db(name).select();
    kept[name] = name === 'events' ? rows.map((row) => ({ ...row, position: null })) : rows;
  }
  return JSON.stringify(kept);
}

const LEFT_OUT =
  /^(?:sqlite_|saml_(?:attempts|metadata|keys|certificates)$|(?:write_lock|throttles|event_head|leases|schedules)$)/;

function declaration(options: ServerOptions): Declaration {
  const organization = (id: OrganizationId, owner: string): Declaration['organizations'][number] => ({
    id,
    title: `${id} Inc`,
    owner,
    roleAuthority: 'shared',
    defaultRole: 'not_activated',
    seats: null,
    domains: [`${id}.example`],
    successor: null,
    projects: [],
  });
  const connection = (
    id: ConnectionId,
    kind: 'saml' | 'scim',
    owner: OrganizationId,
  ): Declaration['connections'][number] => ({
    id,
    kind,
    organization: owner,
    state: kind === 'saml' ? (options.state ?? null) : null,
    lifecycle: kind === 'scim',
    trustEmail: 'verified',
  });
  const mapping = (id: ConnectionId, owner: OrganizationId): Declaration['mappings'][number] => ({
    connection: id,
    groupBy: 'name',
    group: 'label-team',
    groupKey: 'label-team',
    organization: owner,
    role: 'reviewer',
    workspace: null,
    project: null,
    projectRole: null,
  });
  return {
    organizations: [organization(acme, 'olga@acme.example'), organization(beta, 'berta@beta.example')],
    connections: [
      connection(acmeSaml, 'saml', acme),
      connection(betaSaml, 'saml', beta),
      ...(options.scim === true ? [connection(acmeScim, 'scim', acme)] : []),
    ],
    mappings: [mapping(acmeSaml, acme), mapping(betaSaml, beta)],
  };
}

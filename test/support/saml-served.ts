// The real `serve` with two organizations that sign in by SAML, as an operator starts it: a file, a process, a database
// that the test can look into.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { CliResult } from './cli.ts';
import { runCli } from './cli.ts';
import type { Said } from './idp.ts';
import { freePort } from './port.ts';
import { Browser } from './saml-browser.ts';
import { everything } from './saml-server.ts';
import type { Serving } from './serving.ts';
import { SECRET_KEY, serving } from './serving.ts';
import type { DatabaseKind, TestDatabase } from './store.ts';
import { newDatabase } from './store.ts';

export interface ServedOptions {
  readonly database?: DatabaseKind;
  /** Keys of the SAML connection of each organization. */
  readonly acme: Record<string, unknown>;
  readonly beta: Record<string, unknown>;
  /** Keys of the organizations, beside those that they have. */
  readonly organization?: Record<string, unknown>;
  readonly connections?: readonly Record<string, unknown>[];
  readonly mappings?: readonly Record<string, unknown>[];
  /** As people write it; 127.0.0.1 unless stated. */
  readonly host?: string;
  /** Of the process, beside its own. */
  readonly env?: Readonly<Record<string, string>>;
}

export class SamlServed {
  readonly url: string;
  readonly folder: string;
  readonly db: Database;
  readonly processes: Serving[] = [];
  readonly #database: TestDatabase;
  /** Of the process and of every command. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(url: string, folder: string, database: TestDatabase, env: Readonly<Record<string, string>>) {
    this.url = url;
    this.folder = folder;
    this.db = openDatabase(database.url);
    this.#database = database;
    this.env = { ROLLCALL_SECRET_KEY: SECRET_KEY, ...env };
  }

  static async start(options: ServedOptions): Promise<SamlServed> {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-served-'));
    const database = await newDatabase(options.database ?? 'sqlite');
    const port = await freePort();
    const url = `http://${options.host ?? '127.0.0.1'}:${port}`;
    const configuration = (ownPort: number): string =>
      JSON.stringify({
        server: { port: ownPort, publicUrl: url },
        database: { url: database.url },
        organizations: ['acme', 'beta'].map((id) => ({
          id,
          title: `${id} Inc`,
          owner: `${id === 'acme' ? 'olga' : 'berta'}@${id}.example`,
          domains: [`${id}.example`],
          ...options.organization,
        })),
        connections: [
          { id: 'acme-saml', kind: 'saml', organization: 'acme', ...options.acme },
          { id: 'beta-saml', kind: 'saml', organization: 'beta', ...options.beta },
          ...(options.connections ?? []),
        ],
        mappings: [
          { connection: 'acme-saml', group: 'label-team', organization: 'acme', role: 'reviewer' },
          { connection: 'beta-saml', group: 'label-team', organization: 'beta', role: 'reviewer' },
          ...(options.mappings ?? []),
        ],
      });
    const files: readonly (readonly [string, number])[] = [
      ['rollcall.yaml', port],
      ['other.yaml', 0],
    ];
    for (const [name, ownPort] of files) writeFileSync(join(folder, name), configuration(ownPort), { mode: 0o600 });
    const served = new SamlServed(url, folder, database, options.env ?? {});
    await served.process('rollcall.yaml');
    return served;
  }

  /** A process on this database; the second one listens on a port of its own, behind the same public address. */
  async process(file: 'rollcall.yaml' | 'other.yaml'): Promise<Serving> {
    const process = await serving({ cwd: this.folder, env: this.env }, ['--config', file]);
    this.processes.push(process);
    return process;
  }

  /** All that was logged. */
  log(): string {
    return this.processes.map((process) => process.log()).join('');
  }

  browser(localAddress?: string): Browser {
    return new Browser(this.url, localAddress);
  }

  addresses(connection: string): Pick<Said, 'acsUrl' | 'audience'> {
    const base = `${this.url}/saml/${connection}`;
    return { acsUrl: `${base}/acs`, audience: `${base}/metadata` };
  }

  async rollcall(...args: readonly string[]): Promise<CliResult> {
    return runCli([...args, '--config', 'rollcall.yaml'], { cwd: this.folder, env: this.env });
  }

  async everything(): Promise<string> {
    return everything(this.db);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.end()));
    await this.db.destroy();
    await this.#database.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The organizations that a session opens, by the address that it is of: what the API itself says. */
export async function whoIsIn(browser: Browser): Promise<{ readonly email: string; readonly opens: string[] } | null> {
  const answer = await browser.get('/api/current-user/whoami');
  if (answer.status !== 200) return null;
  const { email, org_membership: list } = (await answer.json()) as {
    email: string;
    org_membership: { organization_id: string }[];
  };
  return { email, opens: list.map(({ organization_id: id }) => id) };
}

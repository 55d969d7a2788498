// Acme and its live directory: olga owns it, anna leads, the others label. They are enough that one may go without
// suspicion. What a test needs beyond is added to the file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliOptions, CliResult } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import { Directory } from '../support/directory.ts';
import { LiveDirectory } from '../support/live-directory.ts';
import type { DatabaseKind } from '../support/store.ts';
import { newDatabase } from '../support/store.ts';

export const LABELLERS = ['ben', 'cora', 'dora', 'emil'];

export interface ConnectionLines {
  /** Settings of the server, beside its port. */
  readonly server?: string;
  readonly url?: string;
  readonly password?: string;
  /** Reads without a bind: the administrator of slapd is held to no limits. */
  readonly anonymous?: boolean;
  /** More lines of the connection. */
  readonly more?: readonly string[];
  readonly peopleBase?: string;
  readonly peopleFilter?: string;
}

export interface Corp {
  readonly directory: Directory;
  readonly live: LiveDirectory;
  readonly databaseUrl: string;
  readonly options: CliOptions;
  /** Writes a configuration; `head` are lines of its top level. */
  readonly write: (name: string, connection?: ConnectionLines, head?: readonly string[]) => void;
  readonly rollcall: (config: string, ...args: readonly string[]) => Promise<CliResult>;
  readonly remove: () => Promise<void>;
}

export async function foundCorp(database: DatabaseKind, databaseUrl?: string): Promise<Corp> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-corp-'));
  const stored = databaseUrl === undefined ? await newDatabase(database) : { url: databaseUrl, remove: async () => {} };
  const live = await LiveDirectory.start();
  const directory = new Directory();
  for (const key of ['olga', 'anna', ...LABELLERS]) directory.person(key);
  directory.group('leads', ['anna']);
  directory.group('labellers', [...LABELLERS, 'olga']);
  await live.follow(directory);
  const options = {
    cwd: folder,
    env: {
      CORP_DATABASE: stored.url,
      CORP_PASSWORD: live.slapd.password,
      CORP_EMPTY: '',
      CORP_HOOK_SECRET: 'a secret of the hook',
    },
  };
  return {
    directory,
    live,
    databaseUrl: stored.url,
    options,
    write: (name, connection = {}, head = []) =>
      writeFileSync(join(folder, name), configuration(live, connection, head), { mode: 0o600 }),
    rollcall: async (config, ...args) => runCli([...args, '--config', config], options),
    remove: async () => {
      await live.slapd.stop();
      await stored.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(live: LiveDirectory, connection: ConnectionLines, head: readonly string[]): string {
  const {
    url = live.slapd.url,
    password = '{ env: CORP_PASSWORD }',
    more = [],
    peopleBase = 'ou=people,dc=corp,dc=example',
    peopleFilter = '(objectClass=inetOrgPerson)',
    server = '',
    anonymous = false,
  } = connection;
  return `server: { port: 0${server === '' ? '' : `, ${server}`} }
database: { url: { env: CORP_DATABASE } }
${head.join('\n')}
organizations:
  - { id: acme, title: Acme, owner: olga@corp.example }
connections:
  - id: corp
    kind: ldap
    trustEmail: any
    url: ${url}
${anonymous ? '' : `    bindDn: "${live.slapd.rootDn}"\n    bindPassword: ${password}\n`}    users: { base: "${peopleBase}", filter: "${peopleFilter}" }
    groups: { base: "ou=groups,dc=corp,dc=example", filter: "(objectClass=groupOfNames)", nested: true }
${more.map((line) => `    ${line}`).join('\n')}
mappings:
  - { connection: corp, group: "cn=leads,ou=groups,dc=corp,dc=example", organization: acme, role: manager }
  - { connection: corp, group: "cn=labellers,ou=groups,dc=corp,dc=example", organization: acme, role: annotator }
`;
}

// A real OpenLDAP server for tests: own directory, free port on 127.0.0.1, gone afterwards. Where slapd is missing the
// test fails: skipped, it would say nothing of the server that most people have.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './port.ts';

export interface SlapdOptions {
  readonly suffix?: string;
  /** Further lines of slapd.conf for the database, as `sizelimit 5`. */
  readonly database?: readonly string[];
  /** Further lines before the database. */
  readonly global?: readonly string[];
  /** Entries that are there from the start; thousands in a second. They may state their entryUUID. */
  readonly entries?: string;
  /** Serves ldaps:// and StartTLS with this certificate. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export interface Ran {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export class Slapd {
  readonly url: string;
  /** ldaps://, where it was started with a certificate. */
  readonly secureUrl: string;
  readonly suffix: string;
  readonly rootDn: string;
  readonly password = 'secret';
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(
    { url, secureUrl }: { readonly url: string; readonly secureUrl: string },
    suffix: string,
    process: ChildProcess,
    directory: string,
  ) {
    this.url = url;
    this.secureUrl = secureUrl;
    this.suffix = suffix;
    this.rootDn = `cn=root,${suffix}`;
    this.#process = process;
    this.#directory = directory;
  }

  static async start(options: SlapdOptions = {}): Promise<Slapd> {
    const suffix = options.suffix ?? 'dc=test,dc=example';
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-slapd-'));
    await mkdir(join(directory, 'data'));
    const file = join(directory, 'slapd.conf');
    await writeFile(file, configuration(directory, suffix, options));
    if (options.tls !== undefined) {
      await writeFile(join(directory, 'certificate.pem'), options.tls.certificate);
      await writeFile(join(directory, 'key.pem'), options.tls.key);
    }
    if (options.entries !== undefined) {
      const ran = await run(program('slapadd'), ['-q', '-f', file], options.entries);
      if (ran.code !== 0) throw new Error(`slapadd ended with ${ran.code}: ${ran.stderr}`);
    }
    const url = `ldap://127.0.0.1:${await freePort()}`;
    const secureUrl = `ldaps://127.0.0.1:${await freePort()}`;
    const urls = options.tls === undefined ? url : `${url} ${secureUrl}`;
    // -d none keeps it in the foreground, as a child that dies with its pid.
    const child = spawn(program('slapd'), ['-d', 'none', '-h', urls, '-f', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said: string[] = [];
    child.stderr?.on('data', (data: Buffer) => said.push(data.toString()));
    const slapd = new Slapd({ url, secureUrl }, suffix, child, directory);
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.once('exit', () => process.removeListener('exit', onExit));
    for (let tries = 0; tries < 200; tries += 1) {
      if (child.exitCode !== null) break;
      const probe = await run(program('ldapsearch'), ['-x', '-H', url, '-b', '', '-s', 'base', '-LLL', '1.1']);
      if (probe.code === 0) return slapd;
      await sleep(25);
    }
    await slapd.stop();
    throw new Error(`slapd did not start: ${said.join('')}`);
  }

  /** Its addresses under another name of this machine. */
  named(host: string): { readonly url: string; readonly secureUrl: string } {
    const renamed = (url: string) => url.replace('127.0.0.1', host);
    return { url: renamed(this.url), secureUrl: renamed(this.secureUrl) };
  }

  /** Adds the entries. `relax` lets entryUUID and other operational attributes be given. */
  async load(ldif: string, { relax = false } = {}): Promise<void> {
    await this.#write('ldapadd', ldif, relax);
  }

  /** Carries out change records. */
  async modify(ldif: string, { relax = false } = {}): Promise<void> {
    await this.#write('ldapmodify', ldif, relax);
  }

  /** What ldapsearch prints; `attributes` default to everything, operational attributes too. */
  async search(
    filter: string,
    options: readonly string[] = [],
    attributes: readonly string[] = ['*', '+'],
  ): Promise<Buffer> {
    const ran = await this.trySearch(filter, options, attributes);
    if (ran.code !== 0) throw new Error(`ldapsearch ${filter} ended with ${ran.code}: ${ran.stderr}`);
    return ran.stdout;
  }

  async trySearch(
    filter: string,
    options: readonly string[] = [],
    attributes: readonly string[] = ['*', '+'],
  ): Promise<Ran> {
    const base = options.includes('-b') ? [] : ['-b', this.suffix];
    return run(program('ldapsearch'), [
      '-x',
      '-H',
      this.url,
      '-D',
      this.rootDn,
      '-w',
      this.password,
      ...base,
      ...options,
      filter,
      ...attributes,
    ]);
  }

  /** From now on it answers nobody, and hangs up on nobody. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(5_000).then(() => child.kill('SIGKILL'))]);
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #write(tool: 'ldapadd' | 'ldapmodify', ldif: string, relax: boolean): Promise<void> {
    const options = relax ? ['-e', 'relax'] : [];
    const bind = ['-x', '-H', this.url, '-D', this.rootDn, '-w', this.password];
    const ran = await run(program(tool), [...bind, ...options], ldif);
    if (ran.code !== 0) throw new Error(`${tool} ended with ${ran.code}: ${ran.stderr}`);
  }
}

const SCHEMAS = ['core', 'cosine', 'inetorgperson', 'nis', 'misc', 'dyngroup'];

function configuration(directory: string, suffix: string, options: SlapdOptions): string {
  const schemas = firstExisting(['/etc/ldap/schema', '/etc/openldap/schema', '/usr/local/etc/openldap/schema']);
  const modules = firstExisting([
    '/usr/lib/ldap',
    '/usr/lib64/openldap',
    '/usr/lib/openldap',
    '/usr/local/libexec/openldap',
  ]);
  const overlays = ['memberof', 'refint', 'ppolicy'].filter(
    (name) => existsSync(join(modules, `${name}.la`)) || existsSync(join(modules, `${name}.so`)),
  );
  return [
    ...SCHEMAS.map((name) => join(schemas, `${name}.schema`))
      .filter(existsSync)
      .map((file) => `include ${file}`),
    `modulepath ${modules}`,
    'moduleload back_mdb',
    ...overlays.map((name) => `moduleload ${name}`),
    `pidfile ${directory}/slapd.pid`,
    // Some filters of the tests are deep; none is a threat to a server of our own.
    'sizelimit unlimited',
    ...(options.tls === undefined
      ? []
      : [`TLSCertificateFile ${directory}/certificate.pem`, `TLSCertificateKeyFile ${directory}/key.pem`]),
    ...(options.global ?? []),
    'database mdb',
    // Nothing here needs to survive the machine, and syncing each write would take most of the time.
    'dbnosync',
    'maxsize 1073741824',
    `suffix "${suffix}"`,
    `rootdn "cn=root,${suffix}"`,
    'rootpw secret',
    `directory ${directory}/data`,
    'index objectClass eq',
    ...overlays.map((name) => `overlay ${name}`),
    ...(overlays.includes('refint') ? ['refint_attributes member uniqueMember'] : []),
    ...(options.database ?? []),
    '',
  ].join('\n');
}

function firstExisting(paths: readonly string[]): string {
  const found = paths.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`OpenLDAP's files are not here (${paths.join(', ')}): install slapd and ldap-utils`);
  return found;
}

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec', '/usr/local/libexec'];

function program(name: string): string {
  return firstExisting(PLACES.map((place) => join(place, name)));
}

async function run(file: string, args: readonly string[], input?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { encoding: 'buffer', maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: stderr.toString() });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

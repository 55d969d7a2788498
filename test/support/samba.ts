// A real Active Directory domain for tests: Samba as its controller, on a loopback address of its own, gone afterwards.
// It needs root: LDAP's port can't be chosen there. Where Samba is missing the tests fail, and only whoever is not root
// is spared them.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Authority } from './certificates.ts';

const run = promisify(execFile);
const SAMBA = '/usr/sbin/samba';
const TOOL = '/usr/bin/samba-tool';

/** Debian's Python, which knows Samba's modules, whatever Python the machine has beside it. */
const PYTHON = '/usr/bin/python3';

export const mayListen = process.getuid?.() === 0;

export const SUFFIX = 'DC=corp,DC=example';

const LOAD = `
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
parameters = LoadParm()
parameters.load(sys.argv[1])
directory = SamDB(url=sys.argv[2], session_info=system_session(), lp=parameters)
directory.transaction_start()
directory.add_ldif(sys.stdin.read())
directory.transaction_commit()
`;

export class Samba {
  readonly url: string;
  readonly adminDn = `CN=Administrator,CN=Users,${SUFFIX}`;
  readonly password = 'Passw0rd!x';
  /** The authority of its certificate, in PEM. */
  readonly ca: string;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(url: string, ca: string, directory: string, process: ChildProcess) {
    this.url = url;
    this.ca = ca;
    this.#directory = directory;
    this.#process = process;
  }

  /**
   * A fresh domain, in about five seconds.
   * @param entries LDIF of what stands in it from the start: ten times as fast as over the network.
   */
  static async start(entries: string): Promise<Samba> {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-samba-'));
    const part = () => 1 + Math.floor(Math.random() * 250);
    const address = `127.${part()}.${part()}.${part()}`;
    await run(TOOL, [
      ...['domain', 'provision', '--realm=CORP.EXAMPLE', '--domain=CORP', '--server-role=dc', '--dns-backend=NONE'],
      ...['--adminpass=Passw0rd!x', '--host-name=dc1', `--host-ip=${address}`, `--targetdir=${directory}`],
      ...[`--option=interfaces=${address}/8`, '--option=bind interfaces only=yes', '--option=server services=ldap'],
      // Where the file system keeps no extended attributes.
      `--option=posix:eadb=${directory}/eadb.tdb`,
    ]);
    const loading = run(PYTHON, [
      '-c',
      LOAD,
      join(directory, 'etc', 'smb.conf'),
      join(directory, 'private', 'sam.ldb'),
    ]);
    loading.child.stdin?.end(entries);
    await loading;
    const authority = new Authority();
    const { certificate, key } = authority.issue({ names: [address] });
    const tls = join(directory, 'private', 'tls');
    await writeFile(join(tls, 'ca.pem'), authority.certificate);
    await writeFile(join(tls, 'cert.pem'), certificate);
    await writeFile(join(tls, 'key.pem'), key, { mode: 0o600 });
    const child = spawn(SAMBA, ['-i', '-M', 'single', '-s', join(directory, 'etc', 'smb.conf')], { stdio: 'ignore' });
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.once('exit', () => process.removeListener('exit', onExit));
    const samba = new Samba(`ldaps://${address}`, authority.certificate, directory, child);
    for (let tries = 0; tries < 200; tries += 1) {
      if (await listens(address, 636)) return samba;
      await sleep(50);
    }
    await samba.stop();
    throw new Error('samba did not start');
  }

  /** Carries out change records, as the administrator. */
  async modify(ldif: string): Promise<void> {
    const child = run('ldapmodify', ['-x', '-H', this.url, '-D', this.adminDn, '-w', this.password], {
      env: this.#trusting(),
    });
    child.child.stdin?.end(ldif);
    await child;
  }

  /** The value of an attribute of one entry, as ldapsearch prints it. */
  async valueOf(dn: string, attribute: string): Promise<string> {
    const bind = ['-x', '-LLL', '-H', this.url, '-D', this.adminDn, '-w', this.password];
    const { stdout } = await run('ldapsearch', [...bind, '-b', dn, '-s', 'base', '(objectClass=*)', attribute], {
      env: this.#trusting(),
    });
    return new RegExp(`^${attribute}:+ (.*)$`, 'm').exec(stdout)?.[1] ?? '';
  }

  #trusting(): NodeJS.ProcessEnv {
    return { ...process.env, LDAPTLS_CACERT: join(this.#directory, 'private', 'tls', 'ca.pem') };
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
}

async function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port }, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

// Before the tests: slapd, Samba and the LDAP command-line tools, SimpleSAMLphp and a browser, which no npm package brings.
// Without them tests could only be skipped, and a skipped test proves nothing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

/** What a test starts, and the Debian package that it comes with. */
const PROGRAMS = new Map([
  ['slapd', 'slapd'],
  ['slapadd', 'slapd'],
  ['ldapsearch', 'ldap-utils'],
  ['ldapadd', 'ldap-utils'],
  ['ldapmodify', 'ldap-utils'],
  ['chromium', 'chromium'],
  ['php', 'php-cli'],
  // No program: it is found by the name of a file.
  ['/usr/share/simplesamlphp/www/index.php', 'simplesamlphp'],
]);

/** A domain controller of Active Directory, for whoever may start one: LDAP's port there is root's. */
const SAMBA = new Map([
  ['samba', 'samba'],
  ['samba-tool', 'samba-common-bin'],
  ['winbindd', 'winbind'],
  ['/usr/lib/python3/dist-packages/samba/samdb.py', 'python3-samba'],
  ['/usr/share/samba/setup/provision.ldif', 'samba-ad-provision'],
  // The folder is named for the kind of processor.
  ['/usr/lib/*/samba/ldb/samba_dsdb.so', 'samba-dsdb-modules'],
  ['/usr/lib/*/samba/vfs/acl_xattr.so', 'samba-vfs-modules'],
]);
const ROOT = process.getuid?.() === 0;

// Servers stand where the PATH of an ordinary user does not reach; `--path` stands in for all of it in a test.
const { values } = parseArgs({ options: { path: { type: 'string' } } });
const folders = (
  values.path ?? `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/libexec`
).split(delimiter);

const needed = packagesMissing();
if (needed.length > 0) install(needed);

function packagesMissing(): readonly string[] {
  const missing = [...PROGRAMS, ...(ROOT ? SAMBA : [])].filter(([name]) => !isThere(name));
  return [...new Set(missing.map(([, name]) => name))];
}

function isThere(name: string): boolean {
  if (name.startsWith('/')) return globSync(join(values.path ?? '/', name)).length > 0;
  return folders.some((folder) => isProgram(join(folder, name)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(packages: readonly string[]): void {
  const wish = `apt-get install ${packages.join(' ')}`;
  if (!ROOT) stop(`the tests need ${packages.join(' and ')}: as root, run \`${wish}\``);
  console.error(`Installing ${packages.join(' and ')} for the tests…`);
  const quiet = ['-qq', '-y', '--no-install-recommends'];
  // A machine without package lists knows no package: they are fetched when the first attempt fails, not every time.
  if (!runs(['install', ...quiet, ...packages])) {
    if (!runs(['update', '-qq'])) stop(`cannot fetch the package lists: run \`apt-get update\` and \`${wish}\``);
    if (!runs(['install', ...quiet, ...packages])) stop(`cannot install ${packages.join(' and ')}: run \`${wish}\``);
  }
  const left = packagesMissing();
  if (left.length > 0) stop(`${left.join(' and ')} is installed and its programs are not in the PATH`);
}

function runs(args: readonly string[]): boolean {
  // What apt says goes to standard error; the package's own questions are answered by its defaults, and the system's
  // slapd is not started: every test starts its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', [...args], { stdio: ['ignore', 2, 2], env }).status === 0;
}

function stop(reason: string): never {
  console.error(`prepare: ${reason}`);
  process.exit(1);
}

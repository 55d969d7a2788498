// Before the tests: slapd and the LDAP command-line tools, SimpleSAMLphp and a browser, which no npm package brings.
// Without them tests could only be skipped, and a skipped test proves nothing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
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

// Servers stand where the PATH of an ordinary user does not reach; `--path` stands in for all of it in a test.
const { values } = parseArgs({ options: { path: { type: 'string' } } });
const folders = (
  values.path ?? `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/libexec`
).split(delimiter);

const needed = packagesMissing();
if (needed.length > 0) install(needed);

function packagesMissing(): readonly string[] {
  const missing = [...PROGRAMS].filter(([name]) => !isThere(name));
  return [...new Set(missing.map(([, name]) => name))];
}

function isThere(name: string): boolean {
  if (name.startsWith('/')) return existsSync(join(values.path ?? '/', name));
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
  if (process.getuid?.() !== 0) stop(`the tests need ${packages.join(' and ')}: as root, run \`${wish}\``);
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

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A folder that stands in for the whole PATH; `apt-get` in it writes down how it is called, and then acts. */
function prepare(aptGet: string): { code: number | null; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-prepare-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'apt-get'), `#!/bin/sh\necho "apt-get $*" >&2\n${aptGet}\n`);
  chmodSync(join(folder, 'apt-get'), 0o755);
  for (const name of ['sh', 'touch', 'chmod', 'mkdir']) symlinkSync(join('/bin', name), join(folder, name));
  const { status, stdout, stderr } = spawnSync(
    `${ROOT}node_modules/.bin/node`,
    [join(ROOT, 'test/support/prepare.ts'), '--path', folder],
    { encoding: 'utf8', env: { PATH: folder, HERE: folder } },
  );
  return { code: status, stdout, stderr };
}

const FILES = [
  'usr/share/simplesamlphp/www/index.php',
  'usr/lib/python3/dist-packages/samba/samdb.py',
  'usr/share/samba/setup/provision.ldif',
  'usr/lib/some-processor/samba/ldb/samba_dsdb.so',
  'usr/lib/some-processor/samba/vfs/acl_xattr.so',
];
const NAMES = 'slapd slapadd ldapsearch ldapadd ldapmodify chromium php samba samba-tool winbindd';
const INSTALL = `${FILES.map((file) => `mkdir -p "$HERE/${dirname(file)}"; touch "$HERE/${file}"`).join('; ')}; for name in ${NAMES}; do touch "$HERE/$name"; chmod +x "$HERE/$name"; done`;

test('where the programs are there, nothing is installed and nothing is said', () => {
  const args = [join(ROOT, 'test/support/prepare.ts')];
  const { status, stdout, stderr } = spawnSync(`${ROOT}node_modules/.bin/node`, args, { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

const SUCCEEDS_WITH_LISTS = `case "$*" in update*) touch "$HERE/lists";; esac
case "$*" in install*) [ -e "$HERE/lists" ] || exit 100; ${INSTALL};; esac`;

interface Case {
  readonly name: string;
  readonly aptGet: string;
  readonly code: number;
  readonly calls: readonly string[];
  readonly last: RegExp;
}

const AS_ROOT: readonly Case[] = [
  {
    name: 'root installs them, and fetches the package lists when they are not known',
    aptGet: SUCCEEDS_WITH_LISTS,
    code: 0,
    calls: ['apt-get install', 'apt-get update', 'apt-get install'],
    last: /slapd ldap-utils chromium php-cli simplesamlphp samba samba-common-bin winbind python3-samba samba-ad-provision samba-dsdb-modules samba-vfs-modules$/,
  },
  {
    name: 'an installation that fails stops the tests and says what to run',
    aptGet: 'exit 100',
    code: 1,
    calls: ['apt-get install', 'apt-get update'],
    last: /^prepare: cannot fetch the package lists: run `apt-get update` and `apt-get install slapd ldap-utils chromium php-cli simplesamlphp samba samba-common-bin winbind python3-samba samba-ad-provision samba-dsdb-modules samba-vfs-modules`$/,
  },
  {
    name: 'an installation that installs nothing is noticed',
    aptGet: 'exit 0',
    code: 1,
    calls: ['apt-get install'],
    last: /^prepare: slapd and ldap-utils and chromium and php-cli and simplesamlphp and samba and samba-common-bin and winbind and python3-samba and samba-ad-provision and samba-dsdb-modules and samba-vfs-modules is installed and its programs are not in the PATH$/,
  },
];

const AS_ANYBODY: readonly Case[] = [
  {
    name: 'others are told what to install, and the tests do not go on',
    aptGet: 'exit 0',
    code: 1,
    calls: [],
    last: /^prepare: the tests need slapd and ldap-utils and chromium and php-cli and simplesamlphp: as root, run `apt-get install slapd ldap-utils chromium php-cli simplesamlphp`$/,
  },
];

// Who runs the tests decides which half can be seen.
test.each(process.getuid?.() === 0 ? AS_ROOT : AS_ANYBODY)('$name', ({ aptGet, code, calls, last }) => {
  const ran = prepare(aptGet);
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
  expect(ran.stderr.match(/^apt-get \w+/gm) ?? []).toEqual(calls);
  expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(last);
});

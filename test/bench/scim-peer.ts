// The peer that SCIM is measured beside: `@boxyhq/saml-jackson` (Ory Polis) at one exact version, in a folder of its own
// that no commit holds. It is large, so it is fetched when the bench first runs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Call } from './scim-client.ts';
import { caller } from './scim-client.ts';

const PACKAGE = '@boxyhq/saml-jackson';
export const PEER_VERSION = '26.2.0';
const SQLITE_VERSION = '13.2.0';
const FOLDER = fileURLToPath(new URL('../../.bench/peer', import.meta.url));
const SERVER = fileURLToPath(new URL('scim-peer-server.ts', import.meta.url));

export interface Serving {
  readonly name: string;
  readonly call: Call;
  readonly stop: () => Promise<void>;
}

/** As `npm ci` would, but beside the project: nobody who only runs the tests needs 270 MB of it. */
export function installPeer(): void {
  if (existsSync(join(FOLDER, 'node_modules', PACKAGE))) return;
  console.log(`fetching ${PACKAGE} ${PEER_VERSION} into ${FOLDER}`);
  mkdirSync(FOLDER, { recursive: true });
  // The version of better-sqlite3 that it asks for aborts under Node 24; the next one needs no compiler either.
  const file = { private: true, overrides: { 'better-sqlite3': SQLITE_VERSION } };
  writeFileSync(join(FOLDER, 'package.json'), `${JSON.stringify(file)}\n`);
  const options = ['--no-audit', '--no-fund', '--save-exact'];
  execFileSync('npm', ['install', ...options, `${PACKAGE}@${PEER_VERSION}`], { cwd: FOLDER, stdio: 'inherit' });
}

/** @param db what the peer's own option `db` takes */
export async function startPeer(name: string, db: object): Promise<Serving> {
  const child = spawn(process.execPath, [SERVER, FOLDER, JSON.stringify(db)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [port = '', secret = ''] = await new Promise<string[]>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      const found = /^listening (\d+) (\S+)$/m.exec(said);
      if (found !== null) resolve(found.slice(1));
    });
    child.once('close', (code) => reject(new Error(`the peer ended with ${code}: ${said}`)));
  });
  return {
    name,
    call: caller(`http://127.0.0.1:${port}`, secret),
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

// Rollcall as the SCIM bench measures it: the real `serve` in a process of its own, and a store filled with people.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/port.ts';
import type { Call } from './scim-client.ts';
import { caller } from './scim-client.ts';
import type { Serving } from './scim-peer.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Creates in one bulk request. */
const AT_ONCE = 1_000;
/** Groups `Team 0`, `Team 1`, … that a mapping names, so that who joins them changes a role. */
const MAPPED_GROUPS = 20;

export interface Rollcall extends Serving {
  /** A second connection of the same server, for what depends on how many people there are. */
  readonly other: Call;
}

export async function startRollcall(name: string, folder: string, database: string): Promise<Rollcall> {
  const port = await freePort();
  const file = join(folder, `${port}.json`);
  writeFileSync(file, configuration(port, database), { mode: 0o600 });
  const profile = process.env['BENCH_PROFILE'];
  const options = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...options, MAIN, 'serve', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ROLLCALL_SECRET_KEY: Buffer.alloc(32, 7).toString('base64') },
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (/listening on /.test(said)) resolve();
    });
    child.once('close', (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  const base = `http://127.0.0.1:${port}/scim/v2`;
  return {
    name,
    call: caller(base, 'token-of-acme'),
    other: caller(base, 'token-of-globex'),
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** Makes people and gives their ids, in order. */
export async function fill(call: Call, people: number, userOf: (nth: number) => object): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < people; from += AT_ONCE) {
    const nths = Array.from({ length: Math.min(AT_ONCE, people - from) }, (_, at) => from + at);
    const { text } = await call('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: nths.map((nth) => ({ method: 'POST', path: '/Users', bulkId: `${nth}`, data: userOf(nth) })),
    });
    const { Operations: made } = JSON.parse(text) as { Operations: { location?: string }[] };
    for (const { location = '' } of made) ids.push(location.slice(location.lastIndexOf('/') + 1));
  }
  return ids;
}

/** JSON is YAML too. */
function configuration(port: number, url: string): string {
  const organizations = ['acme', 'globex'].map((id) => ({
    id,
    title: id,
    owner: `owner@${id}.example`,
    defaultRole: 'annotator',
    domains: [`${id}.example`],
  }));
  return JSON.stringify({
    server: { host: '127.0.0.1', port, publicUrl: `http://127.0.0.1:${port}` },
    database: { url },
    limits: { scimRequestsPerSecond: 0 },
    organizations,
    connections: organizations.map(({ id }) => ({
      id: `${id}-scim`,
      kind: 'scim',
      organization: id,
      token: `token-of-${id}`,
    })),
    mappings: Array.from({ length: MAPPED_GROUPS }, (_, nth) => ({
      connection: 'acme-scim',
      group: `Team ${nth}`,
      organization: 'acme',
      role: 'reviewer',
    })),
  });
}

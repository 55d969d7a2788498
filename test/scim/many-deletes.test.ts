// Law 6 where it is hardest: single deletes, each harmless, from many clients through two real processes at once. The
// budget is spent to the last person and not one more; the client is told the same of each.
// ROLLCALL_TEST_DELETES=5000 makes it as large as a company.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { freePort } from '../support/port.ts';
import { newPostgresDatabase } from '../support/postgres-databases.ts';
import type { Serving } from '../support/serving.ts';
import { startServe } from '../support/serve.ts';

const PEOPLE = Number(process.env['ROLLCALL_TEST_DELETES'] ?? 100);
const DELETED = PEOPLE * 0.6;
const BUDGET = PEOPLE * 0.2;
const CLIENTS = 20;
const AT_ONCE = 500;
const LONGEST_MS = 600_000;

test('a client that deletes most of a company through two processes takes the budget exactly, and the rest is held', {
  timeout: LONGEST_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-deletes-'));
  const database = await newPostgresDatabase();
  onTestFinished(async () => {
    await database.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'rollcall.yaml');
  const text = `database: { url: "${database.url}" }
limits: { scimRequestsPerSecond: 0 }
organizations:
  - { id: acme, owner: olga@acme.example, defaultRole: annotator, domains: [acme.example] }
connections: [{ id: acme-scim, kind: scim, organization: acme, token: s3cret }]
`;
  const start = async (): Promise<Serving> => {
    writeFileSync(file, `${text}server: { port: ${await freePort()} }\n`, { mode: 0o600 });
    return startServe({ longestMs: LONGEST_MS }, '--config', file);
  };
  const rollcall = async (...args: string[]): Promise<unknown> => {
    const { code, json, stderr } = await runCli([...args, '--json', '--config', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return json();
  };

  const ids: string[] = [];
  const both = [await start(), await start()] as const;
  for (let from = 0; from < PEOPLE; from += AT_ONCE) {
    const Operations = Array.from({ length: Math.min(AT_ONCE, PEOPLE - from) }, (_, at) => {
      return { method: 'POST', path: '/Users', bulkId: `${at}`, data: { userName: `p${from + at}@acme.example` } };
    });
    const made = (await (await call(both[0], 'POST', '/Bulk', { Operations })).json()) as {
      Operations: { location: string }[];
    };
    ids.push(...made.Operations.map(({ location }) => location.slice(location.lastIndexOf('/') + 1)));
  }
  const leaving = ids.slice(0, DELETED);
  const statuses = new Set<number>();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const door = both[client % 2] ?? both[0];
      for (let id = leaving.shift(); id !== undefined; id = leaving.shift()) {
        statuses.add((await call(door, 'DELETE', `/Users/${id}`)).status);
      }
    }),
  );
  console.log(`${DELETED} deletes of ${PEOPLE} in ${Math.round(performance.now() - began)} ms`);
  expect([...statuses]).toEqual([204]);

  // What was pushed reads back as pushed, at either process.
  for (const door of both) {
    const list = (await (await call(door, 'GET', '/Users?count=0')).json()) as { totalResults: number };
    expect(list.totalResults).toBe(PEOPLE - DELETED);
    expect((await call(door, 'GET', `/Users/${ids[DELETED - 1]}`)).status).toBe(404);
    expect((await call(door, 'GET', `/Users/${ids[DELETED]}`)).status).toBe(200);
  }
  await Promise.all(both.map(({ end }) => end()));
  const { members } = (await rollcall('members', '--organization', 'acme')) as { members: { status: string }[] };
  expect(members.filter(({ status }) => status === 'deactivated')).toHaveLength(BUDGET);
  const { holds } = (await rollcall('holds')) as { holds: { state: string; changes: { held: boolean }[] }[] };
  expect(holds.map(({ state, changes }) => [state, changes.length])).toEqual([['open', DELETED - BUDGET]]);
  await rollcall('recompute', '--check');
});

async function call({ url }: Serving, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${url}/scim/v2${path}`, {
    method,
    headers: { Authorization: 'Bearer s3cret', 'Content-Type': 'application/scim+json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

// `rollcall deliveries` as an operator starts it, and channels as the configuration file states them.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { channelsOf } from '../../src/cli/channels.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createDeliverer } from '../../src/delivery/deliverer.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { runCli } from '../support/cli.ts';
import { Directory } from '../support/directory.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver, status } from './receiver.ts';

let folder = '';
let receiver: Receiver;
let db: Database;
const printed: string[] = [];
const directory = new Directory();

const rollcall = (...args: string[]) => runCli([...args, '--config', 'rollcall.yaml'], { cwd: folder, env: ENV });
const ENV = { HOOK_SECRET: 's3cret-of-the-hook' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-deliveries-'));
  receiver = await startReceiver();
  const file = join(folder, 'rollcall.yaml');
  writeFileSync(
    file,
    `database: { url: "sqlite:./r.db" }
operators: [ops@vendor.example]
organizations:
  - { id: acme, title: Acme, owner: olga@corp.example }
connections:
  - id: corp
    kind: ldap
    trustEmail: any
    url: ldap://127.0.0.1
    users: { base: "ou=people,dc=corp,dc=example", filter: "(objectClass=inetOrgPerson)", disabled: { attribute: employeeType, values: [left] } }
    groups: { base: "ou=groups,dc=corp,dc=example", filter: "(objectClass=groupOfNames)" }
mappings:
  - { connection: corp, group: "cn=leads,ou=groups,dc=corp,dc=example", organization: acme, role: administrator }
escalation:
  - { channel: webhook, url: "${receiver.url}", secret: { env: HOOK_SECRET } }
`,
  );
  chmodSync(file, 0o600);
  for (const key of ['olga', 'anna', 'ben']) directory.person(key);
  directory.group('leads', ['anna', 'ben', 'olga']);
  expect((await rollcall('apply')).code).toBe(0);
  expect((await sync()).code).toBe(0);
  directory.people.get('olga')!.left = true;
  expect((await sync()).code).toBe(0);
  db = openDatabase(`sqlite:${join(folder, 'r.db')}`);
});
afterAll(async () => {
  await db.destroy();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

function sync() {
  writeFileSync(join(folder, 'corp.ldif'), directory.ldif());
  return rollcall('sync', 'corp', '--ldif', 'corp.ldif');
}

const round = () =>
  createDeliverer({
    db,
    channels: channelsOf(loadConfig({ file: join(folder, 'rollcall.yaml'), env: ENV, secrets: 'all' }), {
      env: ENV,
      print: (line) => printed.push(line),
    }),
    now: () => new Date().toISOString(),
    log: () => undefined,
  }).deliverDue();

test('a vacancy that nobody takes in is listed with its error, retried, delivered, and then escalated', async () => {
  // Only `serve` sends: the commands above wrote what is to be told, and told nobody.
  expect(receiver.received).toEqual([]);
  receiver.answer = status(410);
  await round();
  const listed = (await rollcall('deliveries', '--json')).json() as { deliveries: { id: string }[] };
  expect(listed.deliveries).toMatchObject([
    { type: 'vacancy.opened', organization: 'acme', state: 'dead', attempts: 1, overtaken: false },
  ]);
  expect((await rollcall('deliveries')).stdout).toMatch(/answered 410/);
  const [{ id }] = listed.deliveries as [{ id: string }];
  expect((await rollcall('deliveries', 'retry', id, '--json')).json()).toEqual({ retried: [id], overtaken: [] });
  expect((await rollcall('deliveries', 'retry', id)).code).toBe(2);
  receiver.answer = status(200, {}, '{"case": "SUP-1"}');
  await round();
  expect((await rollcall('deliveries')).stdout).toBe('everything has arrived\n');
  expect((await rollcall('vacancies', '--json')).json()).toMatchObject({
    vacancies: [{ state: 'escalated', case: 'SUP-1', former_owner: 'olga@corp.example' }],
  });
});

test('no secret of a channel is in the database', () => {
  for (const name of ['r.db', 'r.db-wal'])
    expect(readFileSync(join(folder, name)).includes(ENV.HOOK_SECRET)).toBe(false);
});

test('an unknown action is one clear line', async () => {
  const { code, stderr } = await rollcall('deliveries', 'resend');
  expect([code, stderr]).toEqual([2, 'rollcall: deliveries knows list and retry, not resend\n']);
});

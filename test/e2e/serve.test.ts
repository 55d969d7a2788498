// The real `serve`: it says truly whether it can serve, ends when it is asked to and can be started again, and what it
// has to tell arrives once.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { startReceiver } from '../delivery/receiver.ts';
import { startServer } from '../support/postgres.ts';
import { databaseUrl } from '../support/postgres-databases.ts';
import { startServe } from '../support/serve.ts';
import { until } from '../support/serving.ts';
import { foundCorp, LABELLERS } from './corp.ts';

async function status(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

/** Sends a request but for its last line; what comes back once that is sent too. */
async function halfAsked(url: string, path: string): Promise<() => Promise<string>> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  return async () => {
    socket.write('Connection: close\r\n\r\n');
    await closed;
    return answer;
  };
}

test('it is ready until its Postgres is gone or it is asked to end, ends in seconds, and starts again', async () => {
  const postgres = await startServer();
  const corp = await foundCorp('postgres', databaseUrl(postgres.url, 'postgres'));
  onTestFinished(corp.remove);
  corp.write('rollcall.yaml');
  const first = await startServe(corp.options, '--config', 'rollcall.yaml');
  expect(await status(`${first.url}/healthz`)).toBe(200);
  expect(await status(`${first.url}/readyz`)).toBe(200);

  const asked = await halfAsked(first.url, '/readyz');
  await sleep(100);
  const began = performance.now();
  const ended = first.end();
  await first.said(/SIGTERM: ending/);
  expect(await asked()).toMatch(/^HTTP\/1\.1 503 [^]*"code":"stopping"/);
  expect(await ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(5_000);

  const second = await startServe(corp.options, '--config', 'rollcall.yaml');
  expect(await status(`${second.url}/readyz`)).toBe(200);
  await postgres.stop();
  expect(await status(`${second.url}/healthz`)).toBe(200);
  expect(await status(`${second.url}/readyz`)).toBe(503);
  const without = performance.now();
  expect(await second.end()).toBe(0);
  expect(performance.now() - without).toBeLessThan(5_000);
});

test('a balancer sees that the process is ending before it stops listening, so that nobody is sent to a closed port', async () => {
  const corp = await foundCorp('sqlite');
  onTestFinished(corp.remove);
  corp.write('rollcall.yaml', { server: 'drain: 1s' });
  const serve = await startServe(corp.options, '--config', 'rollcall.yaml');
  expect(await status(`${serve.url}/readyz`)).toBe(200);
  const began = performance.now();
  const ended = serve.end();
  await serve.said(/SIGTERM: ending/);
  const late = await fetch(`${serve.url}/readyz`, { headers: { connection: 'close' } });
  expect([late.status, await late.json()]).toMatchObject([503, { code: 'stopping' }]);
  expect(await status(`${serve.url}/user/login`)).toBe(200);
  expect(await ended).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(1_000);
  await expect(fetch(`${serve.url}/readyz`)).rejects.toThrow('fetch failed');
});

test('a run under way ends at its next safe point when the process is asked to end, and takes nothing away', async () => {
  const corp = await foundCorp('sqlite');
  onTestFinished(corp.remove);
  corp.write('rollcall.yaml', { more: ['schedule: "* * * * *"'] });
  const first = await startServe(corp.options, '--config', 'rollcall.yaml');
  const db = openDatabase(corp.databaseUrl);
  onTestFinished(() => db.destroy());
  await until('the schedule looks', async () => (await db('schedules').first()) !== undefined);
  // As if its last look were long ago, so that no minute is waited for.
  corp.live.slapd.pause();
  await db('schedules').update({ looked_at: '2026-01-01T00:00:00.000Z' });
  await until(
    'a run is under way',
    async () => (await db('runs').where({ kind: 'sync', state: 'reading' }).first()) !== undefined,
  );
  const began = performance.now();
  expect(await first.end()).toBe(0);
  console.log(`ended within ${Math.round(performance.now() - began)} ms of the signal, in the middle of a read`);
  expect(performance.now() - began).toBeLessThan(5_000);
  corp.live.slapd.resume();
  expect(await db('runs').where({ kind: 'sync' }).select('state')).toEqual([{ state: 'failed' }]);
  expect(await db('leases').where('name', 'sync corp')).toEqual([]);

  const again = await corp.rollcall('rollcall.yaml', 'sync', 'corp');
  expect(again.code, again.stderr).toBe(0);
  const members = await corp.rollcall('rollcall.yaml', 'members', '--organization', 'acme', '--json');
  expect((members.json() as { members: unknown[] }).members).toHaveLength(6);
});

test('a lost Owner reaches the support desk as one case, signed, and its end as well', async () => {
  const receiver = await startReceiver();
  onTestFinished(receiver.close);
  const corp = await foundCorp('sqlite');
  onTestFinished(corp.remove);
  corp.write('rollcall.yaml', {}, [
    'escalation:',
    `  - { channel: webhook, url: "${receiver.url}", secret: { env: CORP_HOOK_SECRET } }`,
  ]);
  const first = await startServe(corp.options, '--config', 'rollcall.yaml');
  expect((await corp.rollcall('rollcall.yaml', 'sync', 'corp')).code).toBe(0);
  corp.directory.people.delete('olga');
  corp.directory.groups.get('labellers')!.members = LABELLERS;
  await corp.live.follow(corp.directory);
  expect((await corp.rollcall('rollcall.yaml', 'sync', 'corp')).code).toBe(0);
  await until('the case is opened', () => receiver.received.length > 0);
  // The same again, another process, and a second to be told twice in.
  expect((await corp.rollcall('rollcall.yaml', 'sync', 'corp')).code).toBe(0);
  expect(await first.end()).toBe(0);
  const second = await startServe(corp.options, '--config', 'rollcall.yaml');
  await sleep(1_500);
  // Somebody signed up under her address, and never showed that it is theirs: the desk is told.
  const db = openDatabase(corp.databaseUrl);
  onTestFinished(async () => db.destroy());
  const anna: { id: string } = await db('accounts').where({ email: 'anna@corp.example' }).first();
  await db('credentials').insert({ account: anna.id, password: 'a hash' }).onConflict('account').merge();
  await db('credentials').where({ account: anna.id }).update({ proven_at: null });
  const reason = ['--to', 'anna@corp.example', '--reason', 'she asked for it'];
  const assigned = await corp.rollcall('rollcall.yaml', 'vacancies', 'assign', 'acme', ...reason);
  expect([assigned.code, assigned.stderr]).toEqual([0, expect.stringContaining('has never shown')]);
  await until('the case is closed', () => receiver.received.length > 1);
  expect(await second.end()).toBe(0);
  const verifier = new Webhook(Buffer.from('a secret of the hook'), { format: 'raw' });
  const told = receiver.received.map(({ body, headers }) => verifier.verify(body, headers as Record<string, string>));
  expect(told).toMatchObject([
    { type: 'vacancy.opened', organization: 'acme' },
    { type: 'vacancy.resolved', organization: 'acme' },
  ]);
  expect(new Set(receiver.received.map(({ event }) => event.subject)).size).toBe(1);
});

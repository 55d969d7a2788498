// kill -9 in every phase of a run over a real directory of 20,000 people, again and again: in the end the store holds
// what it holds after an undisturbed run, and every event of it has arrived. How often in each phase says
// ROLLCALL_TEST_KILLS: ten by `npm run test:kill`, fewer in every test run, since each kill costs seconds.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Receiver } from '../delivery/receiver.ts';
import { startReceiver } from '../delivery/receiver.ts';
import type { CliOptions } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import { startServe, until } from '../support/serve.ts';
import { Slapd } from '../support/slapd.ts';
import { CROWD_SUFFIX, crowd, crowdConfiguration } from './crowd.ts';
import type { Counts, Phase } from './kill.ts';
import { durations, killIn, PHASES } from './kill.ts';
import { outcome } from './outcome.ts';

const KILLS = Number(process.env['ROLLCALL_TEST_KILLS'] ?? 3);
const ORGANIZATIONS = 80;
/** A machine that is slower than when it was measured makes some kills come too early or too late. */
const ATTEMPTS = 4;
const SYNC = ['sync', 'crowd', '--config', 'second.yaml'];

let folder = '';
let slapds: Slapd[] = [];
let receiver: Receiver;
let expected: Awaited<ReturnType<typeof outcome>>;
let took: Counts;

function optionsOf(url: string): CliOptions {
  return { cwd: folder, env: { CROWD_DATABASE: url } };
}

async function rollcall(url: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCli(args, optionsOf(url));
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
}

const sqlite = (name: string): string => `sqlite:${join(folder, `${name}.db`)}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-killed-'));
  receiver = await startReceiver();
  const start = (day: 'first' | 'second') => Slapd.start({ suffix: CROWD_SUFFIX, entries: crowd(day, ORGANIZATIONS) });
  slapds = await Promise.all([start('first'), start('second')]);
  for (const [at, name] of ['first.yaml', 'second.yaml'].entries())
    writeFileSync(join(folder, name), crowdConfiguration(ORGANIZATIONS, slapds[at]?.url ?? '', receiver.url));
  await rollcall(sqlite('first'), 'apply', '--config', 'first.yaml');
  await rollcall(sqlite('first'), 'sync', 'crowd', '--config', 'first.yaml');
  cpSync(join(folder, 'first.db'), join(folder, 'twin.db'));
  const db = openDatabase(sqlite('twin'));
  took = await durations({ db, args: SYNC, options: optionsOf(sqlite('twin')) });
  expected = await outcome(db);
  await db.destroy();
  expect(expected['memberships']?.length).toBeGreaterThan(20_000);
  expect(expected['vacancies']).toHaveLength(ORGANIZATIONS);
}, 240_000);
afterAll(async () => {
  await receiver.close();
  for (const slapd of slapds) await slapd.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Kills until each phase had its share or the run is through; adds to what was counted. */
async function killAll(db: Database, url: string, wanted: number, counted: Counts): Promise<void> {
  const options = optionsOf(url);
  for (const phase of PHASES) {
    // A commit goes on where it was killed, so that its kills share one.
    const window = phase === 'commit' ? took.commit / (wanted + 1) : took[phase] * 0.9;
    for (let attempt = 0; attempt < wanted * ATTEMPTS && counted[phase] < wanted; attempt += 1) {
      const died: Phase | null = await killIn(phase, window, { db, args: SYNC, options });
      if (died === null) return;
      counted[died] += 1;
    }
  }
}

async function killedAndGoneOn(url: string, wanted: number, again: () => Promise<void>): Promise<void> {
  const counted: Counts = { read: 0, plan: 0, commit: 0 };
  const isDone = (): boolean => PHASES.every((phase) => counted[phase] >= wanted);
  for (let round = 0; round < ATTEMPTS && !isDone(); round += 1) {
    if (round > 0) await again();
    const db = openDatabase(url);
    await killAll(db, url, wanted, counted);
    await rollcall(url, ...SYNC);
    const found = await outcome(db);
    await db.destroy();
    for (const [what, lines] of Object.entries(expected)) expect(found[what], what).toEqual(lines);
  }
  const at = PHASES.map((phase) => `${phase} ${counted[phase]}`).join(', ');
  console.log(
    `killed in ${at}; undisturbed they take ${PHASES.map((one) => `${Math.round(took[one])} ms`).join(', ')}`,
  );
  expect(isDone(), at).toBe(true);
  await rollcall(url, 'recompute', '--check', '--config', 'second.yaml');
}

test('killed in read, plan and commit, a run on SQLite ends as if nobody had disturbed it', {
  timeout: 600_000,
}, async () => {
  const again = async (): Promise<void> => {
    for (const part of ['', '-wal', '-shm']) rmSync(join(folder, `victim.db${part}`), { force: true });
    cpSync(join(folder, 'first.db'), join(folder, 'victim.db'));
  };
  await again();
  await killedAndGoneOn(sqlite('victim'), KILLS, again);
});

test('killed while it delivers, serve tells every lost Owner at least once', { timeout: 300_000 }, async () => {
  const url = sqlite('twin');
  const db = openDatabase(url);
  onTestFinished(() => db.destroy());
  receiver.answer = (response) => void setTimeout(() => response.writeHead(204).end(), 400);
  const waiting = async (): Promise<number> => (await db('deliveries').where({ state: 'waiting' })).length;
  let underWay = '';
  for (let kill = 0; kill < KILLS; kill += 1) {
    const serving = await startServe(optionsOf(url), '--config', 'second.yaml');
    const before = receiver.received.length;
    await until('something is delivered', () => receiver.received.length > before);
    await sleep(Math.random() * 500);
    await serving.end('SIGKILL');
    const claimed = await db('deliveries').whereNotNull('claim').where({ state: 'waiting' });
    underWay += ` ${claimed.length}`;
    expect(await waiting(), 'left to deliver at each kill').toBeGreaterThan(0);
    // The dead process's claims run out; their minute is not waited for.
    await db('deliveries').whereNotNull('claim').update({ claimed_until: '2026-01-01T00:00:00.000Z' });
  }
  receiver.answer = (response) => response.writeHead(204).end();
  const last = await startServe(optionsOf(url), '--config', 'second.yaml');
  await until('everything is delivered', async () => (await waiting()) === 0);
  expect(await last.end()).toBe(0);
  const ids = new Set(receiver.received.map(({ event }) => event.id));
  console.log(
    `killed in deliver ${KILLS}, under way:${underWay}; ${ids.size} events, ${receiver.received.length} arrivals`,
  );
  const opened: { id: string }[] = await db('events').where({ type: 'vacancy.opened' }).select('id');
  expect(opened).toHaveLength(ORGANIZATIONS);
  expect(opened.filter(({ id }) => !ids.has(id))).toEqual([]);
});

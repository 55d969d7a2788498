// kill -9 in every phase of a run over a real directory, again and again: in the end the store holds
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
import { asAdministrator, databaseUrl, newPostgresDatabase } from '../support/postgres-databases.ts';
import type { DatabaseKind } from '../support/store.ts';
import { startServe } from '../support/serve.ts';
import { until } from '../support/serving.ts';
import { Slapd } from '../support/slapd.ts';
import { CROWD_SUFFIX, crowd, crowdConfiguration } from './crowd.ts';
import type { Counts, Phase } from './kill.ts';
import { durations, killIn, PHASES } from './kill.ts';
import { outcome } from './outcome.ts';

const KILLS = Number(process.env['ROLLCALL_TEST_KILLS'] ?? 1);
/** A machine that is slower than when it was measured makes some kills come too early or too late. */
const ATTEMPTS = 4;
const SYNC = ['sync', 'crowd', '--config', 'second.yaml'];

let folder = '';
let slapds: Slapd[] = [];
let receiver: Receiver;
let stores: Stores;
let expected: Awaited<ReturnType<typeof outcome>>;
let took: Counts;

function optionsOf(url: string): CliOptions {
  return { cwd: folder, env: { CROWD_DATABASE: url } };
}

async function rollcall(url: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCli(args, optionsOf(url));
  expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
}

/** The store of the first day, and copies of it. */
interface Stores {
  readonly first: string;
  readonly copy: () => Promise<string>;
  readonly remove: () => Promise<void>;
}

async function openStores(kind: DatabaseKind): Promise<Stores> {
  let copies = 0;
  if (kind === 'sqlite') {
    const file = (name: string): string => join(folder, `${name}.db`);
    const copy = async (): Promise<string> => {
      cpSync(file('first'), file(`copy${(copies += 1)}`));
      return `sqlite:${file(`copy${copies}`)}`;
    };
    return { first: `sqlite:${file('first')}`, copy, remove: async () => undefined };
  }
  const { url, remove } = await newPostgresDatabase();
  const first = new URL(url).pathname.slice(1);
  const copy = async (): Promise<string> => {
    const name = `${first}_${(copies += 1)}`;
    await asAdministrator(`CREATE DATABASE ${name} TEMPLATE ${first}`);
    return databaseUrl(url, name);
  };
  const removeAll = async (): Promise<void> => {
    for (; copies > 0; copies -= 1) await asAdministrator(`DROP DATABASE ${first}_${copies} WITH (FORCE)`);
    await remove();
  };
  return { first: url, copy, remove: removeAll };
}

async function setUp(kind: DatabaseKind, organizations: number): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-killed-'));
  receiver = await startReceiver();
  stores = await openStores(kind);
  const start = (day: 'first' | 'second') => Slapd.start({ suffix: CROWD_SUFFIX, entries: crowd(day, organizations) });
  slapds = await Promise.all([start('first'), start('second')]);
  for (const [at, name] of ['first.yaml', 'second.yaml'].entries())
    writeFileSync(join(folder, name), crowdConfiguration(organizations, slapds[at]?.url ?? '', receiver.url));
  await rollcall(stores.first, 'apply', '--config', 'first.yaml');
  await rollcall(stores.first, 'sync', 'crowd', '--config', 'first.yaml');
}

/** The undisturbed run on the second day: what it leaves, and how long it takes. */
async function undisturbed(): Promise<string> {
  const url = await stores.copy();
  const db = openDatabase(url);
  took = await durations({ db, args: SYNC, options: optionsOf(url) });
  expected = await outcome(db);
  await db.destroy();
  return url;
}

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

async function killedAndGoneOn(wanted: number): Promise<void> {
  const counted: Counts = { read: 0, plan: 0, commit: 0 };
  let url = '';
  const isDone = (): boolean => PHASES.every((phase) => counted[phase] >= wanted);
  for (let round = 0; round < ATTEMPTS && !isDone(); round += 1) {
    url = await stores.copy();
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

export function killRuns(kind: DatabaseKind, { organizations }: { readonly organizations: number }): void {
  let twin = '';
  beforeAll(async () => {
    await setUp(kind, organizations);
    twin = await undisturbed();
    expect(expected['memberships']?.length).toBeGreaterThan(organizations * 250);
    expect(expected['vacancies']).toHaveLength(organizations);
  }, 240_000);
  afterAll(async () => {
    await receiver.close();
    for (const slapd of slapds) await slapd.stop();
    await stores.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('killed in read, plan and commit, a run ends as if nobody had disturbed it', { timeout: 600_000 }, async () => {
    await killedAndGoneOn(kind === 'sqlite' ? KILLS : Math.ceil(KILLS / 3));
  });

  if (kind === 'sqlite')
    test('killed while it delivers, serve tells every lost Owner at least once', { timeout: 300_000 }, async () => {
      await deliverKilled(twin, organizations);
    });
}

async function deliverKilled(url: string, organizations: number): Promise<void> {
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
  expect(opened).toHaveLength(organizations);
  expect(opened.filter(({ id }) => !ids.has(id))).toEqual([]);
}

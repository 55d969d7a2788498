// The schedule: a tick is one run however many processes look, and a directory that fails is left alone for longer.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { readExport } from '../../src/ldap/export.ts';
import { setConnectionState } from '../../src/organization/set-connection-state.ts';
import type { Sync } from '../../src/sync/context.ts';
import { acquireLease, releaseLease } from '../../src/store/leases.ts';
import { addRun, syncLease, unfinishedSync } from '../../src/store/runs.ts';
import { nextTry, runSchedule } from '../../src/sync/schedule.ts';
import type { TestStore } from '../support/store.ts';
import { openTestStore } from '../support/store.ts';

const corp = 'corp' as ConnectionId;
const settings = ldapSettings.parse({
  url: 'ldap://localhost',
  users: { base: 'dc=test', filter: '(mail=*)' },
  groups: { base: 'dc=test', filter: '(member=*)' },
});
const DIRECTORY = `dn: dc=test
objectClass: domain
dc: test
entryUUID: 11111111-1111-1111-1111-111111111111

dn: cn=Anna,dc=test
objectClass: person
cn: Anna
mail: anna@test.example
entryUUID: 22222222-2222-2222-2222-222222222222
`;

let store: TestStore;
let folder = '';
let file = '';
let clock = 0;
let sync: Sync;
let log: string[] = [];
let end: AbortController;
let schedules: Promise<void>[] = [];

beforeEach(async () => {
  store = await openTestStore({
    organizations: [],
    connections: [{ id: corp, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' }],
    mappings: [],
  });
  folder = mkdtempSync(join(tmpdir(), 'rollcall-schedule-'));
  file = join(folder, 'export.ldif');
  writeFileSync(file, DIRECTORY);
  clock = Date.parse('2027-01-01T12:00:30Z');
  sync = { ...store.sync, now: () => new Date(clock).toISOString() };
  log = [];
  end = new AbortController();
  schedules = [];
});
afterEach(async () => {
  end.abort();
  await Promise.all(schedules);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that looks at the schedule. */
function look(): void {
  const read = (at: string) => readExport({ connection: corp, settings, file, at });
  schedules.push(
    runSchedule(sync, [{ connection: corp, cron: '*/15 * * * *', read }], {
      log: (line) => log.push(line),
      random: () => 0.5,
      signal: end.signal,
      lookMs: 3,
    }),
  );
}

async function runs(): Promise<number> {
  const rows: unknown[] = await sync.db('runs').where({ kind: 'sync' });
  return rows.length;
}

/** Long enough for several looks. */
async function after(at: string): Promise<number> {
  clock = Date.parse(at);
  await sleep(120);
  return runs();
}

test('three processes read a connection once at each tick, and not before', async () => {
  for (let process = 0; process < 3; process += 1) look();
  expect(await after('2027-01-01T12:14:59Z')).toBe(0);
  expect(await after('2027-01-01T12:15:01Z')).toBe(1);
  expect(await after('2027-01-01T12:29:00Z')).toBe(1);
  expect(await after('2027-01-01T12:30:00Z')).toBe(2);
  expect(log.filter((line) => line.includes('complete'))).toHaveLength(2);
});

test('ticks that nobody was there for are one run', async () => {
  look();
  await sleep(30);
  expect(await after('2027-01-02T00:00:01Z')).toBe(1);
});

test('a paused connection is not read', async () => {
  await setConnectionState(store.sync, corp, 'paused');
  look();
  await sleep(30);
  expect(await after('2027-01-01T13:00:00Z')).toBe(0);
});

test('a directory that fails is left alone for longer each time, and at once forgiven', async () => {
  rmSync(file);
  look();
  await sleep(30);
  expect(await after('2027-01-01T12:15:00Z')).toBe(1);
  // Five minutes, ten, twenty: the tick at 12:45 is within the third back-off, that at 13:00 is not.
  expect(await after('2027-01-01T12:30:00Z')).toBe(2);
  expect(await after('2027-01-01T12:45:00Z')).toBe(3);
  expect(await after('2027-01-01T13:00:00Z')).toBe(3);
  writeFileSync(file, DIRECTORY);
  expect(await after('2027-01-01T13:15:00Z')).toBe(4);
  expect(await after('2027-01-01T13:30:00Z')).toBe(5);
  expect(log.join('\n')).toContain('there is no such file');
});

test('the longest back-off is six hours', () => {
  const now = '2027-01-01T00:00:00.000Z';
  expect(nextTry(1, now, 0.5).notBefore).toBe('2027-01-01T00:05:00.000Z');
  expect(nextTry(40, now, 0.5).notBefore).toBe('2027-01-01T06:00:00.000Z');
  expect(nextTry(0, now, 0.5).notBefore).toBeNull();
});

test('a run whose process died is replaced, tick or not', async () => {
  await addRun(sync.db, { connection: corp, kind: 'sync', state: 'reading' }, sync.now());
  const lease = await acquireLease(sync.db, syncLease(corp));
  look();
  await sleep(60);
  expect(await unfinishedSync(sync.db, corp)).not.toBeNull();
  expect(log).toEqual([]);
  await releaseLease(sync.db, lease!);
  await sleep(120);
  expect(await unfinishedSync(sync.db, corp)).toBeNull();
  expect(log.join('\n')).toContain('complete');
});

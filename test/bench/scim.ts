// What SCIM costs beside the peer in the same run, and what it costs as groups and companies grow:
// `npm run bench -- scim [--people N]`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { setup as startPostgres } from '../support/postgres.ts';
import { newPostgresDatabase } from '../support/postgres-databases.ts';
import { load, machine, table } from './report.ts';
import type { Call } from './scim-client.ts';
import { idOf, median, milliseconds, perSecond } from './scim-client.ts';
import type { Rollcall } from './scim-ours.ts';
import { fill, startRollcall } from './scim-ours.ts';
import type { Serving } from './scim-peer.ts';
import { installPeer, PEER_VERSION, startPeer } from './scim-peer.ts';

const CLIENTS = 16;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 6);
const WARM_UP = SECONDS / 3;
const ADDED_AT_ONCE = 100;
const BIG_GROUP = 50_000;
const SMALL_GROUP = 10;
const FEW_PEOPLE = 1_000;
const LATENCIES = 200;

type Rates = Readonly<Record<'create' | 'lookup' | 'patch' | 'members', number>>;

export async function benchScim(people: number, only: string): Promise<void> {
  installPeer();
  console.log(`${people} people in store; ${CLIENTS} clients; load before: ${load()}`);
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const stopPostgres = await startPostgres();
  const [ours, peers] = [await newPostgresDatabase({ empty: true }), await newPostgresDatabase({ empty: true })];
  const measured = new Map<string, Rates>();
  try {
    const measure = async (name: string, start: () => Promise<Serving>, postgres?: string): Promise<void> => {
      if (!name.includes(only)) return;
      const server = await start();
      try {
        const began = performance.now();
        const ids = await populate(server, people);
        console.log(`${name}: ${people} people made in ${Math.round((performance.now() - began) / 1000)} s`);
        const settle = (): Promise<void> => (postgres === undefined ? Promise.resolve() : analyze(postgres));
        await settle();
        // Before anybody is in a group: the two lists hold people alike.
        if ('other' in server) await pagesOf(server as Rollcall, ids.length);
        measured.set(name, await ratesOf(server.call, ids, settle));
        if ('other' in server) await oneMemberMore(server.call, ids, settle);
      } finally {
        await server.stop();
      }
    };
    await measure('Polis, memory', () => startPeer('Polis, memory', { engine: 'mem' }));
    await measure('Polis, SQLite', () =>
      startPeer('Polis, SQLite', { engine: 'sql', type: 'sqlite', url: join(folder, 'peer.db') }),
    );
    await measure('Rollcall, SQLite', () =>
      startRollcall('Rollcall, SQLite', folder, `sqlite:${join(folder, 'ours.db')}`),
    );
    await measure(
      'Polis, Postgres',
      () => startPeer('Polis, Postgres', { engine: 'sql', type: 'postgres', url: peers.url }),
      peers.url,
    );
    await measure('Rollcall, Postgres', () => startRollcall('Rollcall, Postgres', folder, ours.url), ours.url);
    console.log(`\n${table(rowsOf(measured))}\n`);
    console.log(`${machine('18.4')}, @boxyhq/saml-jackson ${PEER_VERSION}`);
    console.log(`load after: ${load()}`);
  } finally {
    await Promise.all([ours.remove(), peers.remove()]);
    await stopPostgres();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What autovacuum does within a minute: until then Postgres plans for empty tables. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('ANALYZE');
  await client.end();
}

function userOf(nth: number | string, domain = 'acme.example'): object {
  const userName = `u${nth}@${domain}`;
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    externalId: `ext-${nth}`,
    active: true,
    displayName: `User ${nth}`,
    name: { givenName: `Given${nth}`, familyName: `Surname${nth}` },
    emails: [{ value: userName, type: 'work', primary: true }],
  };
}

async function populate(server: Serving, people: number): Promise<string[]> {
  if ('other' in server) return fill(server.call, people, (nth) => userOf(nth));
  const ids: string[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    for (let nth = next++; nth < people; nth = next++)
      ids[nth] = idOf(await server.call('POST', '/Users', userOf(nth)));
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
  return ids;
}

async function ratesOf(call: Call, ids: readonly string[], settle: () => Promise<void>): Promise<Rates> {
  const at = (nth: number): string => ids[(nth * 7919) % ids.length] ?? '';
  let round = 0;
  const rate = async (work: (nth: number, client: number) => Promise<unknown>): Promise<number> => {
    round += 1;
    await perSecond(CLIENTS, WARM_UP, (nth, client) => work(nth, client));
    await settle();
    return perSecond(CLIENTS, SECONDS, (nth, client) => work(nth + 10_000_000, client));
  };
  const create = await rate((nth) => call('POST', '/Users', userOf(`${round}-${nth}`)));
  const lookup = await rate((nth) => {
    const filter = encodeURIComponent(`userName eq "u${(nth * 7919) % ids.length}@acme.example"`);
    return call('GET', `/Users?filter=${filter}`);
  });
  const patch = await rate((nth) =>
    call('PATCH', `/Users/${at(nth)}`, patchOf({ op: 'replace', path: 'name.givenName', value: `G${nth}` })),
  );
  const groups: string[] = [];
  for (let client = 0; client < CLIENTS; client += 1) {
    groups.push(idOf(await call('POST', '/Groups', { displayName: `Team ${client}`, members: [] })));
  }
  // Each client goes once through everybody, a hundred at a time.
  const turns = groups.map(() => 0);
  const members = await perSecond(CLIENTS, SECONDS, (_nth, client) => {
    const turn = turns[client] ?? 0;
    turns[client] = turn + 1;
    const value = Array.from({ length: ADDED_AT_ONCE }, (_, one) => ({
      value: ids[(turn * ADDED_AT_ONCE + one) % ids.length],
    }));
    return call('PATCH', `/Groups/${groups[client]}`, patchOf({ op: 'add', path: 'members', value }));
  });
  return { create, lookup, patch, members: members * ADDED_AT_ONCE };
}

function patchOf(...Operations: object[]): object {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations };
}

/** One more member in a large group and in a small one, turn by turn. */
async function oneMemberMore(call: Call, ids: readonly string[], settle: () => Promise<void>): Promise<void> {
  const group = async (name: string, members: readonly string[]): Promise<string> => {
    const id = idOf(await call('POST', '/Groups', { displayName: name }));
    for (let from = 0; from < members.length; from += 5_000) {
      const value = members.slice(from, from + 5_000).map((member) => ({ value: member }));
      await call('PATCH', `/Groups/${id}`, patchOf({ op: 'add', path: 'members', value }));
    }
    return id;
  };
  const count = Math.min(BIG_GROUP, ids.length - LATENCIES);
  const big = await group('Team 18', ids.slice(0, count));
  const small = await group('Team 19', ids.slice(0, SMALL_GROUP));
  await settle();
  const times = { big: [] as number[], small: [] as number[] };
  for (let nth = 0; nth < LATENCIES; nth += 1) {
    const value = [{ value: ids.at(-1 - nth) }];
    for (const [size, id] of [['small', small] as const, ['big', big] as const]) {
      const add = patchOf({ op: 'add', path: 'members', value });
      times[size].push(await milliseconds(() => call('PATCH', `/Groups/${id}`, add)));
      const away = patchOf({ op: 'remove', path: `members[value eq "${value[0]?.value}"]` });
      await call('PATCH', `/Groups/${id}`, away);
    }
  }
  told(`one member more, group of ${count} against ${SMALL_GROUP}`, times.big, times.small);
}

/** A page of many people and of few, as a client walks through them, turn by turn. */
async function pagesOf({ call, other }: Rollcall, people: number): Promise<void> {
  await fill(other, FEW_PEOPLE, (nth) => userOf(nth, 'globex.example'));
  const pages = { many: [] as number[], few: [] as number[] };
  for (let nth = 0; nth < LATENCIES; nth += 1) {
    const page = (at: number): string => `/Users?startIndex=${at * 100 + 1}&count=100`;
    pages.few.push(await milliseconds(() => other('GET', page(nth % (FEW_PEOPLE / 100)))));
    pages.many.push(await milliseconds(() => call('GET', page(nth % Math.floor(people / 100)))));
  }
  told(`page of 100, ${people} people against ${FEW_PEOPLE}`, pages.many, pages.few);
}

function told(what: string, large: readonly number[], small: readonly number[]): void {
  const [a, b] = [median(large), median(small)];
  console.log(`${what}: p50 ${a.toFixed(2)} ms against ${b.toFixed(2)} ms, ${(a / b).toFixed(2)} times`);
}

function rowsOf(measured: ReadonlyMap<string, Rates>): string[][] {
  const columns = ['create', 'lookup', 'patch', 'members'] as const;
  return [
    ['a second', 'create', 'look up by userName', 'PATCH a user', 'members, 100 at once'],
    ...[...measured].map(([name, rates]) => [name, ...columns.map((column) => Math.round(rates[column]).toString())]),
  ];
}

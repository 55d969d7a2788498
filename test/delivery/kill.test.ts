// kill -9 in the middle of delivering, again and again: everything arrives, in the order of its subject, under one id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { addEvents, eventsAfter } from '../../src/store/outbox.ts';
import { DATABASES, newDatabase } from '../support/store.ts';
import { startReceiver } from './receiver.ts';

const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const PROCESS = fileURLToPath(new URL('deliver-process.ts', import.meta.url));
const KILLS = 10;
const SUBJECTS = 30;
const BATCHES = 20;

async function happen(db: Database, batch: number): Promise<void> {
  const events = Array.from({ length: SUBJECTS }, (_, subject) => ({
    type: 'run.failed' as const,
    subject: `subject/${subject}`,
    organization: null,
    at: new Date().toISOString(),
    data: { batch },
  }));
  await inTransaction(db, (trx) => addEvents(trx, events));
}

async function isDelivered(db: Database): Promise<boolean> {
  const unplaced = await db('events').whereNull('position').first('id');
  const waiting = await db('deliveries').where({ state: 'waiting' }).first('id');
  return unplaced === undefined && waiting === undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.each(DATABASES)(
  `on %s a deliverer that is killed ${KILLS} times loses nothing, and overtakes nothing`,
  {
    timeout: 240_000,
  },
  async (kind) => {
    const { url, remove } = await newDatabase(kind);
    const db = openDatabase(url);
    await migrate(db);
    const receiver = await startReceiver();
    receiver.answer = (response) => {
      const code = Math.random() < 0.02 ? 500 : 204;
      setTimeout(() => response.writeHead(code).end(), Math.random() * 15);
    };
    const start = async () => {
      const child = spawn(NODE, [PROCESS, url, receiver.url], { stdio: ['ignore', 'pipe', 'inherit'] });
      // Also when the test fails half-way.
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      return child;
    };

    let told = 0;
    let atKills = '';
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = await start();
      for (; told < (BATCHES * (kill + 1)) / KILLS; told += 1) await happen(db, told);
      // In the middle of delivering, however slow the machine is.
      const before = receiver.received.length;
      while (receiver.received.length === before) await pause(5);
      await pause(Math.random() * 300);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const claimed = await db('deliveries').whereNotNull('claim').where({ state: 'waiting' });
      atKills += ` ${receiver.received.length}/${claimed.length}`;
    }
    for (; told < BATCHES; told += 1) await happen(db, told);
    const last = await start();
    while (!(await isDelivered(db))) await pause(50);
    last.kill('SIGTERM');
    expect((await once(last, 'exit'))[0]).toBe(0);

    const events = await eventsAfter(db, 0);
    const bodies = Map.groupBy(receiver.received, ({ headers }) => String(headers['webhook-id']));
    console.log(
      `killed at received/under way:${atKills}; ${events.length} events, ${receiver.received.length} received`,
    );
    expect(events.length).toBe(SUBJECTS * BATCHES);
    expect([...bodies.keys()].toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    for (const same of bodies.values()) expect(new Set(same.map(({ body }) => body)).size).toBe(1);
    for (const [subject, list] of Map.groupBy(receiver.received, ({ event }) => event.subject)) {
      const positions = list.map(({ event }) => event.position);
      expect(positions, subject).toEqual(positions.toSorted((a, b) => a - b));
    }
    await receiver.close();
    await db.destroy();
    await remove();
  },
);

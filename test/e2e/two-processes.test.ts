// Two real `serve` on one Postgres: a connection is read by one of them at a time and once a tick, and whoever is
// killed in the middle of a read is replaced within a minute.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { startServe } from '../support/serve.ts';
import { until } from '../support/serving.ts';
import { foundCorp } from './corp.ts';

test('two processes read one after the other, and a killed one is replaced within a minute', {
  timeout: 150_000,
}, async () => {
  const corp = await foundCorp('postgres');
  onTestFinished(corp.remove);
  // One tick in the test's time: the others are made by hand.
  corp.write('rollcall.yaml', { more: ['schedule: "0 0 1 1 *"'] });
  const start = () => startServe(corp.options, '--config', 'rollcall.yaml');
  const both = [await start(), await start()];
  const db = openDatabase(corp.databaseUrl);
  onTestFinished(() => db.destroy());
  const runs = (state: string) => db('runs').where({ kind: 'sync', state });
  const holder = async (): Promise<number> => {
    const lease: { holder: string } | undefined = await db('leases').where({ name: 'sync corp' }).first('holder');
    return lease === undefined ? 0 : (JSON.parse(lease.holder) as { pid: number }).pid;
  };
  /** As if both had looked last before the tick. */
  const tick = () => db('schedules').update({ looked_at: '2020-01-01T00:00:00.000Z' });
  await until('the schedule looks', async () => (await db('schedules').first()) !== undefined);

  corp.live.slapd.pause();
  await tick();
  await until('one of them reads', async () => (await runs('reading')).length > 0);
  const pid = await holder();
  const [killed, other] = both[0]?.pid === pid ? both : both.toReversed();
  expect(killed?.pid).toBe(pid);
  // The other one looks more than once meanwhile, and leaves the work to whoever is at it.
  await sleep(7_000);
  expect(await runs('reading')).toHaveLength(1);
  expect(await holder()).toBe(pid);

  const began = performance.now();
  await killed?.end('SIGKILL');
  await until('the other one reads', async () => (await holder()) === other?.pid, 60_000);
  console.log(`taken over ${((performance.now() - began) / 1000).toFixed(1)} s after kill -9`);
  corp.live.slapd.resume();
  await until('the run is done', async () => (await runs('done')).length > 0);
  await sleep(7_000);
  expect([(await runs('done')).length, (await runs('failed')).length, (await runs('reading')).length]).toEqual([
    1, 1, 0,
  ]);

  // The killed one is started again: of the next tick, too, there is one run.
  await start();
  await tick();
  await until('the next run is done', async () => (await runs('done')).length > 1);
  await sleep(7_000);
  expect(await runs('done')).toHaveLength(2);
  const members = await corp.rollcall('rollcall.yaml', 'members', '--organization', 'acme', '--json');
  expect((members.json() as { members: unknown[] }).members).toHaveLength(6);
});

// Delivery through a real HTTP receiver: nothing lost, nothing overtaken, nobody in anybody's way.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Channel, Outcome } from '../../src/delivery/channel.ts';
import { itself } from '../../src/delivery/channel.ts';
import { createDeliverer } from '../../src/delivery/deliverer.ts';
import { webhookChannel } from '../../src/delivery/webhook.ts';
import { retryDeliveries } from '../../src/organization/retry-deliveries.ts';
import { inTransaction } from '../../src/store/database.ts';
import { addEvents } from '../../src/store/outbox.ts';
import type { ClaimedDelivery, Delivery } from '../../src/store/outbox-deliveries.ts';
import { claimDeliveries, endAttempt, revive, undelivered } from '../../src/store/outbox-deliveries.ts';
import type { Company } from './company.ts';
import { DAY, foundCompany, SECOND } from './company.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver, status } from './receiver.ts';

let company: Company;
let receiver: Receiver;
beforeEach(async () => {
  company = await foundCompany();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await company.close();
});

/** A webhook that is told of runs. */
const hook = (url = receiver.url): Channel => ({
  ...webhookChannel({ url, secret: null, timeoutMs: 500 }),
  types: new Set(['run.failed']),
  opensCases: false,
});

async function happen(...subjects: string[]): Promise<void> {
  const { sync } = company;
  await inTransaction(sync.db, (trx) =>
    addEvents(
      trx,
      subjects.map((subject, at) => ({
        type: 'run.failed' as const,
        subject,
        organization: null,
        at: sync.now(),
        data: { at },
      })),
    ),
  );
}

async function left(): Promise<Delivery[]> {
  const list: Delivery[] = [];
  for await (const one of undelivered(company.sync.db)) list.push(one);
  return list;
}
const arrived = (): string[] => receiver.received.map(({ event }) => `${event.subject}#${event.position}`);

describe('order', () => {
  test('a later event waits for an earlier one of its subject, and for no other', async () => {
    const deliverer = company.deliverer([hook()]);
    let refuse = true;
    receiver.answer = (response, { event }) => response.writeHead(refuse && event.subject === 'a' ? 500 : 204).end();
    await happen('a', 'b', 'a', 'b');
    expect(await deliverer.deliverDue()).toEqual({ placed: 4, delivered: 2, failed: 1, dead: 0 });
    expect(arrived()).toEqual(['a#1', 'b#2', 'b#4']);
    refuse = false;
    company.wait(60 * SECOND);
    await deliverer.deliverDue();
    expect(arrived().slice(3)).toEqual(['a#1', 'a#3']);
    expect(await left()).toEqual([]);
  });

  test('an attempt that is made again has the id and the body of the first', async () => {
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(503);
    await happen('a');
    for (let time = 0; time < 3; time += 1) {
      await deliverer.deliverDue();
      company.wait(3600 * SECOND);
    }
    const sent = receiver.received.map(({ headers, body }) => [headers['webhook-id'], body]);
    expect(sent.length).toBe(3);
    expect(new Set(sent.map(String)).size).toBe(1);
  });
});

describe('failures', () => {
  test('the next attempt waits, longer each time, and Retry-After is kept', async () => {
    const deliverer = company.deliverer([hook()], { random: () => 0.999 });
    receiver.answer = status(500);
    await happen('a');
    const waits: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      await deliverer.deliverDue();
      const before = Date.parse(company.sync.now());
      waits.push(Math.round((Date.parse((await left())[0]!.dueAt) - before) / SECOND));
      company.wait(waits.at(-1)! * SECOND + 5 * SECOND);
    }
    for (const [at, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThan(waits[at]! * 1.5);
    receiver.answer = status(429, { 'retry-after': '1800' });
    await deliverer.deliverDue();
    const now = Date.parse(company.sync.now());
    expect(Date.parse((await left())[0]!.dueAt) - now).toBeGreaterThan(1790 * SECOND);
    expect(receiver.received.length).toBe(5);
    await deliverer.deliverDue();
    expect(receiver.received.length).toBe(5);
  });

  test('a receiver that is away for three days has its events as dead letters, and the newer ones still come', async () => {
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(500);
    await happen('a');
    for (let hours = 0; hours < 90; hours += 1) {
      await deliverer.deliverDue();
      company.wait(3600 * SECOND);
    }
    expect((await left()).map(({ state, error }) => [state, error])).toEqual([['dead', 'answered 500']]);
    expect(company.log.length).toBe(1);
    receiver.answer = status(204);
    receiver.received.length = 0;
    await happen('a');
    await deliverer.deliverDue();
    expect(arrived()).toEqual(['a#2']);
  });

  test('a service that was off for a week tries before it gives up', async () => {
    await happen('a');
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(500);
    company.wait(7 * DAY);
    await deliverer.deliverDue();
    expect((await left())[0]?.state).toBe('waiting');
  });

  test('410 Gone is a dead letter at once', async () => {
    receiver.answer = status(410);
    await happen('a');
    expect(await company.deliverer([hook()]).deliverDue()).toMatchObject({ dead: 1, failed: 0 });
  });

  test('a channel that hangs holds up no other channel', async () => {
    const other = await startReceiver();
    receiver.answer = () => undefined;
    await happen('a', 'b');
    const counts = await company.deliverer([hook(), hook(other.url)]).deliverDue();
    await other.close();
    expect(counts).toMatchObject({ delivered: 2, failed: 2 });
    expect(other.received.length).toBe(2);
  });

  test('what a channel never foresaw is one failed attempt, and the round goes on', async () => {
    const broken: Channel = {
      ...hook(),
      key: 'broken',
      recipients: itself,
      send: () => Promise.reject(new Error('oops')),
    };
    await happen('a');
    expect(await company.deliverer([broken, hook()]).deliverDue()).toMatchObject({ delivered: 1, failed: 1 });
  });

  test('what waits for a channel that is configured no more is a dead letter that says so', async () => {
    receiver.answer = status(500);
    await happen('a');
    await company.deliverer([hook()]).deliverDue();
    await company.deliverer([]).deliverDue();
    expect((await left())[0]).toMatchObject({ state: 'dead', error: 'the channel is not configured any more' });
  });
});

describe('dead letters', () => {
  test('retried, they go out in order', async () => {
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(410);
    await happen('a', 'a', 'b');
    while ((await deliverer.deliverDue()).dead > 0);
    receiver.answer = status(204);
    receiver.received.length = 0;
    expect((await retryDeliveries(company.sync, {})).retried.length).toBe(3);
    await deliverer.deliverDue();
    expect(arrived().filter((one) => one.startsWith('a'))).toEqual(['a#1', 'a#2']);
    expect(await left()).toEqual([]);
  });

  test('one that a later word has overtaken stays dead: old news would be taken for the newest', async () => {
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(410);
    await happen('a');
    await deliverer.deliverDue();
    receiver.answer = status(204);
    await happen('a');
    await deliverer.deliverDue();
    const [dead] = await left();
    expect(dead?.overtaken).toBe(true);
    await expect(retryDeliveries(company.sync, { id: dead!.id })).rejects.toMatchObject({ code: 'conflict' });
    expect(await retryDeliveries(company.sync, {})).toEqual({ retried: [], overtaken: [dead!.id] });
  });

  test('what is tried again by itself cannot be retried, nor what never was', async () => {
    receiver.answer = status(500);
    await happen('a');
    await company.deliverer([hook()]).deliverDue();
    const [waiting] = await left();
    await expect(retryDeliveries(company.sync, { id: waiting!.id })).rejects.toMatchObject({ code: 'conflict' });
    await expect(retryDeliveries(company.sync, { id: 'x' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('claims', () => {
  test('what a killed process had claimed is sent again once the claim has run out', async () => {
    await happen('a', 'a');
    const idle: Channel = { ...hook(), send: (): Promise<Outcome> => Promise.reject(new Error('not reached')) };
    const now = company.sync.now();
    await company.deliverer([{ ...idle, types: new Set(['run.failed']) }]).deliverDue();
    company.wait(3600 * SECOND);
    const until = new Date(Date.parse(company.sync.now()) + 60 * SECOND).toISOString();
    const claimed = await claimDeliveries(company.sync.db, idle.key, {
      most: 8,
      due: company.sync.now(),
      now: company.sync.now(),
      until,
    });
    expect([claimed.length, now < until]).toEqual([1, true]);
    const deliverer = company.deliverer([hook()]);
    expect(await deliverer.deliverDue()).toMatchObject({ delivered: 0 });
    company.wait(60 * SECOND);
    expect(await deliverer.deliverDue()).toMatchObject({ delivered: 2 });
  });

  test('one who comes back late from a claim that has run out writes nothing over what the next one did', async () => {
    await happen('a');
    const key = hook().key;
    await company.deliverer([{ ...hook(), send: () => Promise.reject(new Error('away')) }]).deliverDue();
    company.wait(3600 * SECOND);
    const claim = async (seconds: number): Promise<ClaimedDelivery> => {
      const now = company.sync.now();
      const until = new Date(Date.parse(now) + seconds * SECOND).toISOString();
      const [claimed] = await claimDeliveries(company.sync.db, key, { most: 8, due: now, now, until });
      return claimed!;
    };
    const late = await claim(0);
    const next = await claim(60);
    const now = company.sync.now();
    expect(await endAttempt(company.sync.db, late, { state: 'dead', error: 'late' }, now)).toBe(false);
    expect(await endAttempt(company.sync.db, next, { state: 'delivered' }, now)).toBe(true);
    expect(await left()).toEqual([]);
  });

  test('a dead letter is not revived while a later word is on its way', async () => {
    const deliverer = company.deliverer([hook()]);
    receiver.answer = status(410);
    await happen('a');
    await deliverer.deliverDue();
    const [dead] = await left();
    await happen('a');
    const revived: number[] = [];
    receiver.answer = (response) => {
      void revive(company.sync.db, [dead!.id], company.sync.now()).then((count) => {
        revived.push(count);
        response.writeHead(204).end();
      });
    };
    expect(await deliverer.deliverDue()).toMatchObject({ delivered: 1 });
    expect(revived).toEqual([0]);
    expect((await left()).map(({ state }) => state)).toEqual(['dead']);
  });

  test('a database that is away is told of once, not at every round, and what waits goes out when it is back', async () => {
    await happen('a');
    let away = 10;
    const log: string[] = [];
    const deliverer = createDeliverer({
      db: company.sync.db,
      channels: [hook()],
      now: () => {
        away -= 1;
        if (away > 0) throw new Error('the database is away');
        return company.sync.now();
      },
      log: (words) => log.push(words),
      pauseMs: 1,
    });
    deliverer.start();
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await deliverer.stop();
    expect(log).toEqual(['delivery waits: the database is away; it goes on by itself', 'delivery goes on']);
  });

  test('a loop that is stopped finishes what is under way', async () => {
    const deliverer = company.deliverer([hook()]);
    let answered = false;
    receiver.answer = (response) => {
      setTimeout(() => {
        answered = true;
        response.writeHead(204).end();
      }, 200);
    };
    await happen('a');
    deliverer.start();
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await deliverer.stop();
    expect(answered).toBe(true);
    expect(await left()).toEqual([]);
  });
});

// What was told long ago is forgotten, so that a store does not grow with every push for ever; what has not arrived
// everywhere is not.
import { expect, test } from 'vitest';
import type { Channel, Outcome } from '../../src/delivery/channel.ts';
import { itself } from '../../src/delivery/channel.ts';
import { shift } from '../../src/core/instant.ts';
import { forgetEvents } from '../../src/store/old-events.ts';
import { eventsAfter } from '../../src/store/outbox.ts';
import { undelivered } from '../../src/store/outbox-deliveries.ts';
import { DAY, foundCompany } from './company.ts';

test('of old events those are kept that have not arrived, and positions go on from the last', async () => {
  const company = await foundCompany();
  try {
    const { db } = company.sync;
    let answer: Outcome = { kind: 'delivered', reference: null };
    const channel: Channel = {
      key: 'hook',
      types: new Set(['membership.changed']),
      opensCases: false,
      recipients: itself,
      send: async () => answer,
    };
    const deliverer = company.deliverer([channel]);
    await company.says(['ann']);
    await deliverer.deliverDue();
    answer = { kind: 'refused', error: 'gone' };
    await company.says(['ben']);
    await deliverer.deliverDue();
    const dead = [];
    for await (const one of undelivered(db)) dead.push(one.state);
    expect(dead).toEqual(['dead']);
    answer = { kind: 'delivered', reference: null };
    company.wait(91 * DAY);
    await company.says(['cat']);
    await deliverer.deliverDue();
    expect(await forgetEvents(db, shift(company.sync.now(), -90 * DAY))).toBe(1);
    const emails = (await eventsAfter(db, 0)).map(({ position, data }) => [position, data['email']]);
    expect(emails).toEqual([
      [2, 'ben@acme.example'],
      [3, 'cat@acme.example'],
    ]);
    expect(await forgetEvents(db, shift(company.sync.now(), -90 * DAY))).toBe(0);
  } finally {
    await company.close();
  }
});

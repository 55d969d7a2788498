// A deliverer asks every second whether anything is due: however much was delivered in years, it finds what waits by an
// index.
import { expect, test } from 'vitest';
import { webhookChannel } from '../../src/delivery/webhook.ts';
import { retryDeliveries } from '../../src/organization/retry-deliveries.ts';
import { recordStatements, scansAmong } from '../support/statements.ts';
import { DAY, foundCompany } from './company.ts';
import { startReceiver, status } from './receiver.ts';

/** Of what waits for a channel that is configured no more, everything is looked at: it waits for nothing. */
const ALL_THAT_WAITS = /^update `deliveries` set .* where `state` = \? and `channel` not in/;

test('no statement of a delivery looks through a table', async () => {
  const company = await foundCompany();
  const receiver = await startReceiver();
  try {
    const { sync } = company;
    const hook = { ...webhookChannel({ url: receiver.url, secret: null, timeoutMs: 500 }), opensCases: false };
    const asked = await recordStatements(sync.db);
    const deliverer = company.deliverer([hook]);
    await company.says(['ann', 'ben']);
    await deliverer.deliverDue();
    receiver.answer = status(410);
    await company.says(['ann'], false);
    await deliverer.deliverDue();
    company.wait(30 * DAY);
    await deliverer.deliverDue();
    await retryDeliveries(sync, {});
    await deliverer.deliverDue();
    expect(asked.size).toBeGreaterThan(30);
    expect(await scansAmong(sync.db, asked, [ALL_THAT_WAITS])).toEqual([]);
  } finally {
    await receiver.close();
    await company.close();
  }
});

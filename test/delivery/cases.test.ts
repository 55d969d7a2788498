// One case a vacancy: opened, chased and closed through the same channels, however often a channel fails.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from '../../src/delivery/channel.ts';
import { smtpMailer } from '../../src/delivery/mail.ts';
import { supportMailChannel } from '../../src/delivery/support-mail.ts';
import { webhookChannel } from '../../src/delivery/webhook.ts';
import { assignOwner } from '../../src/organization/assign-owner.ts';
import type { Vacancy } from '../../src/store/vacancies.ts';
import { loadVacancies } from '../../src/store/vacancies.ts';
import type { Company } from './company.ts';
import { DAY, foundCompany, promote, SECOND } from './company.ts';
import type { Mailbox } from './mailbox.ts';
import { header, startMailbox } from './mailbox.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver, status } from './receiver.ts';

let company: Company;
let receiver: Receiver;
let mailbox: Mailbox;
beforeEach(async () => {
  company = await foundCompany();
  receiver = await startReceiver();
  mailbox = await startMailbox();
});
afterEach(async () => {
  await receiver.close();
  await mailbox.close();
  await company.close();
});

const publicUrl = 'https://rollcall.example';
const hook = (): Channel => webhookChannel({ url: receiver.url, secret: 'secret' });
const support = (): Channel => {
  const mailer = smtpMailer({ server: mailbox.url, from: 'rollcall@rollcall.example', timeoutMs: 1000 });
  return supportMailChannel({ to: 'support@vendor.example', mailer, publicUrl });
};
const vacancy = async (): Promise<Vacancy> => (await loadVacancies(company.sync.db)).at(-1)!;

/** A support desk that keeps one case for each key and takes over its newest state. */
function desk(): Map<string, { status: string; words: number }> {
  const cases = new Map<string, { status: string; words: number }>();
  for (const { event } of receiver.received) {
    const told = event.data['case'] as { external_id: string; status: string };
    const known = cases.get(told.external_id);
    cases.set(told.external_id, { status: told.status, words: (known?.words ?? 0) + 1 });
  }
  return cases;
}

async function loseOwner(): Promise<void> {
  await company.says(['olga', 'anna', 'ben', 'cora']);
  await promote(company, 'ben');
  await promote(company, 'anna');
  await company.says(['olga'], false);
}

describe('a vacancy', () => {
  test('reaches support with what it needs to decide, and is escalated only then', async () => {
    await loseOwner();
    expect(await vacancy()).toMatchObject({ state: 'open', supportCase: null });
    receiver.answer = status(500);
    await company.deliverer([hook()]).deliverDue();
    expect(await vacancy()).toMatchObject({ state: 'open', supportCase: null });
    company.wait(60 * SECOND);
    receiver.answer = status(200, {}, '{"case": "SUP-4711"}');
    await company.deliverer([hook()]).deliverDue();
    const { id, ...rest } = await vacancy();
    expect(rest).toMatchObject({ state: 'escalated', supportCase: 'SUP-4711' });
    expect(receiver.received.at(-1)!.event).toMatchObject({
      type: 'vacancy.opened',
      subject: `vacancy/${id}`,
      data: {
        case: { external_id: id, status: 'open' },
        organization: { id: 'acme', title: 'Acme Inc' },
        former_owner: 'olga@acme.example',
        suspended_by: { reason: 'inactive', connection: 'acme-scim' },
        candidates: [
          { email: 'anna@acme.example', role: 'administrator' },
          { email: 'ben@acme.example', role: 'administrator' },
        ],
        how_to_resolve: 'rollcall vacancies assign acme --to EMAIL --reason "TEXT"',
      },
    });
    expect([...desk()]).toEqual([[id, { status: 'open', words: 2 }]]);
  });

  test('is one case, chased daily until it is filled, then closed', async () => {
    await loseOwner();
    const deliverer = company.deliverer([hook()]);
    for (let hours = 0; hours < 72; hours += 1) {
      await deliverer.deliverDue();
      company.wait(3600 * SECOND);
    }
    const { id } = await vacancy();
    expect(desk().get(id)?.status).toBe('open');
    const reminders = receiver.received.filter(({ event }) => event.type === 'vacancy.reminder').length;
    expect(reminders).toBe(2);
    await assignOwner(company.sync, { organization: 'acme', to: 'ben@acme.example', reason: 'he said yes' });
    company.wait(7 * DAY);
    await deliverer.deliverDue();
    expect([...desk()]).toEqual([[id, { status: 'closed', words: 4 }]]);
    expect(receiver.received.at(-1)!.event.data).toMatchObject({
      resolution: { how: 'assigned', owner: 'ben@acme.example', reason: 'he said yes' },
      candidates: [],
    });
    expect((await vacancy()).state).toBe('resolved');
  });

  test('that is open already when channels are first configured is told of, with all that support needs', async () => {
    await loseOwner();
    await company.sync.db('events').delete();
    await company.deliverer([hook()]).deliverDue();
    expect(receiver.received.map(({ event }) => event.type)).toEqual(['vacancy.opened']);
  });

  test('of an organization that is closed is nobody’s work any more', async () => {
    await loseOwner();
    await company.deliverer([hook()]).deliverDue();
    await company.sync.db('organizations').update({ state: 'closed' });
    company.wait(2 * DAY);
    await company.deliverer([hook()]).deliverDue();
    expect(receiver.received.length).toBe(1);
  });

  test('is not chased while the first word is still on its way', async () => {
    await loseOwner();
    receiver.answer = status(500);
    const deliverer = company.deliverer([hook()]);
    for (let hours = 0; hours < 48; hours += 1) {
      await deliverer.deliverDue();
      company.wait(3600 * SECOND);
    }
    receiver.answer = status(204);
    company.wait(6 * 3600 * SECOND);
    receiver.received.length = 0;
    await deliverer.deliverDue();
    expect(receiver.received.map(({ event }) => event.type)).toEqual(['vacancy.opened']);
  });

  test('that is dead-lettered is told of again: support must hear of it', async () => {
    await loseOwner();
    receiver.answer = status(410);
    const deliverer = company.deliverer([hook()]);
    await deliverer.deliverDue();
    receiver.answer = status(204);
    company.wait(DAY);
    await deliverer.deliverDue();
    expect(receiver.received.map(({ event }) => event.type)).toEqual(['vacancy.opened', 'vacancy.reminder']);
    expect((await vacancy()).state).toBe('escalated');
  });

  test('closes when the former Owner is back, whoever has been told', async () => {
    await loseOwner();
    await company.deliverer([hook()]).deliverDue();
    await company.says(['olga']);
    await company.deliverer([hook()]).deliverDue();
    expect([...desk().values()]).toEqual([{ status: 'closed', words: 2 }]);
  });

  test('filled at once by the successor is one case, opened and closed', async () => {
    await company.says(['olga', 'anna']);
    const { id } = (await company.sync.db('accounts').where({ email_key: 'anna@acme.example' }).first()) as {
      id: string;
    };
    await company.sync.db('organizations').update({ successor: id });
    await company.says(['olga'], false);
    await company.deliverer([hook()]).deliverDue();
    expect([...desk().values()]).toEqual([{ status: 'closed', words: 2 }]);
    expect(receiver.received.at(-1)!.event.data).toMatchObject({ resolution: { how: 'successor' } });
  });
});

test('by mail a case is one thread, whose first mail is the same at every attempt', async () => {
  await loseOwner();
  const deliverer = company.deliverer([support()]);
  mailbox.recipient = () => 450;
  await deliverer.deliverDue();
  mailbox.recipient = () => null;
  company.wait(60 * SECOND);
  await deliverer.deliverDue();
  company.wait(DAY);
  await deliverer.deliverDue();
  await assignOwner(company.sync, { organization: 'acme', to: 'ben@acme.example', reason: 'he said yes' });
  await deliverer.deliverDue();
  const { id, supportCase } = await vacancy();
  expect(supportCase).toBe(id);
  const thread = mailbox.mails.map(({ raw }) => [header(raw, 'Message-ID'), header(raw, 'In-Reply-To')]);
  const root = `<vacancy.${id}@rollcall.example>`;
  expect(thread[0]).toEqual([root, null]);
  expect(thread.slice(1).map(([, replies]) => replies)).toEqual([root, root]);
  expect(mailbox.mails[0]!.raw).toContain('anna@acme.example, administrator since');
  expect(mailbox.mails.at(-1)!.raw).toContain('support assigned an Owner');
});

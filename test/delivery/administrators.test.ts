// Who is told of holds and of directories that can't be read: those who answer for the organization, each once.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { administratorMailChannel } from '../../src/delivery/administrator-mail.ts';
import type { Channel } from '../../src/delivery/channel.ts';
import { printedMailer, smtpMailer } from '../../src/delivery/mail.ts';
import { inTransaction } from '../../src/store/database.ts';
import { tellRunEnded } from '../../src/sync/tell.ts';
import type { ConnectionId, PlanId, RunId } from '../../src/core/ids.ts';
import type { Company } from './company.ts';
import { corp, foundCompany, promote, scim, SECOND } from './company.ts';
import type { Mailbox } from './mailbox.ts';
import { startMailbox } from './mailbox.ts';

let company: Company;
let mailbox: Mailbox;
beforeEach(async () => {
  company = await foundCompany();
  mailbox = await startMailbox();
});
afterEach(async () => {
  await mailbox.close();
  await company.close();
});

const people = { operators: ['ops@vendor.example'], publicUrl: 'https://rollcall.example' };
const channel = (): Channel =>
  administratorMailChannel({
    ...people,
    mailer: smtpMailer({ server: mailbox.url, from: 'rollcall@rollcall.example', timeoutMs: 1000 }),
  });
const recipients = (): string[] => mailbox.mails.flatMap(({ to }) => to).toSorted();
const names = Array.from({ length: 20 }, (_, at) => `p${at}`);

async function massRemoval(): Promise<void> {
  await company.says(['olga', 'anna', 'ben', ...names]);
  await promote(company, 'anna');
  await promote(company, 'ben');
  await company.says(['ben'], false);
  await company.says(names, false);
}

const fails = (connection: ConnectionId, failure: 'failed' | null): Promise<void> =>
  inTransaction(company.sync.db, (trx) =>
    tellRunEnded(
      company.sync,
      trx,
      { id: 'plan' as PlanId, run: 'run' as RunId },
      connection,
      failure === null ? null : { outcome: failure, reason: 'connect: ldap.corp.example refused' },
    ),
  );

test('a hold is told to the Owner and the active Administrators, and to nobody else', async () => {
  await massRemoval();
  await company.deliverer([channel()]).deliverDue();
  expect(recipients()).toEqual(['anna@acme.example', 'olga@acme.example']);
  expect(mailbox.mails[0]!.raw).toMatch(/holds approve/);
});

test('one whose mailbox is full gets it later, and the others get it once', async () => {
  await massRemoval();
  const deliverer = company.deliverer([channel()]);
  mailbox.recipient = (address) => (address.startsWith('olga') ? 452 : null);
  await deliverer.deliverDue();
  expect(recipients()).toEqual(['anna@acme.example']);
  mailbox.recipient = () => null;
  company.wait(60 * SECOND);
  await deliverer.deliverDue();
  expect(recipients()).toEqual(['anna@acme.example', 'olga@acme.example']);
});

test("an operator's directory that fails is the operators' concern, an organization's its own", async () => {
  const deliverer = company.deliverer([channel()]);
  await fails(corp, 'failed');
  await deliverer.deliverDue();
  expect(recipients()).toEqual(['ops@vendor.example']);
  await fails(scim, 'failed');
  await fails(corp, null);
  await deliverer.deliverDue();
  expect(recipients()).toEqual(['olga@acme.example', 'ops@vendor.example', 'ops@vendor.example']);
});

test('without a mail server each mail is a line on standard error, with the link', async () => {
  const lines: string[] = [];
  await massRemoval();
  const printed = administratorMailChannel({ ...people, mailer: printedMailer((line) => lines.push(line)) });
  await company.deliverer([printed]).deliverDue();
  expect(lines.length).toBe(2);
  expect(lines[0]).toMatch(/^mail to \S+@acme\.example: .*https:\/\/rollcall\.example\/$/);
});

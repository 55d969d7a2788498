// Mail through a real SMTP server that takes in, refuses, puts off and hangs.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mail } from '../../src/delivery/mail.ts';
import { defaultFrom, printedMailer, smtpMailer } from '../../src/delivery/mail.ts';
import type { Mailbox } from './mailbox.ts';
import { header, startMailbox } from './mailbox.ts';

const mail: Mail = {
  to: 'anna@acme.example',
  subject: 'Changes wait',
  text: 'Look:\nhttps://rollcall.example/x?token=abc\n',
  messageId: 'one@rollcall.example',
  inReplyTo: null,
};

/** Leads to this machine, and does not say so. */
const ELSEWHERE = '0.0.0.0';

let mailbox: Mailbox;
beforeEach(async () => {
  mailbox = await startMailbox();
});
afterEach(() => mailbox.close());

const mailer = (server = mailbox.url) => smtpMailer({ server, from: 'rollcall@acme.example', timeoutMs: 1000 });

describe('a mail server', () => {
  test('takes in a mail as it was written', async () => {
    expect(await mailer().send({ ...mail, inReplyTo: 'root@rollcall.example' })).toEqual({
      kind: 'delivered',
      reference: null,
    });
    const [{ to, raw }] = mailbox.mails as [Mailbox['mails'][number]];
    expect(to).toEqual(['anna@acme.example']);
    expect(header(raw, 'From')).toBe('Rollcall <rollcall@acme.example>');
    expect(header(raw, 'Message-ID')).toBe('<one@rollcall.example>');
    expect(header(raw, 'In-Reply-To')).toBe('<root@rollcall.example>');
    expect(raw).toContain('https://rollcall.example/x?token=');
  });

  test.each([
    [550, 'refused'],
    [450, 'failed'],
  ])('that answers %i for the recipient: %s', async (code, kind) => {
    mailbox.recipient = () => code;
    expect(await mailer().send(mail)).toMatchObject({ kind, error: expect.stringContaining(`${code}`) as string });
  });

  test('that hangs in the middle is left', async () => {
    mailbox.recipient = () => 'hang';
    expect((await mailer().send(mail)).kind).toBe('failed');
  });

  test('that never greets is left', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    expect((await mailer(`smtp://127.0.0.1:${port}`).send(mail)).kind).toBe('failed');
    silent.close();
  });

  test('that is not there has failed, and its password is not told', async () => {
    const outcome = await mailer('smtp://user:s3cret@127.0.0.1:1').send(mail);
    expect(outcome.kind).toBe('failed');
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });

  test('with a certificate of its own making is good enough for mail, and for no password beyond this machine', async () => {
    const encrypting = await startMailbox({ encrypts: true });
    const { port } = new URL(encrypting.url);
    expect((await mailer(encrypting.url).send(mail)).kind).toBe('delivered');
    expect((await mailer(`smtp://user:s3cret@127.0.0.1:${port}`).send(mail)).kind).toBe('delivered');
    expect(encrypting.passwords).toEqual(['user:s3cret']);
    const outcome = await mailer(`smtp://user:s3cret@${ELSEWHERE}:${port}`).send(mail);
    await encrypting.close();
    expect(outcome).toMatchObject({ kind: 'failed', error: expect.stringMatching(/certificate/) as string });
    expect(encrypting.passwords.length).toBe(1);
  });

  test('without encryption gets no password beyond this machine', async () => {
    const { port } = new URL(mailbox.url);
    const outcome = await mailer(`smtp://user:s3cret@${ELSEWHERE}:${port}`).send(mail);
    expect(outcome.kind).toBe('failed');
    expect([mailbox.mails, mailbox.passwords]).toEqual([[], []]);
  });

  test('that is no mail server is refused at start, unrepeated', () => {
    expect(() => mailer('https://user:s3cret@mail.example')).toThrow(/smtp:\/\/HOST/);
    expect(() => mailer('https://user:s3cret@mail.example')).not.toThrow(/s3cret/);
  });
});

describe('what a directory writes into names and addresses', () => {
  test('begins no header of its own', async () => {
    const subject = 'Acme\r\nBcc: eve@evil.example\r\n\r\nHello';
    await mailer().send({ ...mail, subject });
    const [{ to, raw }] = mailbox.mails as [Mailbox['mails'][number]];
    expect(to).toEqual(['anna@acme.example']);
    expect(header(raw, 'Bcc')).toBeNull();
    expect(header(raw, 'Subject')).toBe('Acme Bcc: eve@evil.example Hello');
  });

  test.each([
    'anna@acme.example, eve@evil.example',
    'anna@acme.example\r\nRCPT TO:<eve@evil.example>',
    '<eve@evil.example>',
    'anna',
    '',
  ])('reaches nobody else as the address %j', async (to) => {
    expect((await mailer().send({ ...mail, to })).kind).toBe('refused');
    expect(mailbox.mails).toEqual([]);
  });
});

test('without a mail server a mail is one line with its full link', async () => {
  const lines: string[] = [];
  await printedMailer((line) => lines.push(line)).send({ ...mail, subject: 'A\u001b[2J\nB' });
  expect(lines).toEqual(['mail to anna@acme.example: A [2J B: Look: https://rollcall.example/x?token=abc']);
});

test('mail comes from the host by which browsers reach the server', () => {
  expect(defaultFrom('https://rollcall.acme.example:8443/x')).toBe('rollcall@rollcall.acme.example');
});

// A real SMTP server that keeps what it takes in, or refuses it as a test says.
import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';

export interface Mailbox {
  readonly url: string;
  readonly mails: { readonly to: readonly string[]; readonly raw: string }[];
  /** What somebody signed in with. */
  readonly passwords: string[];
  /** Answers RCPT: nothing to accept, a code to refuse, `hang` to say nothing at all. */
  recipient: (address: string) => number | 'hang' | null;
  readonly close: () => Promise<void>;
}

/** @param options.encrypts it offers STARTTLS, with a certificate of its own making, and asks for a password. */
export async function startMailbox(options: { readonly encrypts?: boolean } = {}): Promise<Mailbox> {
  const server = new SMTPServer({
    disabledCommands: options.encrypts === true ? [] : ['AUTH', 'STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      mailbox.passwords.push(`${username}:${password}`);
      done(null, { user: username });
    },
    onRcptTo: ({ address }, _session, done) => {
      const answer = mailbox.recipient(address);
      if (answer === 'hang') return;
      if (answer === null) done();
      else done(Object.assign(new Error('not now'), { responseCode: answer }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mailbox.mails.push({ to, raw: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const mailbox: Mailbox = {
    url: `smtp://127.0.0.1:${port}`,
    mails: [],
    passwords: [],
    recipient: () => null,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailbox;
}

/** One header of a mail, unfolded; null where there is none. */
export function header(raw: string, name: string): string | null {
  const head = (raw.split('\r\n\r\n')[0] ?? '').replaceAll(/\r\n[ \t]+/g, ' ');
  const line = head.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}

// Mail, to a real server by SMTP, or, where none is configured, to standard error: one line a mail with all that it
// says, so that a link in it can be followed (design.md section 5).
import { createTransport } from 'nodemailer';
import { RollcallError } from '../errors.ts';
import type { Outcome } from './channel.ts';
import { LONGEST_ATTEMPT_MS } from './channel.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Without the angle brackets. The same at every attempt, so that a mail sent twice is one. */
  readonly messageId: string;
  /** The first mail of the thread, for those that follow it. */
  readonly inReplyTo: string | null;
}

export interface Mailer {
  /** Never throws for what a server does. */
  readonly send: (mail: Mail) => Promise<Outcome>;
}

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, perhaps with a user and a password. */
  readonly server: string;
  readonly from: string;
  readonly timeoutMs?: number;
}

/** One address and nothing else: no list, no name, no comment, no line break. */
const ADDRESS = /^[^\s@<>()",;:\\[\]\p{Cc}]{1,64}@[^\s@<>()",;:\\[\]\p{Cc}]{1,255}$/u;

/** @throws RollcallError `config_invalid` for anything but the address of a mail server. */
export function smtpMailer({ server, from, timeoutMs = LONGEST_ATTEMPT_MS }: SmtpSettings): Mailer {
  const url = /^smtps?:\/\//.test(server) ? URL.parse(server) : null;
  if (url === null || url.hostname === '') {
    // Not repeated: it may hold a password.
    throw new RollcallError('config_invalid', 'a mail server must be smtp://HOST or smtps://HOST, perhaps with :PORT');
  }
  const secure = url.protocol === 'smtps:';
  const hasPassword = url.username !== '';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const near = /^(localhost|127\.[\d.]+|::1)$/.test(host);
  const options = {
    host,
    port: url.port === '' ? (secure ? 465 : hasPassword ? 587 : 25) : Number(url.port),
    secure,
    // A password never goes beyond this machine in the clear, nor to somebody who can't prove their name. Without one
    // any encryption beats none: many relays answer STARTTLS with a certificate of their own making.
    requireTLS: hasPassword && !secure && !near,
    tls: { rejectUnauthorized: !near && (secure || hasPassword) },
    ...(hasPassword
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
    connectionTimeout: timeoutMs / 2,
    greetingTimeout: timeoutMs / 2,
    socketTimeout: timeoutMs / 2,
    dnsTimeout: timeoutMs / 2,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return {
    send: async ({ to, subject, text, messageId, inReplyTo }) => {
      if (!ADDRESS.test(to)) return { kind: 'refused', error: 'the address is none that mail can be sent to' };
      const transport = createTransport(options);
      const sending = transport.sendMail({
        from: { name: 'Rollcall', address: from },
        to: { name: '', address: to },
        subject: oneLine(subject),
        text,
        messageId: `<${messageId}>`,
        ...(inReplyTo === null ? {} : { inReplyTo: `<${inReplyTo}>`, references: `<${inReplyTo}>` }),
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      try {
        await within(timeoutMs, sending);
        return { kind: 'delivered', reference: null };
      } catch (error) {
        return judge(error);
      } finally {
        transport.close();
      }
    },
  };
}

/** A server that answers each line just in time could hold an attempt for ever. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('late')), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Whichever way it ends later, nobody listens any more.
    work.catch(() => undefined);
  }
}

/** 5xx for the recipient or the message is final; whatever is wrong with the server or the sign-in there may pass. */
function judge(error: unknown): Outcome {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  if (typeof responseCode !== 'number') {
    // Before the server said anything: what failed is the way there, and its words tell what (a certificate, a name).
    const words = error instanceof Error && typeof code === 'string' ? error.message.slice(0, 200) : 'it took too long';
    return { kind: 'failed', error: oneLine(`no mail server answered: ${words}`), afterMs: null };
  }
  const step = typeof code === 'string' ? ` (${code})` : '';
  const words = `the mail server answered ${responseCode}${step}`;
  const final = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return final ? { kind: 'refused', error: words } : { kind: 'failed', error: words, afterMs: null };
}

/** Where no mail server is configured. */
export function printedMailer(print: (line: string) => void): Mailer {
  return {
    send: ({ to, subject, text }) => {
      print(oneLine(`mail to ${to}: ${subject}: ${text}`));
      return Promise.resolve({ kind: 'delivered', reference: null });
    },
  };
}

/** Directories write what they like into names: nothing of it may begin a header, a line or a terminal sequence. */
export function oneLine(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

/** `rollcall@` and the host by which browsers reach this server. */
export function defaultFrom(publicUrl: string): string {
  return `rollcall@${new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')}`;
}

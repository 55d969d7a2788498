// Mail to the people who answer for an organization, of what waits for them: a hold, a directory that can't be read.
// What concerns only the operator goes to the operators.
import { administratorAddresses } from '../store/administrators.ts';
import type { EventType, OutboxEvent } from '../store/outbox.ts';
import type { Channel } from './channel.ts';
import type { Mail, Mailer } from './mail.ts';

export interface AdministratorMailSettings {
  readonly mailer: Mailer;
  readonly operators: readonly string[];
  readonly publicUrl: string;
}

const TYPES: ReadonlySet<EventType> = new Set(['hold.opened', 'run.failed', 'run.recovered']);

/** An organization with more Administrators tells the first of them. */
const MOST_RECIPIENTS = 100;

export function administratorMailChannel({ mailer, operators, publicUrl }: AdministratorMailSettings): Channel {
  return {
    key: 'mail',
    types: TYPES,
    opensCases: false,
    recipients: (trx, { organization }) =>
      organization === null
        ? Promise.resolve([...new Set(operators)])
        : administratorAddresses(trx, organization, MOST_RECIPIENTS),
    send: (event, recipient) => mailer.send(administratorMail(event, recipient, publicUrl)),
  };
}

export function administratorMail(event: OutboxEvent, to: string, publicUrl: string): Mail {
  const { hostname } = new URL(publicUrl);
  const { subject, lines } = words(event);
  const text = [...lines, '', `Rollcall: ${publicUrl}/`, ''].join('\n');
  return { to, subject, text, messageId: `${event.id}@${hostname.replace(/^\[|\]$/g, '')}`, inReplyTo: null };
}

function words({ type, data }: OutboxEvent): { readonly subject: string; readonly lines: readonly string[] } {
  const connection = said(data['connection']) || 'a change of the settings';
  switch (type) {
    case 'hold.opened': {
      const id = said(data['hold']);
      const owner = data['owner_held'] === true ? ['The Owner is among the held.'] : [];
      return {
        subject: `Changes in ${said(data['organization'])} wait for your decision`,
        lines: [
          ...owner,
          `A brake stopped ${said(data['held'])} changes that come from ${connection} in ${said(data['organization'])}.`,
          'Nobody has lost access by them. They wait until somebody decides.',
          `On the command line: rollcall holds show ${id}, then rollcall holds approve ${id}, or rollcall holds reject ${id}`,
        ],
      };
    }
    case 'run.failed': {
      const incomplete = data['outcome'] === 'incomplete';
      return {
        subject: incomplete
          ? `The directory ${connection} was not read whole`
          : `The directory ${connection} can't be read`,
        lines: [
          said(data['reason']),
          incomplete
            ? 'What was seen is applied; nobody is removed for being absent until a read is complete.'
            : 'Nothing has changed: people keep the roles they had.',
          'You will be told when a run is clean again, and not before.',
          `To see each step, on the command line: rollcall sync ${connection} --plan`,
        ],
      };
    }
    case 'run.recovered':
      return {
        subject: `The directory ${connection} is read again`,
        lines: [`A run is clean again. It had been failing since ${said(data['failing_since'])}.`],
      };
    default:
      return { subject: type, lines: [] };
  }
}

function said(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

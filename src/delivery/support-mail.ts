// A vacancy's support case as one thread of mail: the first mail opens it, reminders and the closing word answer it.
import type { OutboxEvent } from '../store/outbox.ts';
import type { Channel } from './channel.ts';
import { CASE_TYPES, itself } from './channel.ts';
import type { Mail, Mailer } from './mail.ts';

export interface SupportMailSettings {
  readonly to: string;
  readonly mailer: Mailer;
  /** Stands in message ids and as the address of the console. */
  readonly publicUrl: string;
}

export function supportMailChannel({ to, mailer, publicUrl }: SupportMailSettings): Channel {
  return {
    key: `email:${to.toLowerCase()}`,
    types: CASE_TYPES,
    opensCases: true,
    recipients: itself,
    send: (event) => mailer.send(supportMail(event, to, publicUrl)),
  };
}

interface CaseData {
  readonly case: { readonly external_id: string };
  readonly organization: { readonly id: string; readonly title: string };
  readonly former_owner: string | null;
  readonly opened_at: string;
  readonly cause: string;
  readonly candidates: readonly { readonly email: string; readonly role: string; readonly since: string }[];
  readonly how_to_resolve: string;
  readonly resolved_at: string | null;
  readonly resolution: { readonly how: string; readonly owner: string | null; readonly reason: string } | null;
}

/** More candidates are not listed in a mail; `rollcall vacancies` lists them all. */
const CANDIDATES_SHOWN = 20;

export function supportMail(event: OutboxEvent, to: string, publicUrl: string): Mail {
  const data = event.data as unknown as CaseData;
  const key = data.case.external_id;
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const root = `vacancy.${key}@${host}`;
  const subject = `${data.organization.title} (${data.organization.id}) has no Owner [${key}]`;
  const text = [
    opening(event, data),
    '',
    `Organization: ${data.organization.title} (${data.organization.id})`,
    `Former Owner: ${data.former_owner ?? 'unknown'}`,
    `Vacant since: ${data.opened_at}`,
    `Cause: ${data.cause}`,
    ...(data.resolution === null ? candidates(data) : []),
    `Case: ${key}`,
    `Rollcall: ${publicUrl}/`,
    '',
  ].join('\n');
  if (event.type === 'vacancy.opened') return { to, subject, text, messageId: root, inReplyTo: null };
  return { to, subject: `Re: ${subject}`, text, messageId: `${event.id}@${host}`, inReplyTo: root };
}

function opening({ type }: OutboxEvent, { resolution, resolved_at: at, opened_at: since }: CaseData): string {
  if (resolution !== null) {
    const how = {
      assigned: 'support assigned an Owner',
      successor: 'the successor took over',
      returned: 'the former Owner is back',
    }[resolution.how];
    return `Closed at ${at ?? ''}: ${how ?? resolution.how}. The Owner is ${resolution.owner ?? 'unknown'} (${resolution.reason}).`;
  }
  if (type === 'vacancy.reminder') return `The seat is still empty, since ${since}. Please choose an Owner.`;
  return 'The organization has lost its Owner and keeps working without one. Please choose a new Owner.';
}

function candidates({ candidates: all, how_to_resolve: how }: CaseData): string[] {
  const shown = all.slice(0, CANDIDATES_SHOWN).map(({ email, role, since }) => `  ${email}, ${role} since ${since}`);
  const more = all.length - shown.length;
  return [
    all.length === 0 ? 'Candidates: there is no active Administrator or Manager' : 'Candidates:',
    ...shown,
    ...(more > 0 ? [`  and ${more} more: rollcall vacancies`] : []),
    `To resolve: ${how}`,
  ];
}

// Webhooks with Standard Webhooks signatures. The address is the operator's own, from the configuration file, so it may
// lead into the operator's network; redirects are not followed, and of the answer only a little is read.
import { Webhook } from 'standardwebhooks';
import { RollcallError } from '../errors.ts';
import type { OutboxEvent } from '../store/outbox.ts';
import type { Channel, Outcome } from './channel.ts';
import { CASE_TYPES, fingerprint, itself, LONGEST_ATTEMPT_MS } from './channel.ts';

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_` and base64, or any other text as it is; null: unsigned. */
  readonly secret: string | null;
  readonly timeoutMs?: number;
}

/** More of an answer is not read. */
const ANSWER_BYTES = 16_384;

/** @throws RollcallError `config_invalid` for a `whsec_` secret that is not base64. */
export function webhookChannel({ url, secret, timeoutMs = LONGEST_ATTEMPT_MS }: WebhookSettings): Channel {
  const signer = secret === null ? null : signerOf(secret);
  return {
    key: `webhook:${new URL(url).host}:${fingerprint(url)}`,
    types: CASE_TYPES,
    opensCases: true,
    recipients: itself,
    send: (event) => post(url, signer, event, timeoutMs),
  };
}

function signerOf(secret: string): Webhook {
  if (!secret.startsWith('whsec_')) return new Webhook(Buffer.from(secret, 'utf8'), { format: 'raw' });
  try {
    return new Webhook(secret);
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      'a webhook secret that begins with whsec_ must go on in base64: copy it anew, or leave the prefix away',
      { cause },
    );
  }
}

/** The body that is signed and sent: the same bytes at every attempt. */
export function webhookBody({ id, type, at, position, organization, subject, data }: OutboxEvent): string {
  return JSON.stringify({ id, type, timestamp: at, position, organization, subject, data });
}

async function post(url: string, signer: Webhook | null, event: OutboxEvent, timeoutMs: number): Promise<Outcome> {
  const body = webhookBody(event);
  const sentAt = new Date();
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'Rollcall',
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
  };
  if (signer !== null) headers['webhook-signature'] = signer.sign(event.id, sentAt, body);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const answer = await firstBytes(response);
    return judge(response, answer);
  } catch (error) {
    return { kind: 'failed', error: reasonOf(error, timeoutMs), afterMs: null };
  }
}

function judge(response: Response, answer: string): Outcome {
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: 'delivered', reference: caseIn(answer) };
  if (status === 410) return { kind: 'refused', error: 'answered 410: the receiver wants no more' };
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  const afterMs = retryAfter(response.headers.get('retry-after'), Date.now());
  return { kind: 'failed', error: `answered ${status}${redirect}`, afterMs };
}

/** A receiver may say under which reference it keeps the case: `{"case": "4711"}`. */
function caseIn(answer: string): string | null {
  try {
    const said: unknown = JSON.parse(answer);
    if (typeof said !== 'object' || said === null || !('case' in said)) return null;
    const reference = typeof said.case === 'number' ? String(said.case) : said.case;
    return typeof reference === 'string' && /^[^\p{Cc}]{1,200}$/u.test(reference) ? reference : null;
  } catch {
    return null;
  }
}

/** Seconds or a date, as HTTP has it; in milliseconds from now. */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const seconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

async function firstBytes(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (size >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8');
}

/** Says what went wrong without the address: its path may hold a secret. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} seconds`;
  const cause = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : null;
  return cause === null ? 'the connection ended without an answer' : `no answer (${cause})`;
}

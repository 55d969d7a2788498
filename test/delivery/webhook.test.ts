// What a receiver sees, and what it may do to us: a real HTTP server that answers well, badly, too much or not at all.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import type { Outcome } from '../../src/delivery/channel.ts';
import { retryAfter, webhookChannel } from '../../src/delivery/webhook.ts';
import type { OutboxEvent } from '../../src/store/outbox.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver, status } from './receiver.ts';

const event: OutboxEvent = {
  id: '01jabc',
  type: 'vacancy.opened',
  subject: 'vacancy/01jv',
  organization: null,
  at: '2026-01-01T00:00:00.000Z',
  position: 7,
  data: { organization: { title: 'Ümläut & Söhne ☂' } },
};

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const send = (secret: string | null = null, url = receiver.url): Promise<Outcome> =>
  webhookChannel({ url, secret, timeoutMs: 500 }).send(event, '');

describe('signatures', () => {
  const base64 = `whsec_${Buffer.from('a secret of some length').toString('base64')}`;
  test.each([
    ['whsec_ and base64', base64, () => new Webhook(base64)],
    ['any other text', 'pässword', () => new Webhook(Buffer.from('pässword'), { format: 'raw' })],
  ])('a secret as %s is verified by the published library', async (_form, secret, verifier) => {
    expect((await send(secret)).kind).toBe('delivered');
    const [one] = receiver.received;
    expect(verifier().verify(one!.body, one!.headers as Record<string, string>)).toMatchObject({
      id: '01jabc',
      type: 'vacancy.opened',
      timestamp: event.at,
      position: 7,
      data: event.data,
    });
    expect(one!.headers['webhook-id']).toBe('01jabc');
  });

  test('a body that was changed on the way is not verified', async () => {
    await send('secret');
    const [one] = receiver.received;
    const verifier = new Webhook('secret', { format: 'raw' });
    expect(() => verifier.verify(`${one!.body} `, one!.headers as Record<string, string>)).toThrow(/signature/);
  });

  test('a whsec_ secret that is not base64 is refused at start, unrepeated', () => {
    expect(() => webhookChannel({ url: receiver.url, secret: 'whsec_!!' })).toThrow(/base64/);
    expect(() => webhookChannel({ url: receiver.url, secret: 'whsec_!!' })).not.toThrow(/!!/);
  });
});

describe('answers', () => {
  test.each([200, 201, 204])('%i is delivered', async (code) => {
    receiver.answer = status(code);
    expect((await send()).kind).toBe('delivered');
  });

  test.each([400, 401, 404, 429, 500, 503])('%i is tried again', async (code) => {
    receiver.answer = status(code);
    expect(await send()).toEqual({ kind: 'failed', error: `answered ${code}`, afterMs: null });
  });

  test('410 is final', async () => {
    receiver.answer = status(410);
    expect((await send()).kind).toBe('refused');
  });

  test('a redirect is not followed: it could lead to a place that nobody configured', async () => {
    const other = await startReceiver();
    receiver.answer = status(307, { location: other.url });
    const outcome = await send();
    await other.close();
    expect(outcome).toMatchObject({ kind: 'failed', error: expect.stringContaining('307') as string });
    expect(other.received).toEqual([]);
  });

  test('one who says nothing is left after the time allowed', async () => {
    receiver.answer = () => undefined;
    expect(await send()).toMatchObject({ kind: 'failed', error: 'no answer within 0.5 seconds' });
  });

  test('one who dribbles an answer is left too', async () => {
    receiver.answer = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    };
    expect((await send()).kind).toBe('failed');
  });

  test('one who hangs up has failed', async () => {
    receiver.answer = (response) => response.destroy();
    expect((await send()).kind).toBe('failed');
  });

  test('an endless answer is not read to its end', async () => {
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    };
    expect((await send()).kind).toBe('delivered');
  });

  test('nobody there has failed, and the message tells no address', async () => {
    const { url } = receiver;
    await receiver.close();
    expect(await send(null, `${url}/token-in-the-path`)).toEqual({
      kind: 'failed',
      error: 'no answer (ECONNREFUSED)',
      afterMs: null,
    });
    receiver = await startReceiver();
  });

  test("the receiver's own reference is taken, as text of one line", async () => {
    receiver.answer = status(200, {}, '{"case": 4711}');
    expect(await send()).toEqual({ kind: 'delivered', reference: '4711' });
    receiver.answer = status(200, {}, '{"case": "a\\u001b[2Jb"}');
    expect(await send()).toEqual({ kind: 'delivered', reference: null });
    receiver.answer = status(200, {}, '<html>');
    expect(await send()).toEqual({ kind: 'delivered', reference: null });
  });
});

test('Retry-After is read as seconds or as a date, and nonsense as nothing', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  for (const text of ['soon', '-5', 'Thu, 01 Jan 2015 00:01:00 GMT', '']) expect(retryAfter(text, now)).toBeNull();
});

test('the key of a channel stays from start to start and gives no secret away', () => {
  const key = (url: string): string => webhookChannel({ url, secret: 's3cret' }).key;
  expect(key('https://chat.example/hooks/T0K3N')).toBe(key('https://chat.example/hooks/T0K3N'));
  expect(key('https://chat.example/hooks/T0K3N')).not.toBe(key('https://chat.example/hooks/other'));
  expect(key('https://chat.example/hooks/T0K3N')).not.toMatch(/T0K3N|s3cret/);
});

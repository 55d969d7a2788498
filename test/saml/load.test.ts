// A login with 5,000 groups is half a second of arithmetic: others do not wait for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Verifier } from '../../src/saml/verifier.ts';
import { TestIdp } from '../support/idp.ts';
import { SamlServer } from '../support/saml-server.ts';

let idp: TestIdp;
let server: SamlServer;

beforeAll(async () => {
  idp = await TestIdp.make();
  server = await SamlServer.start({ settings: { 'acme-saml': { idpMetadata: { xml: idp.metadata() } } } });
  await server.browser().signIn(server, idp, 'acme-saml');
});
afterAll(() => server.stop());

test('while somebody signs in with 5,000 groups, others are answered long before them', async () => {
  const groups = Array.from({ length: 5000 }, (_, nth) => `group-${nth}-of-a-large-company-with-long-names`);
  const attributes = { Email: ['anna@acme.example'], Groups: groups };
  const browser = server.browser();
  const inResponseTo = await browser.begin('acme-saml');
  const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo, attributes });
  const state = { done: false };
  const began = performance.now();
  const login = browser.postResponse('acme-saml', xml).then((answer) => {
    state.done = true;
    return { status: answer.status, took: performance.now() - began };
  });
  const waits: number[] = [];
  while (!state.done) {
    const asked = performance.now();
    await (await server.browser().get('/')).text();
    waits.push(performance.now() - asked);
    await sleep(2);
  }
  const { status, took } = await login;
  expect(status).toBe(303);
  waits.sort((a, b) => a - b);
  if (process.env['SHOW'] !== undefined)
    console.log({ took, n: waits.length, p50: waits[waits.length >> 1], max: waits.at(-1) });
  // On the event loop one of them would have waited for nearly all of it.
  expect(waits.at(-1)).toBeLessThan(took / 2);
});

test('large responses that prove nothing keep no small one waiting', async () => {
  const groups = Array.from({ length: 5000 }, (_, nth) => `group-${nth}-of-a-large-company-with-long-names`);
  const attacker = server.browser();
  const inResponseTo = await attacker.begin('acme-saml');
  const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo, attributes: { Groups: groups } });
  const state = { answered: 0 };
  const junk = Array.from({ length: 4 }, async () => {
    expect((await attacker.postResponse('acme-saml', xml.replace('anna-7', 'olga-1'))).status).toBe(403);
    state.answered += 1;
  });
  expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
  expect(state.answered).toBeLessThan(2);
  await Promise.all(junk);
});

test('a full queue turns away, one sender fills only a part of it, and a thread that takes too long is replaced', async () => {
  const expected = {
    entityId: 'a',
    acsUrl: 'b',
    provider: 'c',
    certificates: [],
    decryptionKeys: [],
    signed: 'either',
    awaited: [],
    allowIdpInitiated: true,
    clockSkewMs: 0,
    now: Date.now(),
  } as const;
  const job = { posted: 'AAAA', expected };
  const verifier = new Verifier({ waiting: 2, waitingPerSender: 1, deadlineMs: 1 });
  const senders = ['a', 'a', 'a', 'b', 'c'];
  const answers = await Promise.all(senders.map((sender) => verifier.verify(job, sender)));
  const late = expect.objectContaining({ kind: 'refused', rule: 'isVerifiedInTime' });
  expect(answers).toEqual([late, late, 'busy', late, 'busy']);
  await verifier.close();
  expect(await verifier.verify(job, 'a')).toBe('busy');
});

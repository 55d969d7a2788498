// Honest responses where they do not belong, what is no response at all, and much of either, at the real `serve`.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { base64 } from '../support/idp.ts';
import type { Said } from '../support/idp.ts';
import { acmeSaml } from '../support/saml-server.ts';
import { olga } from './forgeries.ts';
import { Target, mallory } from './target.ts';

let target: Target;

beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target.server.stop());

describe('an honest response where it does not belong', () => {
  test('a replay, in the same browser and in another', async () => {
    const { browser, inResponseTo } = await target.begin();
    const xml = await target.honest(inResponseTo);
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(303);
    await target.refused(() => browser.postResponse('acme-saml', xml));
    await target.refused(() => target.server.browser().postResponse('acme-saml', xml));
  });

  test('one of twenty at once counts', async () => {
    const { browser, inResponseTo } = await target.begin();
    const xml = await target.honest(inResponseTo);
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.postResponse('acme-saml', xml)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
  });

  test('an assertion used again for another request', async () => {
    const { browser, inResponseTo } = await target.begin();
    const assertionId = `_${randomUUID()}`;
    expect((await browser.postResponse('acme-saml', await target.honest(inResponseTo, { assertionId }))).status).toBe(
      303,
    );
    const again = await browser.begin('acme-saml');
    const xml = await target.honest(again, { assertionId });
    await target.refused(() => browser.postResponse('acme-saml', xml));
  });

  test('a second answer to a request that was answered', async () => {
    const { browser, inResponseTo } = await target.begin();
    const [first, second] = [await target.honest(inResponseTo), await target.honest(inResponseTo)];
    const answers = await Promise.all([first, second].map((xml) => browser.postResponse('acme-saml', xml)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 403]);
  });

  test('login CSRF: the answer to the attacker’s request, posted by the victim’s browser', async () => {
    const { inResponseTo } = await target.begin();
    const victim = await target.begin();
    const xml = await target.honest(inResponseTo);
    await target.refused(() => victim.browser.postResponse('acme-saml', xml));
  });

  test('an answer to a request of another connection', async () => {
    const { browser, inResponseTo } = await target.begin('beta-saml');
    const xml = await target.honest(inResponseTo);
    await target.refused(() => browser.postResponse('acme-saml', xml));
  });

  test('the response of one connection at another', async () => {
    const { browser, inResponseTo } = await target.begin('beta-saml');
    const xml = await target.honest(inResponseTo);
    await target.refused(() => browser.postResponse('beta-saml', xml));
    // Also when it says all that beta's would say: acme's key is not beta's.
    const addressed = await target.idp.response({
      ...target.server.addresses('beta-saml'),
      inResponseTo,
      issuer: target.betaIdp.entityId,
      responseIssuer: target.betaIdp.entityId,
    });
    await target.refused(() => browser.postResponse('beta-saml', addressed));
  });

  test('unasked for, also where something else was asked for', async () => {
    const xml = await target.honest(null);
    await target.refused(() => target.server.browser().postResponse('acme-saml', xml));
    const { browser } = await target.begin();
    await target.refused(() => browser.postResponse('acme-saml', xml));
  });

  test('unasked for where that is allowed: once, and its RelayState leads nowhere else', async () => {
    const berta: Partial<Said> = { nameId: 'berta', attributes: { Email: ['berta@beta.example'] } };
    const say = async (): Promise<string> =>
      target.betaIdp.response({ ...target.server.addresses('beta-saml'), ...berta, inResponseTo: null });
    const ways = [
      '//evil.example',
      'https://app.beta.example.evil.example/x',
      '/\\evil.example',
      'javascript:alert(1)',
    ];
    for (const relayState of ways) {
      const answer = await target.server.browser().postResponse('beta-saml', await say(), relayState);
      expect([relayState, answer.status, answer.headers.get('location')]).toEqual([relayState, 303, '/']);
    }
    const xml = await say();
    expect((await target.server.browser().postResponse('beta-saml', xml)).status).toBe(303);
    await target.refused(() => target.server.browser().postResponse('beta-saml', xml));
  });

  test('for another audience, recipient or destination; of another issuer; too late, too early', async () => {
    const { browser, inResponseTo } = await target.begin();
    const past = new Date(Date.now() - 3_600_000);
    const wrong: readonly Partial<Said>[] = [
      { audience: 'https://other.example' },
      { recipient: 'https://other.example' },
      { destination: 'https://other.example' },
      { issuer: target.betaIdp.entityId },
      { responseIssuer: target.betaIdp.entityId },
      { notOnOrAfter: past },
      { confirmedUntil: past },
      { sessionUntil: past },
      { notBefore: new Date(Date.now() + 3_600_000) },
      { confirmedInResponseTo: '_other' },
      { confirmedInResponseTo: null },
      { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' },
      { subject: false },
      { authnStatement: false },
      { conditions: false },
      { audienceRestriction: false },
      { version: '1.1' },
      { status: 'urn:oasis:names:tc:SAML:2.0:status:Requester' },
    ];
    for (const said of wrong) {
      const xml = await target.honest(inResponseTo, said);
      await target.refused(() => browser.postResponse('acme-saml', xml));
    }
    expect((await browser.postResponse('acme-saml', await target.honest(inResponseTo))).status).toBe(303);
  });
});

describe('what is no response', () => {
  test('JSON, an empty form, the field twice, no base64, huge bodies', async () => {
    const { browser, inResponseTo } = await target.begin();
    const acs = '/saml/acme-saml/acs';
    const field = `SAMLResponse=${encodeURIComponent(base64(await target.honest(inResponseTo)))}`;
    const json = JSON.stringify({ SAMLResponse: base64(await target.honest(inResponseTo)) });
    await target.refused(() => browser.post(acs, json, 'application/json'), [415]);
    await target.refused(() => browser.post(acs, '', 'text/plain'), [415]);
    await target.refused(() => browser.post(acs, ''), [400]);
    await target.refused(() => browser.post(acs, `${field}&${field}`), [400]);
    await target.refused(() => browser.post(acs, 'SAMLResponse=%%%'), [403]);
    await target.refused(() => browser.post(acs, `SAMLResponse=${'A'.repeat(3_000_000)}`), [413]);
    await target.refused(() => browser.post(acs, `SAMLResponse=${'A'.repeat(1_040_000)}`), [403]);
    await target.refused(() => browser.post(acs, 'a=1&'.repeat(1000)), [413, 400]);
    await target.refused(() => browser.post('/saml/nobody/acs', field), [404]);
    await target.refused(() => browser.get(acs), [405]);
  });

  test('every refusal is kept with its true reason, found by the reference that the visitor sees', async () => {
    const { browser, inResponseTo } = await target.begin();
    const answer = await browser.postResponse('acme-saml', olga(await target.honest(inResponseTo)));
    const page = await answer.text();
    const reference = /Reference: ([A-Z0-9-]+)/.exec(page)?.[1];
    const [attempt] = await loadAttempts(target.server.db, acmeSaml, 1);
    expect(attempt).toMatchObject({
      reference,
      outcome: 'refused',
      rule: 'signatureIsValid',
      clientAddress: expect.stringMatching(/^127\./),
    });
    expect(page).not.toMatch(/signature/i);
    expect(target.server.log()).toContain(reference ?? '?');
  });
});

describe('junk by the hundred', () => {
  test('is looked at a hundred times from an address, and people sign in there all the while', async () => {
    const address = '127.9.9.9';
    const junk = async (): Promise<number> =>
      (await target.server.browser(address).post('/saml/acme-saml/acs', `SAMLResponse=${'A'.repeat(4000)}`)).status;
    for (let nth = 0; nth < 100; nth += 1) expect(await junk()).toBe(403);
    const kept = await target.server.db('saml_attempts').where({ client_address: address });
    const later = await target.server.browser(address).post('/saml/acme-saml/acs', 'SAMLResponse=AAAA');
    expect([later.status, Number(later.headers.get('retry-after')) > 0]).toEqual([429, true]);
    await target.refused(() => target.server.browser(address).post('/saml/acme-saml/acs', 'SAMLResponse=AAAA'), [429]);
    expect(await target.server.db('saml_attempts').where({ client_address: address })).toHaveLength(kept.length);
    expect((await target.server.browser(address).signIn(target.server, target.idp, 'acme-saml', mallory)).status).toBe(
      303,
    );
  });

  test('of a browser that has a sign-in under way is looked at twenty times', async () => {
    const { browser, inResponseTo } = await target.begin();
    const bad = olga(await target.honest(inResponseTo));
    const statuses: number[] = [];
    for (let nth = 0; nth < 21; nth += 1) statuses.push((await browser.postResponse('acme-saml', bad)).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 403), 429]);
    expect((await target.server.browser().signIn(target.server, target.idp, 'acme-saml', mallory)).status).toBe(303);
  });
});

describe('tenants', () => {
  test('acme’s provider names an address of beta’s domain: nothing happens to beta, and the conflict is listed', async () => {
    const berta: Partial<Said> = {
      nameId: 'berta',
      attributes: { Email: ['berta@beta.example'], Groups: ['label-team'] },
    };
    const { db } = target.server;
    const before = await db('memberships').where({ organization: 'beta' });
    expect((await target.server.browser().signIn(target.server, target.idp, 'acme-saml', berta)).status).toBe(403);
    expect(await db('memberships').where({ organization: 'beta' })).toEqual(before);
    expect(await db('conflicts').where({ external_id: 'berta' }).select('connection', 'reason')).toEqual([
      { connection: 'acme-saml', reason: 'address_not_verified' },
    ]);
  });
});

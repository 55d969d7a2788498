// Sign-ins at a running server: who gets in, where they arrive, what they hold, and who is told what.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PushReading } from '../../src/core/reading.ts';
import { loadAttempts } from '../../src/store/saml-attempts.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { TestIdp, inflated } from '../support/idp.ts';
import { SamlServer, acmeSaml, acmeScim } from '../support/saml-server.ts';

let idp: TestIdp;
let server: SamlServer;

async function start(
  settings: Record<string, unknown> = {},
  options: { scim?: boolean; state?: 'observe' | 'paused' } = {},
): Promise<void> {
  const idpMetadata = { xml: idp.metadata() };
  server = await SamlServer.start({
    settings: { 'acme-saml': { idpMetadata, ...settings }, 'beta-saml': { idpMetadata } },
    ...options,
  });
}

beforeEach(async () => {
  idp = await TestIdp.make();
});
afterEach(async () => {
  expect((await recompute(server.door.sync, () => undefined)).differences).toEqual([]);
  await server.stop();
});

async function membership(email: string, organization = 'acme'): Promise<Record<string, unknown> | undefined> {
  const account = await server.store.sync.db('accounts').where({ email_key: email }).first();
  return server.store.sync
    .db('memberships')
    .where({ organization, account: account?.id ?? '' })
    .first();
}

function scimSaid(person: { id: string; userName: string; email: string; active?: boolean }): PushReading {
  const { id, userName, email, active = true } = person;
  const attributes = { email, userName, firstName: null, lastName: null, locator: null };
  return {
    kind: 'push',
    connection: acmeScim,
    at: server.store.sync.now(),
    people: [{ externalId: id, active, attributes, groups: 'unknown' }],
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

describe('a first sign-in', () => {
  test('the page asked for is the page arrived at, with the role of the group', async () => {
    await start();
    const browser = server.browser();
    const answer = await browser.signIn(server, idp, 'acme-saml');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/pages/asked-for']);
    expect(await (await browser.get('/pages/asked-for')).text()).toMatch(/ in acme$/);
    expect(await membership('anna@acme.example')).toMatchObject({ role: 'reviewer', status: 'active', source: 'saml' });
    const [attempt] = await loadAttempts(server.store.sync.db, acmeSaml, 10);
    expect(attempt).toMatchObject({ outcome: 'accepted', email: 'anna@acme.example' });
    expect(attempt?.assertion).not.toMatch(/Signature/);
    expect(attempt?.certificate).toMatch(/^([0-9A-F]{2}:){31}/);
  });

  test('by the POST binding where the provider has no other, signed, with a script that only posts', async () => {
    const post = idp.metadata().replace(/<md:SingleSignOnService Binding="[^"]*HTTP-Redirect"[^>]*>/, '');
    await start({ idpMetadata: { xml: post } });
    const answer = await server.browser().get('/saml/acme-saml/login');
    const page = await answer.text();
    const request = Buffer.from(/name="SAMLRequest" value="([^"]+)"/.exec(page)?.[1] ?? '', 'base64').toString();
    expect(request).toMatch(/<samlp:AuthnRequest.*<SignatureMethod Algorithm="[^"]*rsa-sha256"/);
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none';.* script-src 'nonce-[^;]+; base/,
    );
  });

  test('the request is signed, asks for no authentication context, and leads nowhere else', async () => {
    await start();
    const answer = await server.browser().get('/saml/acme-saml/login?return_to=//evil.example');
    const url = answer.headers.get('location') ?? '';
    expect(new URL(url).searchParams.get('SigAlg')).toMatch(/rsa-sha256$/);
    expect(inflated(url)).not.toMatch(/RequestedAuthnContext|NameIDPolicy[^>]*Format/);
    const rows: { return_to: string }[] = await server.store.sync.db('saml_requests').select('return_to');
    expect(rows).toEqual([{ return_to: '/' }]);
  });

  test('encrypted for the certificate of our metadata', async () => {
    await start();
    const xml = await (await server.browser().get('/saml/acme-saml/metadata')).text();
    const key = /use="encryption".*?<ds:X509Certificate>([^<]+)</s.exec(xml)?.[1] ?? '';
    const encryptFor = `-----BEGIN CERTIFICATE-----\n${key}\n-----END CERTIFICATE-----\n`;
    const answer = await server.browser().signIn(server, idp, 'acme-saml', {}, { what: 'assertion', encryptFor });
    expect(answer.status).toBe(303);
  });

  test('nothing mapped is nobody: without a directory they become a pending member by the default role', async () => {
    await start();
    const attributes = { Email: ['anna@acme.example'], Groups: [] };
    expect((await server.browser().signIn(server, idp, 'acme-saml', { attributes })).status).toBe(303);
    expect(await membership('anna@acme.example')).toMatchObject({ role: 'not_activated', status: 'pending' });
  });

  test('the next one that says nothing new plans nothing; a group that was let go comes back by being named', async () => {
    await start();
    const { db } = server.store.sync;
    const count = async (): Promise<number> => (await db('plans').select('id')).length;
    await server.browser().signIn(server, idp, 'acme-saml');
    const before = await count();
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    expect(await count()).toBe(before);
    await db('external_groups').update({ present: 0 });
    await server.browser().signIn(server, idp, 'acme-saml');
    expect(await count()).toBe(before + 1);
    expect(await membership('anna@acme.example')).toMatchObject({ role: 'reviewer' });
  });

  test('5,000 groups are one sign-in', async () => {
    await start();
    const groups = Array.from({ length: 5000 }, (_, nth) => `group-number-${nth}`);
    const attributes = { Email: ['anna@acme.example'], Groups: [...groups, 'label-team'] };
    expect((await server.browser().signIn(server, idp, 'acme-saml', { attributes })).status).toBe(303);
    expect(await membership('anna@acme.example')).toMatchObject({ role: 'reviewer' });
  });
});

describe('unknown is not none', () => {
  test('missing groups and an overage link keep the last known ones; an empty attribute ends them', async () => {
    await start();
    const browser = server.browser();
    await browser.signIn(server, idp, 'acme-saml');
    const email = { Email: ['anna@acme.example'] };
    const link = { 'http://schemas.microsoft.com/claims/groups.link': ['https://graph.example/1'] };
    for (const attributes of [email, { ...email, ...link, Groups: [] }]) {
      expect((await browser.signIn(server, idp, 'acme-saml', { attributes })).status).toBe(303);
      expect(await membership('anna@acme.example')).toMatchObject({ role: 'reviewer' });
    }
    await browser.signIn(server, idp, 'acme-saml', { attributes: { ...email, Groups: [] } });
    expect(await membership('anna@acme.example')).toMatchObject({ role: 'not_activated' });
  });

  test('a list in one value with commas is split, and a DN is not', async () => {
    await start();
    await server.browser().signIn(server, idp, 'acme-saml', {
      attributes: { Email: ['anna@acme.example'], Groups: ['sales, label-team', 'cn=a,ou=b,dc=c'] },
    });
    const names: { name: string }[] = await server.store.sync.db('external_groups').orderBy('name').select('name');
    expect(names.map(({ name }) => name)).toEqual(['cn=a,ou=b,dc=c', 'label-team', 'sales']);
  });
});

describe('who one is', () => {
  test('a new address under the same persistent NameID is the same account', async () => {
    await start();
    await server.browser().signIn(server, idp, 'acme-saml');
    await server.browser().signIn(server, idp, 'acme-saml', { attributes: { Email: ['Anna.Neu@acme.example'] } });
    const accounts = await server.store.sync.db('accounts').whereLike('email', '%nn%').select('email_key');
    expect(accounts).toEqual([{ email_key: 'anna.neu@acme.example' }]);
  });

  test('an address that comes back with a new id is another person: refused, and listed as a conflict', async () => {
    await start();
    await server.browser().signIn(server, idp, 'acme-saml');
    const answer = await server.browser().signIn(server, idp, 'acme-saml', { nameId: 'somebody-else' });
    expect(answer.status).toBe(403);
    expect(await server.store.sync.db('conflicts').select('external_id', 'reason')).toEqual([
      { external_id: 'somebody-else', reason: 'other_id' },
    ]);
  });

  test('a transient NameID is nobody, and an address makes up for it', async () => {
    await start();
    const nameIdFormat = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
    for (const nameId of ['_0', 'olga@acme.example']) {
      const refused = await server.browser().signIn(server, idp, 'acme-saml', { nameIdFormat, nameId, attributes: {} });
      expect(refused.status).toBe(403);
    }
    await server.browser().signIn(server, idp, 'acme-saml', { nameIdFormat, nameId: '_1' });
    await server.browser().signIn(server, idp, 'acme-saml', { nameIdFormat, nameId: '_2' });
    const people = await server.store.sync.db('external_people').select('external_id');
    expect(people).toEqual([{ external_id: 'anna@acme.example' }]);
  });

  test('a set id attribute that is missing is refused, not replaced by another id', async () => {
    await start({ attributes: { id: 'employee' } });
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(403);
    const attributes = { employee: ['7'], Email: ['anna@acme.example'] };
    expect((await server.browser().signIn(server, idp, 'acme-saml', { attributes })).status).toBe(303);
  });
});

test('nobody gets in as a colleague by a letter that folds into one of the colleague’s name', async () => {
  await start({ jit: true }, { scim: true });
  const kim = { nameId: 'kim', attributes: { Email: ['kim@acme.example'], Groups: ['label-team'] } };
  expect((await server.browser().signIn(server, idp, 'acme-saml', kim)).status).toBe(303);
  // People can choose such a mail or user name at their provider, which compares by bytes and finds it free.
  await push(server.door.sync, scimSaid({ id: 'kai', userName: 'kai', email: 'kai@acme.example' }));
  const mail = { nameId: 'mallory-1', attributes: { Email: ['\u212Aai@acme.example'], Groups: ['label-team'] } };
  expect((await server.browser().signIn(server, idp, 'acme-saml', mail)).status).toBe(403);
  await push(server.door.sync, scimSaid({ id: 'm', userName: '\u212Aim', email: 'mallory@acme.example' }));
  const name = { nameId: '\u212Aim', attributes: { Email: ['mallory@acme.example'], Groups: ['label-team'] } };
  expect((await server.browser().signIn(server, idp, 'acme-saml', name)).status).toBe(303);
  const linked: unknown[] = await server.store.sync
    .db('external_people')
    .join('accounts', 'accounts.id', 'external_people.account')
    .orderBy('external_id')
    .select('external_id', 'accounts.email');
  expect(linked).toEqual([
    { external_id: 'kai', email: 'kai@acme.example' },
    { external_id: 'kim', email: 'kim@acme.example' },
    { external_id: 'm', email: 'mallory@acme.example' },
    { external_id: '\u212Aim', email: 'mallory@acme.example' },
  ]);
});

describe('beside a SCIM connection', () => {
  test('under different addresses they are one account, found by user name', async () => {
    await start({}, { scim: true });
    await push(server.door.sync, scimSaid({ id: 's1', userName: 'Anna-7', email: 'a.alt@acme.example' }));
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    const people: { account: string }[] = await server.store.sync.db('external_people').select('account');
    expect(people).toHaveLength(2);
    expect(people[0]?.account).toBe(people[1]?.account);
    expect(await membership('a.alt@acme.example')).toMatchObject({ role: 'reviewer' });
  });

  test('whom it does not know is refused and leaves nothing, unless jit is on', async () => {
    await start({}, { scim: true });
    await push(server.door.sync, scimSaid({ id: 's1', userName: 'berta', email: 'berta@acme.example' }));
    const before = await server.store.sync.db('external_people').select();
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(403);
    expect(await server.store.sync.db('external_people').select()).toEqual(before);
    await server.stop();
    await start({ jit: true }, { scim: true });
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
  });

  test('a deactivation beats a valid assertion, and the message says who can help', async () => {
    await start({}, { scim: true });
    const anna = { id: 's1', userName: 'anna-7', email: 'anna@acme.example' };
    await push(server.door.sync, scimSaid(anna));
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    await push(server.door.sync, scimSaid({ ...anna, active: false }));
    const answer = await server.browser().signIn(server, idp, 'acme-saml');
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(/deactivated.*administrator of acme Inc, or its owner, olga@acme\.example/s);
    expect(await membership('anna@acme.example')).toMatchObject({ status: 'deactivated' });
    expect((await loadAttempts(server.store.sync.db, acmeSaml, 1))[0]).toMatchObject({ rule: 'isNotSuspended' });
  });
});

describe('states', () => {
  test('a paused connection signs nobody in, and writes nothing', async () => {
    await start({}, { state: 'paused' });
    expect((await server.browser().get('/saml/acme-saml/login')).status).toBe(403);
    const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo: null });
    expect((await server.browser().postResponse('acme-saml', xml)).status).toBe(403);
    expect(await server.store.sync.db('external_people').select()).toEqual([]);
  });

  test('an observed connection is stored and shown, and opens nothing', async () => {
    await start({}, { state: 'observe' });
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(403);
    expect(await server.store.sync.db('external_people').select('external_id')).toEqual([{ external_id: 'anna-7' }]);
    expect(server.sessions.opened.size).toBe(0);
  });

  test('a trial shows what would happen and changes nothing', async () => {
    await start();
    const browser = server.browser();
    const before = await server.everything();
    const begun = await browser.get('/saml/acme-saml/login?try=1');
    const inResponseTo = /ID="([^"]+)"/.exec(inflated(begun.headers.get('location') ?? ''))?.[1] ?? '';
    const answer = await browser.postResponse(
      'acme-saml',
      await idp.response({ ...server.addresses('acme-saml'), inResponseTo }),
    );
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toMatch(/would be signed in.*label-team.*Would change: acme.*reviewer.*Nothing was changed/s);
    const after = JSON.parse(await server.everything()) as Record<string, unknown>;
    expect({ ...after, saml_used_ids: [] }).toEqual(JSON.parse(before));
    expect(server.sessions.opened.size).toBe(0);
  });
});

describe('unasked for, where that is allowed', () => {
  test('a RelayState leads only to this site or a listed address', async () => {
    await start({ allowIdpInitiated: true, returnTo: ['https://app.acme.example/x'] });
    for (const [relayState, arrives] of [
      ['/pages/p?a=1', '/pages/p?a=1'],
      ['https://app.acme.example/x/y', 'https://app.acme.example/x/y'],
      ['https://app.acme.example.evil.example/x', '/'],
      ['https://app.acme.example/xy', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['/x/..//evil.example', '/'],
      ['javascript:alert(1)', '/'],
    ]) {
      const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo: null });
      const answer = await server.browser().postResponse('acme-saml', xml, relayState);
      expect([relayState, answer.status, answer.headers.get('location')]).toEqual([relayState, 303, arrives]);
    }
  });
});

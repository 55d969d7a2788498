// What the installation can say afterwards of who came in, by which door, and who changed how people come in.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listEvents, pruneSignIns } from '../../src/store/account-events.ts';
import { findAccount } from '../../src/store/accounts.ts';
import { revokeToken } from '../../src/organization/api-tokens.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { decide } from '../../src/organization/decide-conflict.ts';
import { verifyByOperator, withdrawDomain } from '../../src/organization/domains.ts';
import { endScimToken } from '../../src/organization/end-scim-token.ts';
import { makeScimToken } from '../../src/organization/make-scim-token.ts';
import { setConnectionState } from '../../src/organization/set-connection-state.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { push } from '../../src/sync/push.ts';
import { acme, COMPANY, enterByMail, scim, scimSays } from './company.ts';
import type { Site } from './site.ts';
import { openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await openSite({ declaration: COMPANY });
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

async function told(of: Parameters<typeof listEvents>[1] = {}): Promise<string[]> {
  const events = await listEvents(site.sync.db, of, 100);
  return events.toReversed().map(({ kind, detail }) => (detail === '' ? kind : `${kind} ${detail}`));
}

test('every sign-in, switch and token can be read afterwards, with who did it', async () => {
  const olga = await enterByMail(site, 'olga@acme.example');
  await signIn(site, 'olga@acme.example', 'not the password');
  await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true });
  const { refresh } = (await olga.call('POST', '/api/token')).json() as { refresh: string };
  await olga.call('POST', '/api/token/rotate', { refresh });
  const [token] = JSON.parse((await olga.get('/api/token')).text) as { id: string }[];
  expect(await revokeToken(site.sync, token?.id ?? '')).toBe(true);
  expect(await revokeToken(site.sync, token?.id ?? '')).toBe(false);
  expect((await olga.call('POST', `/api/organizations/${acme}/sign-in`, { require_sso: true })).status).toBe(200);
  await signIn(site, 'olga@acme.example', PASSWORD);
  const account = (await findAccount(site.sync.db, 'olga@acme.example'))?.id;
  expect(await told({ account: account! })).toEqual([
    'password_set reset',
    'signed_in password',
    'tokens_switched personal on, legacy on, 365 days',
    'token_made personal',
    'token_ended personal, rotated',
    'token_made personal',
    'token_ended personal, revoked by command',
    'sso_required on',
    'sso_bypassed the Owner signed in with a password',
    'signed_in password',
  ]);
  expect(await told({ organization: acme })).not.toContain('signed_in password');
});

test('what connections and commands do to somebody’s sign-in can be read afterwards too', async () => {
  const { sync } = site;
  await signedUp(site, 'leo@acme.example');
  await scimSays(site, { 'leo@acme.example': 'active' });
  await pushRenamed('leo@acme.example', 'leonard@acme.example');
  await signedUp(site, 'zed@elsewhere.example');
  await scimSays(site, { 'zed@elsewhere.example': 'active', 'eve@elsewhere.example': 'active' });
  const conflicts = new Map((await loadConflicts(sync.db)).map(({ email, id }) => [email, id]));
  await decide(sync, conflicts.get('zed@elsewhere.example') ?? '', 'linked');
  await decide(sync, conflicts.get('eve@elsewhere.example') ?? '', 'discarded');
  await verifyByOperator(sync, acme, 'acme.test');
  await withdrawDomain(sync, acme, 'acme.test');
  const { id } = await makeScimToken(sync, scim, null);
  expect(await endScimToken(sync, id)).toEqual({ declared: false });
  expect(await endScimToken(sync, id)).toBeNull();
  await setConnectionState(sync, scim, 'paused');
  expect(await told()).toEqual([
    'signed_up',
    'unproven_ended joined by acme-scim',
    'address_moved acme-scim',
    'signed_up',
    'conflict_linked acme-scim, by command',
    'unproven_ended linked to acme-scim',
    'conflict_discarded acme-scim, by command',
    'domain_verified acme.test, by command',
    'domain_withdrawn acme.test, by command',
    `scim_token_made acme-scim, ${id}`,
    `scim_token_ended acme-scim, ${id}`,
    'connection_set acme-scim paused',
  ]);
});

/** The connection knows the person under another address from now on. */
async function pushRenamed(externalId: string, email: string): Promise<void> {
  const attributes = { email, userName: email, firstName: null, lastName: null, locator: null };
  const people: PushReading['people'] = [{ externalId, active: true, attributes, groups: 'unknown' }];
  const nothing = { groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };
  await push(site.sync, { kind: 'push', connection: scim, at: site.sync.now(), people, ...nothing });
}

test('sign-ins are forgotten after a time, and the table does not grow for ever; what people changed is kept', async () => {
  await enterByMail(site, 'olga@acme.example');
  const { db, now } = site.sync;
  const old = Array.from({ length: 1_100 }, (_, at) => ({
    id: `0${at}`,
    at: '2026-01-01T00:00:00.000Z',
    kind: 'signed_in',
    account: null,
    organization: null,
    detail: 'password',
  }));
  await db.batchInsert('account_events', old, 100);
  await pruneSignIns(db, '2026-02-01T00:00:00.000Z');
  expect(await told()).toEqual(['password_set reset', 'signed_in password']);
  await pruneSignIns(db, now());
  expect(await told()).toEqual(['password_set reset']);
});

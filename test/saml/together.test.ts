// One person known to SCIM, LDAP and SAML at once, and one person in two organizations, at the real `serve`: what each
// door says holds at the others.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Directory } from '../support/directory.ts';
import type { Said } from '../support/idp.ts';
import { TestIdp } from '../support/idp.ts';
import type { Browser } from '../support/saml-browser.ts';
import { SamlServed, whoIsIn } from '../support/saml-served.ts';

let idp: TestIdp;
let betaIdp: TestIdp;
let server: SamlServed;
const directory = new Directory();
const group = 'label-team';
const TOKEN = 'token-of-the-scim-client-of-acme';

beforeAll(async () => {
  idp = await TestIdp.make();
  betaIdp = await TestIdp.make('https://idp.beta.example');
  server = await SamlServed.start({
    acme: { idpMetadata: { xml: idp.metadata() }, jit: true },
    beta: { idpMetadata: { xml: betaIdp.metadata() } },
    // One company's domain, proven by both of its organizations.
    organization: { domains: ['acme.example', 'beta.example', 'corp.example'] },
    connections: [
      { id: 'acme-scim', kind: 'scim', organization: 'acme', token: { env: 'ACME_SCIM_TOKEN' } },
      {
        id: 'acme-ldap',
        kind: 'ldap',
        organization: 'acme',
        url: 'ldap://127.0.0.1',
        users: { base: 'ou=people,dc=corp,dc=example', filter: '(objectClass=inetOrgPerson)' },
        groups: { base: 'ou=groups,dc=corp,dc=example', filter: '(objectClass=groupOfNames)' },
      },
    ],
    mappings: [
      { connection: 'acme-scim', group, organization: 'acme', role: 'annotator' },
      {
        connection: 'acme-ldap',
        group: 'cn=label-team,ou=groups,dc=corp,dc=example',
        organization: 'acme',
        role: 'manager',
      },
    ],
    env: { ACME_SCIM_TOKEN: TOKEN },
  });
});
afterAll(() => server.stop());

async function scim(method: string, path: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}/scim/v2/${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/scim+json' },
  });
  expect(answer.status).toBeLessThan(300);
  return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>);
}

const scimIds = new Map<string, string>();
let scimGroup = '';

/** Pushed under an address of its own; SCIM and the directory share it. */
async function saysScim(name: string): Promise<void> {
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  const emails = [{ value: `${name}@corp.example`, primary: true }];
  const made = await scim('POST', 'Users', { schemas, userName: name, emails });
  scimIds.set(name, String(made['id']));
  const Operations = [{ op: 'add', path: 'members', value: [{ value: made['id'] }] }];
  await scim('PATCH', `Groups/${scimGroup}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations,
  });
}

async function saysLdap(names: readonly string[]): Promise<void> {
  for (const name of names) directory.person(name);
  directory.group('label-team', [...directory.people.keys()]);
  writeFileSync(join(server.folder, 'corp.ldif'), directory.ldif());
  const { code, stderr } = await server.rollcall('sync', 'acme-ldap', '--ldif', 'corp.ldif');
  expect([code, stderr]).toEqual([0, '']);
}

async function saysSaml(name: string): Promise<Browser> {
  const browser = server.browser();
  const said = { nameId: name, attributes: { Email: [`${name}@acme.example`], Groups: [group] } };
  expect((await browser.signIn(server, idp, 'acme-saml', said)).status).toBe(303);
  return browser;
}

const ORDERS = [
  'scim ldap saml',
  'scim saml ldap',
  'ldap scim saml',
  'ldap saml scim',
  'saml scim ldap',
  'saml ldap scim',
];

test('in whatever order SCIM, LDAP and SAML speak of somebody, they are one account with one role', async () => {
  const made = await scim('POST', 'Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: group,
  });
  scimGroup = String(made['id']);
  const people = ORDERS.map((order, nth) => ({ name: `person-${nth}`, order: order.split(' ') }));
  for (const turn of [0, 1, 2]) {
    const whose = (door: string): string[] => people.flatMap(({ name, order }) => (order[turn] === door ? [name] : []));
    for (const name of whose('scim')) await saysScim(name);
    await saysLdap(whose('ldap'));
    for (const name of whose('saml')) await saysSaml(name);
  }
  const told = (await server.rollcall('members', '--organization', 'acme', '--json')).json() as {
    members: { email: string; role: string; status: string; because: { source: string }[] }[];
  };
  const members = told.members.filter(({ email }) => email.startsWith('person-'));
  expect(new Set(members.map(({ email }) => email.split('@')[0]))).toEqual(new Set(people.map(({ name }) => name)));
  expect(members).toHaveLength(people.length);
  for (const { role, status, because } of members) {
    expect([role, status, because.map(({ source }) => source).sort()]).toEqual([
      'manager',
      'active',
      ['ldap', 'saml', 'scim'],
    ]);
  }
  expect((await server.rollcall('recompute', '--check')).code).toBe(0);
});

test('a SCIM deactivation ends the running session of a sign-in, and beats a valid assertion', async () => {
  const browser = await saysSaml('person-0');
  expect((await whoIsIn(browser))?.opens).toEqual(['acme']);
  const Operations = [{ op: 'replace', value: { active: false } }];
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  await scim('PATCH', `Users/${scimIds.get('person-0')}`, { schemas, Operations });
  expect(await whoIsIn(browser)).toBeNull();
  expect((await browser.get('/user')).headers.get('location')).toMatch(/^\/user\/login/);
  const said = { nameId: 'person-0', attributes: { Email: ['person-0@acme.example'], Groups: [group] } };
  const answer = await browser.signIn(server, idp, 'acme-saml', said);
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('olga@acme.example')]);
  expect(await whoIsIn(browser)).toBeNull();
});

test('who is in two organizations and comes through the provider of one is in that one alone', async () => {
  const both: Partial<Said> = { nameId: 'dora', attributes: { Email: ['dora@corp.example'], Groups: [group] } };
  const browser = server.browser();
  expect((await server.browser().signIn(server, betaIdp, 'beta-saml', both)).status).toBe(303);
  expect((await browser.signIn(server, idp, 'acme-saml', both)).status).toBe(303);
  const accounts = await server.db('accounts').where({ email_key: 'dora@corp.example' }).select('id');
  expect(accounts).toHaveLength(1);
  expect(await server.db('memberships').where({ account: accounts[0].id })).toHaveLength(2);

  expect((await whoIsIn(browser))?.opens).toEqual(['acme']);
  for (const path of ['', '/memberships']) {
    expect([path, (await browser.get(`/api/organizations/beta${path}`)).status]).toEqual([path, 404]);
  }
  const page = await (await browser.get('/user')).text();
  expect([page.includes('beta Inc'), page.includes('Sign in to another organization')]).toEqual([false, true]);
  // A further sign-in in the same browser adds what it opens.
  expect((await browser.signIn(server, betaIdp, 'beta-saml', both)).status).toBe(303);
  expect((await whoIsIn(browser))?.opens.toSorted()).toEqual(['acme', 'beta']);

  // And a logout at the one provider takes back what that one opened, though the session was another one then.
  const logout = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${server.url}/saml/acme-saml/logout"><saml:Issuer>${idp.entityId}</saml:Issuer><saml:NameID>dora</saml:NameID></samlp:LogoutRequest>`;
  const answer = await server.browser().get(`/saml/acme-saml/logout?${idp.query('SAMLRequest', logout)}`);
  expect(answer.status).toBe(302);
  expect((await whoIsIn(browser))?.opens).toEqual(['beta']);
});

test('what a provider opened ends with the session that it has there, and what another one opened goes on', async () => {
  const emil = { nameId: 'emil', attributes: { Email: ['emil@corp.example'], Groups: [group] } };
  const browser = server.browser();
  expect((await browser.signIn(server, betaIdp, 'beta-saml', emil)).status).toBe(303);
  const sessionUntil = new Date(Date.now() + 1500);
  expect((await browser.signIn(server, idp, 'acme-saml', { ...emil, sessionUntil })).status).toBe(303);
  expect((await whoIsIn(browser))?.opens.toSorted()).toEqual(['acme', 'beta']);
  await expect.poll(async () => (await whoIsIn(browser))?.opens, { timeout: 5000 }).toEqual(['beta']);
  const alone = server.browser();
  await alone.signIn(server, idp, 'acme-saml', { ...emil, sessionUntil: new Date(Date.now() + 800) });
  await expect.poll(async () => whoIsIn(alone), { timeout: 5000 }).toBeNull();
});

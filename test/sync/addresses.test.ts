// Addresses: an account is moved from one to another only by whoever may speak for both, nobody is given one that is
// somebody's, and a run goes on whatever a directory says of its mails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import { readExport } from '../../src/ldap/export.ts';
import { decide } from '../../src/organization/decide-conflict.ts';
import { findAccount } from '../../src/store/accounts.ts';
import { loadConflicts } from '../../src/store/conflicts.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { push } from '../../src/sync/push.ts';
import { recompute } from '../../src/sync/recompute.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, openTestStore } from '../support/store.ts';

const corp = 'corp' as ConnectionId;
const beta = 'beta-scim' as ConnectionId;
const trusted = 'beta-trusted' as ConnectionId;
let store: TestStore;
let folder = '';

/** Reads a directory of these people, each by id and mail, all in one group. */
async function read(people: Readonly<Record<string, string>>): Promise<void> {
  const uuid = (id: string): string => `11111111-1111-1111-1111-${id.padStart(12, '0')}`;
  const entries = Object.entries(people).map(
    ([id, mail]) =>
      `dn: uid=${id},dc=corp\nobjectClass: inetOrgPerson\nuid: ${id}\nmail: ${mail}\nentryUUID: ${uuid(id)}\n`,
  );
  const members = Object.keys(people).map((id) => `member: uid=${id},dc=corp\n`);
  const file = join(folder, 'export.ldif');
  const root = `dn: dc=corp\nobjectClass: domain\ndc: corp\nentryUUID: ${uuid('900')}\n`;
  const group = `dn: cn=all,dc=corp\nobjectClass: groupOfNames\ncn: all\nentryUUID: ${uuid('901')}\n${members.join('')}`;
  writeFileSync(file, [root, ...entries, group].join('\n'));
  const settings = ldapSettings.parse({
    url: 'ldap://localhost',
    users: { base: 'dc=corp', filter: '(objectClass=inetOrgPerson)' },
    groups: { base: 'dc=corp', filter: '(objectClass=groupOfNames)' },
  });
  const { sync } = store;
  await runDirectory(sync, readExport({ connection: corp, settings, file, at: sync.now() }), { preview: false });
  expect((await recompute(sync, () => undefined)).differences).toEqual([]);
}

async function betaSays(id: string, email: string, connection = beta): Promise<void> {
  const nothing = { groups: [], joins: [], leaves: [], peopleGone: [], groupsGone: [] };
  const attributes = { email, userName: id, firstName: null, lastName: null, locator: null };
  const people: PushReading['people'] = [{ externalId: id, active: true, attributes, groups: 'unknown' }];
  await push(store.sync, { kind: 'push', connection, at: store.sync.now(), ...nothing, people });
}

async function holds(email: string): Promise<boolean> {
  return (await findAccount(store.sync.db, email)) !== null;
}

async function conflicts(): Promise<string[]> {
  return (await loadConflicts(store.sync.db)).map(({ email, reason }) => `${email ?? ''} ${reason}`);
}

describe.each(DATABASES)('on %s', (database) => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-addresses-'));
    const organization = {
      roleAuthority: 'shared' as const,
      defaultRole: 'annotator' as const,
      seats: null,
      successor: null,
      projects: [],
    };
    const mapping = { groupBy: 'name' as const, workspace: null, project: null, projectRole: null };
    store = await openTestStore(
      {
        organizations: [
          {
            ...organization,
            id: 'acme' as OrganizationId,
            title: 'Acme',
            owner: 'olga@acme.example',
            domains: ['acme.example'],
          },
          {
            ...organization,
            id: 'beta' as OrganizationId,
            title: 'Beta',
            owner: 'bea@beta.example',
            domains: ['beta.example'],
          },
        ],
        connections: [
          { id: corp, kind: 'ldap', organization: null, state: null, lifecycle: true, trustEmail: 'any' },
          {
            id: beta,
            kind: 'scim',
            organization: 'beta' as OrganizationId,
            state: null,
            lifecycle: true,
            trustEmail: 'verified',
          },
          {
            id: trusted,
            kind: 'scim',
            organization: 'beta' as OrganizationId,
            state: null,
            lifecycle: true,
            trustEmail: 'any',
          },
        ],
        mappings: [
          {
            ...mapping,
            connection: corp,
            group: 'cn=all,dc=corp',
            groupKey: 'cn=all,dc=corp',
            organization: 'acme' as OrganizationId,
            role: 'administrator',
          },
        ],
      },
      { database },
    );
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('a directory', () => {
    test('that gives two people one new mail stops nobody: one has it, the other is a conflict', async () => {
      await read({ '1': 'anna@acme.example', '2': 'bert@acme.example', '3': 'cora@acme.example' });
      await read({ '1': 'shared@acme.example', '2': 'shared@acme.example', '3': 'cora@acme.example' });
      expect(await holds('shared@acme.example')).toBe(true);
      expect(await conflicts()).toEqual(['shared@acme.example address_taken']);
      await read({ '1': 'shared@acme.example', '2': 'bert@acme.example', '3': 'cora@acme.example' });
      expect(await holds('bert@acme.example')).toBe(true);
    });

    test('that gives a known person and a newcomer one mail stops nobody', async () => {
      await read({ '1': 'anna@acme.example' });
      await read({ '1': 'shared@acme.example', '2': 'shared@acme.example' });
      expect(await conflicts()).toEqual(['shared@acme.example address_shared']);
    });

    test('gives a newcomer the mail that somebody else gives up in the same read', async () => {
      await read({ '1': 'anna@acme.example' });
      const before = await findAccount(store.sync.db, 'anna@acme.example');
      await read({ '1': 'anna.b@acme.example', '2': 'anna@acme.example' });
      expect(await conflicts()).toEqual([]);
      const newcomer = await findAccount(store.sync.db, 'anna@acme.example');
      expect(newcomer?.id).not.toBe(before?.id);
      expect((await findAccount(store.sync.db, 'anna.b@acme.example'))?.id).toBe(before?.id);
    });

    test('clears a conflict by itself once the mail is free', async () => {
      await read({ '1': 'anna@acme.example' });
      await read({ '1': 'anna@acme.example', '2': 'anna@acme.example' });
      expect(await conflicts()).toHaveLength(1);
      await read({ '1': 'anna.b@acme.example', '2': 'anna@acme.example' });
      expect(await conflicts()).toEqual([]);
      expect(await holds('anna@acme.example')).toBe(true);
    });

    test('that names eleven new Administrators at once has them held once, and the store is in order', async () => {
      await read(Object.fromEntries(Array.from({ length: 11 }, (_, nth) => [`${nth}`, `p${nth}@acme.example`])));
      const rows: unknown[] = await store.sync.db('changes').where({ state: 'held' });
      expect(rows).toHaveLength(11);
    });
  });

  describe("an organization's own connection", () => {
    test('moves no account away from an address that it may not speak for', async () => {
      await read({ '1': 'carl@acme.example' });
      await betaSays('c', 'carl@acme.example');
      const [conflict] = await loadConflicts(store.sync.db);
      // A consultant of both: an operator linked them.
      await decide(store.sync, conflict!.id, 'linked');
      await betaSays('c', 'mallory@beta.example');
      expect(await holds('carl@acme.example')).toBe(true);
      expect(await holds('mallory@beta.example')).toBe(false);
      expect(await conflicts()).toEqual(['mallory@beta.example address_not_verified']);
    });

    test('that is trusted with any address takes over nobody of another organization by renaming them', async () => {
      await betaSays('o', 'olga@acme.example', trusted);
      await betaSays('o', 'mallory@elsewhere.example', trusted);
      expect(await holds('olga@acme.example')).toBe(true);
      expect(await conflicts()).toEqual(['mallory@elsewhere.example address_not_verified']);
      // Whoever is in no other organization is renamed at once.
      await betaSays('f', 'fred@elsewhere.example', trusted);
      await betaSays('f', 'fred.f@elsewhere.example', trusted);
      expect(await holds('fred.f@elsewhere.example')).toBe(true);
    });

    test('moves an account to no address that it may not speak for, and says so', async () => {
      await betaSays('d', 'dora@beta.example');
      await betaSays('d', 'olga@acme.example');
      expect(await holds('dora@beta.example')).toBe(true);
      expect(await conflicts()).toEqual(['olga@acme.example address_not_verified']);
      await betaSays('d', 'dora.d@beta.example');
      expect(await holds('dora.d@beta.example')).toBe(true);
      expect(await conflicts()).toEqual([]);
    });
  });

  test('a group that no mapping names keeps whom it is given, for the day on which one does', async () => {
    await betaSays('d', 'dora@beta.example');
    const nothing = { people: [], groups: [], leaves: [], peopleGone: [], groupsGone: [] };
    const group = { externalId: 'staff', name: 'Staff', nameKey: 'Staff', members: 'unknown' as const };
    const said = { kind: 'push' as const, connection: beta, at: store.sync.now(), ...nothing };
    await push(store.sync, { ...said, joins: [], groups: [group] });
    await push(store.sync, { ...said, joins: [{ group: 'staff', member: { kind: 'person', externalId: 'd' } }] });
    expect(await store.sync.db('links').where({ connection: beta })).toHaveLength(1);
  });
});

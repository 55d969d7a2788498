// Seats: what a preview shows of them is what the run does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import { readExport } from '../../src/ldap/export.ts';
import { rowsOfPlan } from '../../src/store/plans.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { recompute } from '../../src/sync/recompute.ts';
import { Directory } from '../support/directory.ts';
import type { TestStore } from '../support/store.ts';
import { DATABASES, declareAcme, openTestStore } from '../support/store.ts';

const corp = 'corp' as ConnectionId;
const settings = ldapSettings.parse({
  url: 'ldap://localhost',
  users: {
    base: 'ou=people,dc=corp,dc=example',
    filter: '(objectClass=inetOrgPerson)',
    disabled: { attribute: 'employeeType', values: ['left'] },
  },
  groups: { base: 'ou=groups,dc=corp,dc=example', filter: '(objectClass=groupOfNames)' },
});

describe.each(DATABASES)('on %s', (database) => {
  let store: TestStore;
  let folder = '';
  const directory = new Directory();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-seats-'));
    const declaration = declareAcme({ organization: { seats: 3, defaultRole: 'annotator' } });
    const [acme] = declaration.organizations;
    const connection = { id: corp, kind: 'ldap' as const, organization: acme!.id, state: null, lifecycle: true };
    const connections = [{ ...connection, trustEmail: 'any' as const }];
    store = await openTestStore({ ...declaration, connections }, { database });
    for (const name of ['anna', 'bert', 'cora', 'dora']) directory.person(name, `${name}@acme.example`);
    directory.group('all', ['anna']);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(preview: boolean): Promise<string[]> {
    const file = join(folder, 'export.ldif');
    writeFileSync(file, directory.ldif());
    const { sync } = store;
    const { ref } = await runDirectory(sync, readExport({ connection: corp, settings, file, at: sync.now() }), {
      preview,
    });
    const rows: string[] = [];
    for await (const { email, before, after } of rowsOfPlan(sync.db, ref.id, { target: 'organization' }))
      rows.push(`${email}: ${before?.status ?? '–'} → ${after?.status ?? '–'}`);
    expect((await recompute(sync, () => undefined)).differences).toEqual([]);
    return rows.sort();
  }

  test('a preview shows who gets the seat that it frees', async () => {
    // Olga has a seat, two of the four have the others.
    expect(await run(true)).toEqual(await run(false));
    const seated = directory.people.get('anna');
    if (seated !== undefined) seated.left = true;
    const shown = await run(true);
    expect(shown).toEqual(['anna@acme.example: active → deactivated', 'cora@acme.example: pending → active']);
    expect(await run(false)).toEqual(shown);
  });
});

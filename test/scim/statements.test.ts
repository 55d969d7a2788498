// A push costs the same whatever is stored besides: every statement that it asks finds its rows by an index. A scan, or
// an index entered by the connection alone, would look through a whole company for one person.
import { expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';

/** Tables that grow with people, groups and requests. */
const LARGE =
  /\b(accounts|external_people|external_groups|links|memberships|placements|person_grants|blocks|keeps|conflicts|runs|plans|changes|events|credentials|sessions|scim_resources|scim_values|scim_requests|brake_spent|tokens)\b/;

/** What a brake's window forgets when a new one starts is no more than a budget. */
const ONCE_A_WINDOW = /^delete from `brake_spent` where `connection` = \? and `organization` = \?$/;

test('no statement of a push or a look-up looks through a table', async () => {
  const door = await openDoor();
  try {
    const asked = await recordStatements(door.sync.db);
    await lifeOf(door);
    const slow: string[] = [];
    for (const text of asked) if (!ONCE_A_WINDOW.test(text)) slow.push(...(await scansOf(door.sync.db, text)));
    expect(asked.size).toBeGreaterThan(40);
    expect(slow).toEqual([]);
  } finally {
    await door.close();
  }
});

/** What a client does to people and groups in their life, with mapped groups and nested ones. */
async function lifeOf({ call, make }: Door): Promise<void> {
  const user = (name: string): { userName: string; externalId: string } => ({
    userName: `${name}@acme.example`,
    externalId: `ext-${name}`,
  });
  const patch = (path: string, ...Operations: object[]): Promise<unknown> =>
    call('PATCH', path, { Operations } as never);
  const anna = await make('/Users', user('anna'));
  const bert = await make('/Users', { userName: 'bert@acme.example' });
  const managers = await make('/Groups', { displayName: 'Managers', members: [{ value: anna }] });
  const inner = await make('/Groups', { displayName: 'Inner', members: [{ value: bert }] });
  await patch(`/Groups/${managers}`, { op: 'add', path: 'members', value: [{ value: inner }, { value: bert }] });
  await patch(`/Groups/${managers}`, { op: 'remove', path: `members[value eq "${bert}"]` });
  await patch(`/Groups/${inner}`, { op: 'replace', path: 'displayName', value: 'Annotators' });
  await call('PUT', `/Groups/${managers}`, { displayName: 'Managers', members: [{ value: bert }] });
  await patch(`/Users/${anna}`, { op: 'replace', path: 'name.givenName', value: 'Anna' });
  await patch(`/Users/${anna}`, { op: 'replace', path: 'userName', value: 'anna.b@acme.example' });
  await patch(`/Users/${anna}`, { op: 'replace', path: 'active', value: false });
  await patch(`/Users/${anna}`, { op: 'replace', path: 'active', value: true });
  await call('DELETE', `/Users/${anna}`);
  await make('/Users', user('anna'));
  await call('DELETE', `/Groups/${managers}`);
  await call('GET', `/Users?filter=${encodeURIComponent('userName eq "bert@acme.example"')}`);
  await call('GET', `/Users?filter=${encodeURIComponent('externalId eq "ext-anna"')}`);
  await call('GET', `/Groups?filter=${encodeURIComponent('displayName eq "Managers"')}&excludedAttributes=members`);
  await call('GET', `/Users/${bert}`);
}

async function recordStatements(db: Database): Promise<ReadonlySet<string>> {
  const asked = new Set<string>();
  const pool = db.client as {
    acquireConnection: () => Promise<Connection>;
    releaseConnection: (one: Connection) => void;
  };
  const connection = await pool.acquireConnection();
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (text) => {
    if (/^\s*(select|update|delete)\b/i.test(text)) asked.add(text);
    return prepare(text);
  };
  pool.releaseConnection(connection);
  return asked;
}

interface Connection {
  prepare: (text: string) => unknown;
}

/** The steps of the statement's plan that look through more than they need, each after the statement. */
async function scansOf(db: Database, text: string): Promise<string[]> {
  const values = (text.match(/\?/g) ?? []).map(() => '[]');
  const steps: { detail: string }[] = await db.raw(`EXPLAIN QUERY PLAN ${text}`, values);
  const names = new Map(
    [...text.matchAll(/\b(?:FROM|JOIN)\s+`?(\w+)`?\s+(?:AS\s+)?`?(\w+)`?/gi)].map(([, t, as]) => [as, t]),
  );
  return steps.flatMap(({ detail }) => {
    const [, how, name = ''] = /^(SCAN|SEARCH) (\w+)/.exec(detail) ?? [];
    const table = names.get(name) ?? name;
    const isLoose =
      (how === 'SCAN' && !detail.endsWith('INDEX plans_committing')) ||
      /\((connection|in_group|state|type|organization)=\?\)$/.test(detail);
    return isLoose && LARGE.test(table) ? [`${text.replaceAll(/\s+/g, ' ')}: ${detail}`] : [];
  });
}

// A push costs the same whatever is stored besides: every statement that it asks finds its rows by an index. A scan, or
// an index entered by the connection alone, would look through a whole company for one person.
import { expect, test } from 'vitest';
import { recordStatements, scansAmong } from '../support/statements.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';

/** What a brake's window forgets when a new one starts is no more than a budget. */
const ONCE_A_WINDOW = /^delete from `brake_spent` where `connection` = \? and `organization` = \?$/;

test('no statement of a push or a look-up looks through a table', async () => {
  const door = await openDoor();
  try {
    const asked = await recordStatements(door.sync.db);
    await lifeOf(door);
    expect(asked.size).toBeGreaterThan(40);
    expect(await scansAmong(door.sync.db, asked, [ONCE_A_WINDOW])).toEqual([]);
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

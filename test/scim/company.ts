// What tests of the door ask of the company behind it: its people, who is in a group, and what somebody is there.
import type { Door } from './door.ts';
import { ACME } from './door.ts';

/** Makes that many people, p0, p1 and so on; gives their ids. */
export async function people(door: Door, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, (_one, at) =>
      door.make('/Users', { userName: `p${at}@acme.example`, externalId: `e${at}` }),
    ),
  );
}

/** Role and status of whoever has that address. */
export async function standing(door: Door, email: string): Promise<string> {
  const row: { role: string; status: string } | undefined = await door.sync
    .db('memberships')
    .join('accounts', 'accounts.id', 'memberships.account')
    .where({ organization: ACME, email_key: email })
    .first('role', 'status');
  return row === undefined ? 'none' : `${row.role} ${row.status}`;
}

/** The ids of a group's members, in order. */
export async function members(door: Door, group: string): Promise<string[]> {
  const { body } = await door.call('GET', `/Groups/${group}`);
  return ((body['members'] ?? []) as unknown as { value: string }[]).map(({ value }) => value).sort();
}

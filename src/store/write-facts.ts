// Writing what a reading taught: people, groups and direct links of one connection.
import type { Group, Person } from '../core/fact.ts';
import { emailKey } from '../core/fact.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { FactChanges } from '../core/learn.ts';
import type { Row } from './bulk.ts';
import { among, insertMissing, putRows } from './bulk.ts';
import type { Database } from './database.ts';
import { inGroups } from './database.ts';

/** What is known of the people beside the facts, by external id; of whom nothing is said it stays as it was. */
export interface Beside {
  /** Where they stand in the source. */
  readonly containers: ReadonlyMap<string, string | null>;
  /** The accounts that they are joined to now. */
  readonly accounts: ReadonlyMap<string, AccountId>;
}

/** Writes what was learned at that time. */
export async function writeFacts(
  db: Database,
  connection: ConnectionId,
  changes: FactChanges,
  { containers, accounts }: Beside,
  at: Instant,
): Promise<void> {
  const key = ['connection', 'external_id'];
  const rows = changes.people.map((person) => {
    const [container, account] = [containers.get(person.externalId), accounts.get(person.externalId)];
    return {
      ...personToRow(person),
      ...(container === undefined ? {} : { container }),
      ...(account === undefined ? {} : { account, linked_at: at }),
    };
  });
  for (const alike of Map.groupBy(rows, (row) => Object.keys(row).join()).values()) {
    await putRows(db, 'external_people', key, alike);
  }
  await moveOthers(db, connection, changes, containers);
  for (const groups of inGroups(changes.groups, 2_000))
    await putRows(db, 'external_groups', key, groups.map(groupToRow));
  for (const links of inGroups(changes.unlinked, 200)) {
    await db('links')
      .where({ connection })
      .whereIn(
        ['member_kind', 'member', 'in_group'],
        links.map(({ group, member }) => [member.kind, member.externalId, group]),
      )
      .delete();
  }
  const linked = changes.linked.map(({ group, member, since }) => ({
    connection,
    member_kind: member.kind,
    member: member.externalId,
    in_group: group,
    since,
  }));
  await insertMissing(db, 'links', linked);
}

/** People of whom nothing else changed than where they stand. */
async function moveOthers(
  db: Database,
  connection: ConnectionId,
  { people }: FactChanges,
  containers: ReadonlyMap<string, string | null>,
): Promise<void> {
  const written = new Set(people.map(({ externalId }) => externalId));
  const others = [...containers].filter(([externalId]) => !written.has(externalId));
  for (const [container, list] of Map.groupBy(others, ([, where]) => where)) {
    const ids = list.map(([externalId]) => externalId);
    await db('external_people')
      .where({ connection })
      .where(among(db, 'external_id', ids))
      .update({ container });
  }
}

function personToRow(person: Person): Row {
  const { email, userName, firstName, lastName, locator } = person.attributes;
  return {
    connection: person.connection,
    external_id: person.externalId,
    present: person.present ? 1 : 0,
    present_since: person.presentSince,
    active: person.active ? 1 : 0,
    active_since: person.activeSince,
    email,
    email_key: email === null ? null : emailKey(email),
    user_name: userName,
    first_name: firstName,
    last_name: lastName,
    locator,
    missed: 0,
  };
}

function groupToRow({ connection, externalId, name, nameKey, present, since }: Group): Row {
  return { connection, external_id: externalId, name, name_key: nameKey, present: present ? 1 : 0, since, missed: 0 };
}

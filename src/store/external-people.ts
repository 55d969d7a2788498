// External people by account, by address and by group: whose they are, and who is still nobody's.
import { emailKey, foldsPlainly } from '../core/fact.ts';
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import { changeRows } from './bulk.ts';
import type { Database } from './database.ts';
import { inGroups, ROWS_PER_STATEMENT } from './database.ts';
import type { PersonRow, StoredPerson } from './facts.ts';
import { PERSON, personFromRow } from './facts.ts';
import { oneOf, rowsOf } from './statement.ts';

/** Joins external people to accounts; a link once made is never undone by a reading. */
export async function linkPeople(
  db: Database,
  links: readonly { readonly connection: ConnectionId; readonly externalId: string; readonly account: AccountId }[],
  at: Instant,
): Promise<void> {
  await changeRows(
    db,
    'external_people',
    ['connection', 'external_id'],
    links.map(({ connection, externalId, account }) => ({
      connection,
      external_id: externalId,
      account,
      linked_at: at,
    })),
  );
}

/** External ids of the connection that were ever linked, by account. */
export async function linkedIds(
  db: Database,
  connection: ConnectionId,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, string[]>> {
  const found = new Map<AccountId, string[]>();
  if (accounts.length === 0) return found;
  const rows = await rowsOf<{ account: AccountId; external_id: string }>(
    db,
    `SELECT account, external_id FROM external_people WHERE connection = ? AND ${oneOf(db, 'account')}`,
    [connection, accounts],
  );
  for (const row of rows) found.set(row.account, [...(found.get(row.account) ?? []), row.external_id]);
  return found;
}

/** People of any connection who carry one of these addresses and have no account yet. */
export async function unlinkedByEmail(db: Database, keys: readonly string[]): Promise<StoredPerson[]> {
  if (keys.length === 0) return [];
  const rows = await rowsOf<PersonRow>(
    db,
    `SELECT ${PERSON} FROM external_people WHERE ${oneOf(db, 'email_key')} AND account IS NULL AND present = 1`,
    [keys],
  );
  return rows.map(personFromRow);
}

/** Accounts of the people who are directly in one of these groups. */
export async function accountsInGroups(
  db: Database,
  connection: ConnectionId,
  groups: readonly string[],
): Promise<AccountId[]> {
  const found = new Set<AccountId>();
  for (const ids of inGroups(groups)) {
    const rows: { account: AccountId }[] = await db('links')
      .join('external_people', (join) => {
        join.on('external_people.connection', 'links.connection').andOn('external_people.external_id', 'links.member');
      })
      .where({ 'links.connection': connection, 'links.member_kind': 'person' })
      .whereIn('links.in_group', [...ids])
      .whereNotNull('external_people.account')
      .distinct('external_people.account');
    for (const { account } of rows) found.add(account);
  }
  return [...found];
}

export interface PresentPerson {
  readonly externalId: string;
  /** Null: nobody's yet. */
  readonly account: AccountId | null;
}

interface PresentRow {
  external_id: string;
  account: AccountId | null;
}

function presentFromRow({ external_id: externalId, account }: PresentRow): PresentPerson {
  return { externalId, account };
}

/** Present people by external id, some at a time; with `groups`, only those directly in one of them. */
export async function* presentPeople(
  db: Database,
  connection: ConnectionId,
  groups?: readonly string[],
): AsyncGenerator<readonly PresentPerson[]> {
  if (groups === undefined) yield* everybody(db, connection);
  else yield* inGroups(await membersOf(db, connection, groups));
}

async function* everybody(db: Database, connection: ConnectionId): AsyncGenerator<PresentPerson[]> {
  for (let after = ''; ; ) {
    const rows = await rowsOf<PresentRow>(
      db,
      `SELECT external_id, account FROM external_people WHERE connection = ? AND external_id > ? AND present = 1
       ORDER BY external_id LIMIT ?`,
      [connection, after, ROWS_PER_STATEMENT],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(presentFromRow);
    after = last.external_id;
  }
}

/** All at once: a page of them would cost as much as all. */
async function membersOf(db: Database, connection: ConnectionId, groups: readonly string[]): Promise<PresentPerson[]> {
  const rows = await rowsOf<PresentRow>(
    db,
    `SELECT external_id, account FROM external_people WHERE connection = ? AND present = 1 AND external_id IN
       (SELECT member FROM links WHERE connection = ? AND member_kind = 'person' AND ${oneOf(db, 'in_group')})`,
    [connection, connection, groups],
  );
  return rows.map(presentFromRow).sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
}

/** The account of one external person, if they are linked to one. */
export async function linkedAccount(
  db: Database,
  connection: ConnectionId,
  externalId: string,
): Promise<AccountId | null> {
  const row: { account: AccountId | null } | undefined = await db('external_people')
    .where({ connection, external_id: externalId })
    .first('account');
  return row?.account ?? null;
}

/** How a sign-in's subject is found among the people of the directories. */
export type MatchField = 'userName' | 'email' | 'id';

/** People of these connections with that name, address or id, those who were let go too. */
export async function peopleMatching(
  db: Database,
  connections: readonly ConnectionId[],
  field: MatchField,
  value: string,
): Promise<StoredPerson[]> {
  const query = db('external_people').whereIn('connection', [...connections]);
  switch (field) {
    case 'id':
      void query.where({ external_id: value });
      break;
    case 'email':
      void query.where({ email_key: emailKey(value) });
      break;
    case 'userName':
      // User names compare without case (RFC 7643); the database folds both, since each folds in its own way.
      void query.whereRaw('lower(user_name) = lower(?)', [value]);
      break;
  }
  const rows: PersonRow[] = await query.orderBy(['connection', 'external_id']).limit(10);
  const people = rows.map(personFromRow);
  // Some databases fold more letters than others: what only folds into the name is not the name.
  return field === 'userName' ? people.filter(({ attributes }) => foldsPlainly(attributes.userName ?? '')) : people;
}

/** Accounts of the people of these connections who have one of the names, by the name in lower case. */
export async function linkedByUserName(
  db: Database,
  connections: readonly ConnectionId[],
  names: readonly string[],
): Promise<ReadonlyMap<string, AccountId[]>> {
  const found = new Map<string, Set<AccountId>>();
  for (const group of inGroups(names)) {
    const rows: { user_name: string; account: AccountId }[] = await db('external_people')
      .whereIn('connection', [...connections])
      .whereRaw(`lower(user_name) IN (${group.map(() => 'lower(?)').join(', ')})`, [...group])
      .whereNotNull('account')
      .select('user_name', 'account');
    for (const { user_name: name, account } of rows.filter((row) => foldsPlainly(row.user_name))) {
      const key = name.toLowerCase();
      found.set(key, (found.get(key) ?? new Set()).add(account));
    }
  }
  return new Map([...found].map(([name, accounts]) => [name, [...accounts]]));
}
